import { basename } from "node:path";
import type { CompiledFile } from "../../manifest/compile.ts";
import { type About, askAbout } from "./about.ts";
import type { Call } from "./command.ts";
import { type Compile, type DocumentName, namesOf, refuseBroken, withCompiler } from "./compiled.ts";
import { type HeldFile, readDirectory } from "./manifest-directory.ts";
import { filesOf, readBytes } from "./manifest-files.ts";
import { placeDocuments } from "./placement.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

/** What one file would be in the manifest directory. */
export type Proposal = {
  /** As the command line named it. */
  readonly source: string;
  /** Where it goes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Compiled as at that place. */
  readonly compiled: CompiledFile;
  /** What stands there now. */
  readonly before: HeldFile | undefined;
  readonly gone: readonly DocumentName[];
};

export type Proposals = {
  readonly about: About;
  readonly proposals: readonly Proposal[];
  readonly files: readonly HeldFile[];
};

/** Reads and checks all files of `-f` and finds their places. Throws CommandFailure before anything is changed. */
export async function readProposals(call: Call): Promise<Proposals> {
  const written = call.values("filename");
  if (written.length === 0) throw usageFailure("which file? -f FILE, a directory, or - for standard input");
  if (call.words.length > 0) throw usageFailure(`what is ${call.words[0]}? files are given with -f`);
  const about = await askAbout(call);
  const settings = { ...about, nowMs: call.terminal.now() };
  return withCompiler(settings, async (compile) => {
    const files = await readDirectory(about.staticPodPath, compile);
    const proposals: Proposal[] = [];
    for (const source of (await Promise.all(written.map(filesOf))).flat()) {
      proposals.push(await propose(call, about, source, files, compile));
    }
    const twice = proposals.find(({ path }, at) => proposals.findIndex((other) => other.path === path) !== at);
    if (twice !== undefined) throw new CommandFailure(`more than one of the files would become ${twice.path}`);
    return { about, proposals, files };
  });
}

async function propose(
  call: Call,
  about: About,
  source: string,
  files: readonly HeldFile[],
  compile: Compile,
): Promise<Proposal> {
  const bytes = await readBytes(call, source);
  const checked = await compile(source, bytes);
  refuseBroken(checked);
  const names = namesOf(checked);
  if (names.length === 0) throw new CommandFailure(`${source}: there is no document in it`);
  const fileName = fileNameOf(source, names);
  const placement = placeDocuments(about.staticPodPath, { fileName, names }, files, call.has("prune"));
  if ("refusal" in placement) throw new CommandFailure(placement.refusal);
  const { path, gone } = placement;
  const before = files.find((file) => file.path === path);
  return { source, path, bytes, compiled: await compile(path, bytes), before, gone };
}

/** What standard input holds is called after its first document. */
function fileNameOf(source: string, [first = ""]: readonly DocumentName[]): string {
  if (source === "-")
    return `${first
      .replace(/^pod\//, "")
      .replace(/^default\//, "")
      .replaceAll("/", "-")}.yaml`;
  const name = basename(source).replace(/^\.+/, "");
  return /\.(?:ya?ml|json)$/.test(name) ? name : `${name}.yaml`;
}
