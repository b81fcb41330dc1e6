import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { findTail } from "../base/file-tail.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { LONGEST_LOG_HEAD_BYTES, parseLogHead } from "../pod/log-line.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import type * as v1 from "../pod/v1.ts";
import { ifThere } from "./failure.ts";
import { logFile, type Places, terminationLog } from "./layout.ts";

/** Bytes of a termination log (cri-mapping 4.2). @limit Only the end is read. */
const FILE_BYTES = 4096;
/** Lines of a log that stand in for a termination log. @limit Only the last ones are read. */
const LOG_LINES = 80;
/** Bytes of those lines. @limit Only the end is kept. */
const LOG_BYTES = 2048;
/** Bytes in which those lines are looked for, far more than 80 of the greatest length. @limit What begins before is left out. */
const FARTHEST_LOG_BYTES = 2 * 1024 * 1024;

/** What an exited instance left behind: the end of its termination log, or of its log where the policy says so (4.2). */
export async function readMessage(places: Places, pod: DesiredPod, container: ObservedContainer): Promise<string> {
  const spec = pod.containers.find(({ name }) => name === container.name)?.spec;
  try {
    const left = spec?.terminationMessagePath ? await readTerminationLog(places, pod, container) : "";
    if (left !== "" || !fallsBack(spec, container)) return left;
    return await readLogEnd(logFile(places, pod, container.name, container.attempt));
  } catch (error) {
    // The reason is worth showing where the message would stand (4.2, step 3).
    return `Error on reading termination message: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function fallsBack(spec: v1.Container | undefined, container: ObservedContainer): boolean {
  return (
    spec?.terminationMessagePolicy === "FallbackToLogsOnError" &&
    container.exitCode !== 0 &&
    container.reason !== "ContainerCannotRun"
  );
}

async function readTerminationLog(places: Places, pod: DesiredPod, container: ObservedContainer): Promise<string> {
  const path = terminationLog(places, pod.uid, container.name, container.attempt);
  return readEnd(
    path,
    async (_, size) => Math.max(0, size - FILE_BYTES),
    (bytes) => bytes.toString(),
  );
}

async function readLogEnd(path: string): Promise<string> {
  return readEnd(
    path,
    (file, size) => findTail(file, size, LOG_LINES, FARTHEST_LOG_BYTES),
    (bytes) => contentOf(bytes).subarray(-LOG_BYTES).toString(),
  );
}

async function readEnd(
  path: string,
  findBegin: (file: FileHandle, size: number) => Promise<number>,
  show: (bytes: Buffer) => string,
): Promise<string> {
  const file = await ifThere(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const begin = await findBegin(file, size);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - begin), 0, size - begin, begin);
    return show(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Log lines without their heads; what is not of the format is left out. */
function contentOf(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, begin);
    const end = newline < 0 ? bytes.length : newline + 1;
    const piece = lineContent(bytes.subarray(begin, end));
    if (piece !== undefined) pieces.push(piece);
    begin = end;
  }
  return Buffer.concat(pieces);
}

function lineContent(line: Buffer): Buffer | undefined {
  const text = line.toString("latin1", 0, Math.min(line.length, LONGEST_LOG_HEAD_BYTES));
  const length = /^(?:[^ ]* ){3}/.exec(text)?.[0].length;
  const head = length === undefined ? undefined : parseLogHead(text.slice(0, length));
  if (head === undefined) return undefined;
  const content = line.subarray(length);
  return head.partial && content.at(-1) === 0x0a ? content.subarray(0, -1) : content;
}
