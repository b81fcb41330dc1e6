import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { readBeginning } from "../base/bounded-file.ts";
import type { ShutdownDiary, ShutdownTimes } from "../pod/shutdown.ts";
import { formatMicroTime, parseTime } from "../pod/time.ts";
import { doing } from "./failure.ts";

/** The kubelet's name for it, and its two members (node.md 5.4). */
const FILE = "graceful_node_shutdown_state";
/** Two times need less. @limit A longer file counts as damaged: no times are told. */
const LARGEST_BYTES = 4096;

/** The diary of a root directory; what cannot be read is an empty one. */
export async function openShutdownDiary(rootDir: string): Promise<ShutdownDiary> {
  const path = join(rootDir, FILE);
  const text = await readBeginning(path, LARGEST_BYTES).catch(() => "");
  return {
    last: decode(text),
    keep: (times) =>
      doing("keep the times of the host's shutdown", "FileFailed", NEVER, async () => {
        const next = `${path}.next`;
        {
          await using file = await open(next, "w", 0o600);
          await file.writeFile(encode(times));
          await file.sync();
        }
        await rename(next, path);
      }),
  };
}

const encode = ({ startWallMs, endWallMs }: ShutdownTimes): string =>
  JSON.stringify({
    startTime: formatMicroTime(startWallMs),
    ...(endWallMs === undefined ? {} : { endTime: formatMicroTime(endWallMs) }),
  });

function decode(text: string): ShutdownTimes | undefined {
  try {
    const { startTime, endTime } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const [startWallMs, endWallMs] = [startTime, endTime].map((time) => parseTime(String(time)));
    if (startWallMs === undefined) return undefined;
    return { startWallMs, ...(endWallMs === undefined ? {} : { endWallMs }) };
  } catch {
    return undefined;
  }
}

const NEVER = new AbortController().signal;
