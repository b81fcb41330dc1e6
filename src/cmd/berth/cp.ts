import { stat } from "node:fs/promises";
import { basename, join, posix, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { STREAM_PROTOCOL } from "../../serve/frames.ts";
import type { ReadMember } from "../archive/read-tar.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { withProgress } from "./progress.ts";
import { converse, type Ends } from "./session.ts";
import { CommandFailure, unreadable, usageFailure } from "./terminal.ts";
import { writeAll } from "./write-all.ts";

export const cp: Command = {
  usage: "POD:PATH PATH | PATH POD:PATH",
  help: "Copy files and directories out of a container or into it, with the container's tar.",
  flags: ["namespace", "container"],
  examples: ["berth cp web:/etc/nginx.conf .", "berth cp ./site web:/usr/share/nginx/html -c nginx"],
  async run(call) {
    const [from, to, ...more] = call.words;
    if (from === undefined || to === undefined || more.length > 0) throw usageFailure("cp takes a source and a goal");
    const [source, goal] = [readPlace(call, from), readPlace(call, to)];
    if (source.kind === "inPod" && goal.kind === "here") await download(call, source, goal.path);
    else if (source.kind === "here" && goal.kind === "inPod") await upload(call, source.path, goal);
    else throw usageFailure("one of both is POD:PATH, the other a path on this host");
    return 0;
  },
};

type InPod = { readonly kind: "inPod"; readonly execPath: string; readonly path: string };
type Place = InPod | { readonly kind: "here"; readonly path: string };

/** `POD:PATH` or `NAMESPACE/POD:PATH`; a path on this host that has a colon is written with a slash before it. */
function readPlace(call: Call, written: string): Place {
  const [, namespace, pod, path] = /^(?:([^/:.][^/:]*)\/)?([^/:.][^/:]*):(.*)$/.exec(written) ?? [];
  if (pod === undefined || path === undefined) return { kind: "here", path: resolve(written) };
  if (path === "") throw usageFailure(`${written}: which path in the container?`);
  const space = namespace ?? namespaceOf(call) ?? "default";
  return { kind: "inPod", execPath: `${podPath(space, podName(pod))}/exec`, path };
}

/** A directory as the goal gets the source into it; anything else is the copy's own name. */
async function download(call: Call, source: InPod, written: string): Promise<void> {
  const name = posix.basename(posix.normalize(source.path));
  const folder = posix.dirname(posix.normalize(source.path));
  const isDirectory = (await stat(written).catch(() => undefined))?.isDirectory() ?? false;
  const goal = isDirectory && !["", ".", "/"].includes(name) ? join(written, name) : written;
  const { extractTo } = await import("../archive/extract.ts");
  const pipe = new PassThrough();
  let bytes = 0;
  const stdout = async (chunk: Uint8Array): Promise<void> => {
    bytes += chunk.length;
    await writeAll(pipe, chunk);
  };
  const leftOut: { readonly path: string; readonly what: string }[] = [];
  const stop = new AbortController();
  const told = remote(call, source, ["tar", "-cf", "-", "-C", folder, `./${name}`], { stdout }, stop.signal).finally(
    () => pipe.end(),
  );
  const leaveOut = (path: string, kind: ReadMember["kind"]): unknown =>
    leftOut.push({ path, what: WORDS[kind] ?? kind });
  const extracted = extractTo(pipe, name, goal, leaveOut).catch((error: unknown) => {
    stop.abort();
    pipe.destroy();
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  });
  const words = (): string => `copying ${source.path} from the container, ${sizeText(bytes)}`;
  const [ended, files] = await withProgress(call.terminal, words, Promise.allSettled([told, extracted]));
  // an archive that breaks off is only the sign of what the container's tar says
  if (ended.status === "rejected" && !stop.signal.aborted) throw ended.reason;
  if (files.status === "rejected") throw files.reason;
  const whole = leftOut.find(({ path }) => posix.normalize(path) === name);
  if (whole !== undefined) throw new CommandFailure(`nothing was copied: ${source.path} is ${whole.what}`);
  for (const { path, what } of leftOut) await call.terminal.err.write(`left out: ${path} (${what})\n`);
}

const WORDS: Partial<Record<ReadMember["kind"], string>> = {
  symbolicLink: "a symbolic link",
  other: "neither file nor directory",
};

async function upload(call: Call, source: string, goal: InPod): Promise<void> {
  await stat(source).catch((error: Error) => {
    throw unreadable(source, error);
  });
  const path = (await isDirectoryInPod(call, goal)) ? posix.join(goal.path, basename(source)) : goal.path;
  await assertFolderInPod(call, { ...goal, path: posix.dirname(path) });
  const { archiveOf } = await import("../archive/write-tar.ts");
  const leftOut: string[] = [];
  let bytes = 0;
  let failure: unknown;
  const counted = async function* () {
    try {
      for await (const chunk of archiveOf(source, posix.basename(path), (each) => leftOut.push(each))) {
        bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      failure = error; // the container's tar only sees that its input ends too soon
    }
  };
  const command = ["tar", "-xmf", "-", "-C", posix.dirname(path)];
  const words = (): string => `copying ${source} into the container, ${sizeText(bytes)}`;
  const sent = remote(call, goal, command, { stdin: counted(), stdout: () => {} });
  await withProgress(call.terminal, words, sent).catch((error: unknown) => {
    failure ??= error;
  });
  if (failure instanceof CommandFailure) throw failure;
  if (failure !== undefined) throw new CommandFailure(failure instanceof Error ? failure.message : String(failure));
  for (const each of leftOut) await call.terminal.err.write(`left out: ${each} (no file)\n`);
}

async function isDirectoryInPod(call: Call, goal: InPod): Promise<boolean> {
  return goal.path.endsWith("/") || (await testDirectory(call, goal)) === 0;
}

/** Told before anything is sent: containerd may never say that a program ended which has not read its input to the end. */
async function assertFolderInPod(call: Call, goal: InPod): Promise<void> {
  if ((await testDirectory(call, goal)) === 1)
    throw new CommandFailure(`there is no directory ${goal.path} in the container`);
}

/** The exit code of `test -d`; undefined where the container has no such program. */
async function testDirectory(call: Call, { execPath, path }: InPod): Promise<number | undefined> {
  const query = { container: call.value("container"), command: ["test", "-d", path] };
  const session = await call.client.upgrade(execPath, query, STREAM_PROTOCOL);
  const result = await converse(session, { stdout: () => {}, stderr: () => {} }, call.terminal.signal);
  return result.kind === "exited" ? result.exitCode : undefined;
}

/** Runs a command in the container. Throws what it says when it fails. */
async function remote(
  call: Call,
  { execPath }: InPod,
  command: readonly string[],
  ends: Omit<Ends, "stderr">,
  stop?: AbortSignal,
): Promise<void> {
  const query = { container: call.value("container"), command, stdin: ends.stdin !== undefined };
  const session = await call.client.upgrade(execPath, query, STREAM_PROTOCOL);
  let complaint = "";
  const stderr = (chunk: Uint8Array): void => {
    complaint = (complaint + Buffer.from(chunk).toString()).slice(-LONGEST_COMPLAINT);
  };
  const { signal } = call.terminal;
  const result = await converse(session, { ...ends, stderr }, stop ? AbortSignal.any([signal, stop]) : signal);
  if (result.kind === "exited" && result.exitCode === 0) return;
  const said = complaint.trim() || (result.kind === "failed" ? result.message : `tar ended with ${result.exitCode}`);
  const hint = /executable file not found|no such file or directory.*tar/i.test(said)
    ? "; cp needs a tar in the container"
    : "";
  throw new CommandFailure(`${said}${hint}`);
}

const LONGEST_COMPLAINT = 2000;

function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
