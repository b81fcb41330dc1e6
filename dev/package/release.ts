import { join } from "node:path";
import packageFile from "../../package.json" with { type: "json" };
import { checkout } from "../paths.ts";
import { runCommand, tryCommand } from "../run-command.ts";

/** What is built: for which machines, as which version, and the one time that everything in it carries. */
export type Release = {
  readonly version: string;
  readonly architecture: Architecture;
  /** Who answers for the package, as `Name <mail@address>`. */
  readonly maintainer: string;
  /** Seconds since the epoch. */
  readonly madeSeconds: number;
};

/** Architectures by Debian's name, with Node.js's. */
export const ARCHITECTURES = { amd64: "x64", arm64: "arm64" } as const;
export type Architecture = keyof typeof ARCHITECTURES;

/** The domain is that of Berth's annotations; whoever passes packages on puts a name of their own here, by MAINTAINER. */
const USUAL_MAINTAINER = "Berth maintainers <maintainers@berth.dev>";

/** Where built packages lie. */
export const packagesFolder = join(checkout, "dist/packages");

/** The architecture of this machine. Throws where Berth has no runtime for it. */
export function ownArchitecture(): Architecture {
  const [found] = Object.entries(ARCHITECTURES).find(([, node]) => node === process.arch) ?? [];
  if (found === undefined) throw new Error(`no pinned Node.js for ${process.arch}`);
  return found as Architecture;
}

/** The architectures that `ARCH` asks for: one, or several with commas; without it, `usual`. */
export function wantedArchitectures(usual: readonly Architecture[]): readonly Architecture[] {
  const written = process.env.ARCH;
  if (written === undefined || written === "") return usual;
  const words = written.split(",");
  const unknown = words.find((word) => !Object.hasOwn(ARCHITECTURES, word));
  if (unknown !== undefined) throw new Error(`ARCH=${unknown}: there are ${Object.keys(ARCHITECTURES).join(", ")}`);
  return words as Architecture[];
}

/**
 * The release for one architecture. Its time is SOURCE_DATE_EPOCH, else that of the last commit, so that two builds of one
 * commit are equal; VERSION overrides the version of package.json, for tests of upgrades, and MAINTAINER who answers for it.
 */
export async function releaseFor(architecture: Architecture): Promise<Release> {
  const { VERSION, MAINTAINER } = process.env;
  return {
    version: VERSION || packageFile.version,
    architecture,
    maintainer: MAINTAINER || USUAL_MAINTAINER,
    madeSeconds: await madeSeconds(),
  };
}

async function madeSeconds(): Promise<number> {
  const written = process.env.SOURCE_DATE_EPOCH;
  if (written !== undefined && /^\d+$/.test(written)) return Number(written);
  const commit = await tryCommand("git", ["-C", checkout, "log", "-1", "--format=%ct"]);
  if (commit.code === 0 && /^\d+\s*$/.test(commit.stdout)) return Number(commit.stdout);
  // An unpacked release archive has no history; the day of its change log is as good a time.
  const logged = await runCommand("stat", ["-c", "%Y", join(checkout, "CHANGELOG.md")]);
  return Number(logged);
}
