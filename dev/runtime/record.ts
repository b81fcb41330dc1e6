import { readFile, rename, writeFile } from "node:fs/promises";
import type { ProcessId } from "./daemon.ts";
import type { Places, RuntimeVersion } from "./places.ts";

/** What is written down about a private runtime, so that another program can take it down. */
export type RuntimeRecord = {
  version?: RuntimeVersion;
  bridge?: string;
  containerd?: ProcessId;
  processes: ProcessId[];
};

/** Reads the record of a folder; undefined when there is none, or half of one. */
export async function readRecord(places: Places): Promise<RuntimeRecord | undefined> {
  try {
    return JSON.parse(await readFile(places.record, "utf8")) as RuntimeRecord;
  } catch {
    return undefined;
  }
}

/** Adds what is newly known to the record; lists of processes grow. */
export async function updateRecord(places: Places, news: Partial<RuntimeRecord>): Promise<void> {
  const old = await readRecord(places);
  const record = { ...old, ...news, processes: [...(old?.processes ?? []), ...(news.processes ?? [])] };
  await writeFile(`${places.record}.new`, JSON.stringify(record));
  await rename(`${places.record}.new`, places.record);
}
