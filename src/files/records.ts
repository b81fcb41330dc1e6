import { constants } from "node:fs";
import { mkdir, open, readdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { makeGate } from "../base/gate.ts";
import type { Problem } from "../pod/problem.ts";
import type { LoadedRecords, StoredPod } from "../ports.ts";
import { ifThere, systemCode } from "./failure.ts";
import { type Places, podsDir, recordFile } from "./layout.ts";
import { decodeRecord } from "./record-shape.ts";

/** Bytes of the record of a pod: its manifest in JSON, and little more. @limit It is not written, or not read: a problem. */
const LARGEST_RECORD_BYTES = 24 * 1024 * 1024;
/** Records that are read, or written, at the same time; each has a file open. @limit The next one waits. */
const AT_ONCE = 16;

/** Names of homes: UIDs of static pods and those that an API server gives. Nothing else is ever taken for a pod's home. */
const UID = /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Every record under the root directory (D1, D8). A damaged one is a problem and costs nothing else. */
export async function loadRecords(places: Places, signal: AbortSignal): Promise<LoadedRecords> {
  const pods: StoredPod[] = [];
  const problems: Problem[] = [];
  const unrecorded: string[] = [];
  const uids = ((await ifThere(readdir(podsDir(places)))) ?? []).sort();
  const loadNext = async (): Promise<void> => {
    for (let uid = uids.pop(); uid !== undefined; uid = uids.pop()) {
      signal.throwIfAborted();
      const loaded = await loadOne(recordFile(places, uid), uid);
      if (loaded.kind === "stored") pods.push(loaded.pod);
      if (loaded.kind === "torn") problems.push(loaded.problem);
      if (loaded.kind !== "stored" && loaded.isHome && UID.test(uid)) unrecorded.push(uid);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loadNext));
  return { pods: pods.sort((a, b) => (a.uid < b.uid ? -1 : 1)), problems, unrecorded: unrecorded.sort() };
}

/** `isHome`: a directory whose record is surely of no use; one that cannot be read may be readable tomorrow. */
type Loaded =
  | { readonly kind: "stored"; readonly pod: StoredPod }
  | { readonly kind: "torn"; readonly problem: Problem; readonly isHome: boolean }
  | { readonly kind: "none"; readonly isHome: boolean };

async function loadOne(path: string, uid: string): Promise<Loaded> {
  try {
    const text = await readBounded(path);
    if (text === undefined) return { kind: "none", isHome: true };
    const decoded = decodeRecord(text, uid);
    return typeof decoded === "string" ? torn(path, decoded, true) : { kind: "stored", pod: decoded };
  } catch (error) {
    // Something else than a pod's directory lies among them; it has no record.
    if (systemCode(error) === "ENOTDIR") return { kind: "none", isHome: false };
    return torn(path, `it cannot be read (${systemCode(error) ?? String(error)})`, false);
  }
}

async function readBounded(path: string): Promise<string | undefined> {
  const file = await ifThere(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size > LARGEST_RECORD_BYTES) throw new Error(`${size} bytes are too many`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function torn(file: string, why: string, isHome: boolean): Loaded {
  const message = `the record of a pod is damaged: ${why}`;
  const advice = "Its pod goes on as its manifest says now; the record is written anew with the next change.";
  return { kind: "torn", isHome, problem: { code: "RecordTorn", severity: "warning", file, message, advice } };
}

const never = new AbortController().signal;

/**
 * Saves records, one at a time for each pod, so that the last one asked for is the one that stays, and a few at a time of all,
 * so that thousands of pods at once need no thousands of open files.
 */
export function makeRecordWriter(
  places: Places,
  write: typeof writeRecord = writeRecord,
): (stored: StoredPod) => Promise<void> {
  /** @bound Records being written: one for each pod. */
  const busy = new Map<string, Promise<void>>();
  const gate = makeGate(AT_ONCE);

  const writeInTurn = async (stored: StoredPod): Promise<void> => {
    const leave = await gate.enter(0, never);
    try {
      await write(places, stored);
    } finally {
      leave?.();
    }
  };

  return async (stored) => {
    const turn = (busy.get(stored.uid) ?? Promise.resolve()).catch(() => {}).then(() => writeInTurn(stored));
    busy.set(stored.uid, turn);
    try {
      await turn;
    } finally {
      if (busy.get(stored.uid) === turn) busy.delete(stored.uid);
    }
  };
}

/** Whole or not at all: a reader sees the record before or this one. It survives the agent, not a power cut at once. */
async function writeRecord(places: Places, stored: StoredPod): Promise<void> {
  const text = JSON.stringify({ version: 1, ...stored });
  if (Buffer.byteLength(text) > LARGEST_RECORD_BYTES) {
    throw new BerthError("FileFailed", `the record of pod ${stored.namespace}/${stored.name} is too large`);
  }
  const path = recordFile(places, stored.uid);
  const next = join(dirname(path), "berth.json.next");
  const write = (): Promise<void> => writeFile(next, text, { mode: 0o600 });
  if ((await ifThere(write().then(() => true))) === undefined) {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    await write();
  }
  await rename(next, path);
}
