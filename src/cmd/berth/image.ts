import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { askAbout } from "./about.ts";
import type { Call, Command } from "./command.ts";
import { withProgress } from "./progress.ts";
import { CommandFailure, unreadable, usageFailure } from "./terminal.ts";

export const image: Command = {
  usage: "load FILE",
  help: "Bring an image archive (OCI or docker save; - is standard input) into containerd, with its own tool ctr.",
  flags: ["runtime-endpoint", "ctr"],
  examples: ["berth image load web.tar", "docker save web:1 | berth image load -"],
  async run(call) {
    const [verb, file, ...more] = call.words;
    if (verb !== "load" || file === undefined || more.length > 0) throw usageFailure("image load FILE");
    if (file !== "-") {
      await stat(file).catch((error: Error) => {
        throw unreadable(file, error);
      });
    }
    const endpoint = call.value("runtime-endpoint") ?? (await askAbout(call)).imageServiceEndpoint;
    const source = file === "-" ? call.terminal.in : createReadStream(file);
    const names = await importArchive(await ctrOf(call), endpoint, source, call);
    await call.terminal.out.write(names.map((name) => `loaded ${name}\n`).join(""));
    if (names.length === 0) await call.terminal.err.write("Loaded; containerd had images of these names before.\n");
    return 0;
  },
};

/** Where distributions and containerd's own releases put it. */
const USUAL_PLACES = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin", "/opt/containerd/bin", "/snap/bin"];

/** CRI can pull images and not import them; containerd brings a tool that can. Throws CommandFailure when it is nowhere. */
export async function ctrOf(call: Call): Promise<string> {
  const named = call.value("ctr");
  const places = [...(call.terminal.environment.PATH ?? "").split(":").filter(Boolean), ...USUAL_PLACES];
  for (const path of named === undefined ? places.map((place) => join(place, "ctr")) : [named]) {
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new CommandFailure(
    `there is no ${named ?? "ctr in PATH or where containerd is usually installed"}: it comes with containerd; name its place with --ctr. For CRI-O: skopeo copy oci-archive:FILE containers-storage:NAME`,
  );
}

/**
 * Imports an archive into the namespace that CRI uses, which unpacks it with its own snapshotter when a container first needs
 * it. Answers the names that are new. Throws CommandFailure.
 */
export async function importArchive(ctr: string, endpoint: string, source: Readable, call: Call): Promise<string[]> {
  const images = ["--address", endpoint.replace(/^unix:\/\//, ""), "--namespace", "k8s.io", "images"];
  const names = async (): Promise<string[]> =>
    (await runCtr(call, ctr, [...images, "ls", "-q"]))
      .split("\n")
      .filter((name) => name !== "" && !/^sha256:/.test(name));
  const before = new Set(await names());
  await runCtr(call, ctr, [...images, "import", "--no-unpack", "-"], source);
  return (await names()).filter((name) => !before.has(name));
}

async function runCtr(call: Call, ctr: string, args: readonly string[], input?: Readable): Promise<string> {
  const child = spawn(ctr, args, { stdio: ["pipe", "pipe", "pipe"], signal: call.terminal.signal });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err = (err + chunk.toString()).slice(-LONGEST_COMPLAINT);
  });
  const ended = once(child, "close").catch((error: Error) => {
    throw new CommandFailure(`${ctr}: ${error.message}`);
  });
  // a ctr that gives up early says why; that its input broke off then is no news
  const sent = input === undefined ? child.stdin.end() : pipeline(input, child.stdin).catch(() => undefined);
  const words = (): string => "importing the image into containerd";
  const [[code]] = (await withProgress(call.terminal, words, Promise.all([ended, sent]))) as [[number | null], unknown];
  if (code === 0) return out;
  throw new CommandFailure(`ctr failed: ${err.trim() || `exit code ${code}`}`);
}

const LONGEST_COMPLAINT = 4000;
