import type { FileSighting } from "../pod/source.ts";
import type { CompiledFile } from "./compile.ts";

/**
 * When the content of a file is believed (design 4). A file that is new, or was replaced by another, counts after a few
 * milliseconds of stillness, since its writer may not be done; one that a rename put in its place counts at once; one that
 * was changed in place may be half written for longer, so what it lost or changed counts only after a good while.
 */
export type TrackedFile = {
  readonly path: string;
  /** Of the last reading: equal means nothing to read. */
  readonly fingerprint: string;
  readonly digest: string;
  /** What was read last. */
  readonly content: CompiledContent;
  readonly arrival: "renamed" | "new" | "changed";
  /** Monotonic moment since which the content stands still. */
  readonly stillSinceMs: number;
  /** What the directory shows of it; undefined while it was never still. */
  readonly shown: FileSighting | undefined;
  /** Monotonic moment at which it was missed first. */
  readonly missingSinceMs?: number;
  /** Readings that did not get ready in time. */
  readonly lateCount: number;
};

export type CompiledContent = Pick<FileSighting, "documents" | "problems" | "reading"> &
  Partial<Pick<CompiledFile, "contents">>;

/** Stillness after which a new file counts. */
export const STILL_MS = 4;
/** Stillness after which losses and changes count. */
export const SETTLE_MS = 200;

/** The file at a moment: what it shows now, and when to look again if that is not its last word. */
export function advance(file: TrackedFile, nowMs: number): { file: TrackedFile; lookAtMs?: number } {
  const stillForMs = nowMs - file.stillSinceMs;
  const atOnce = file.arrival === "renamed";
  if (!atOnce && stillForMs < STILL_MS) return { file, lookAtMs: file.stillSinceMs + STILL_MS };
  const settled = atOnce || stillForMs >= SETTLE_MS || (file.arrival === "new" && file.content.documents.length > 0);
  const shown = sameSighting(file.shown, file.content, settled)
    ? file.shown
    : sightingOf(file.path, file.content, settled);
  const next = shown === file.shown ? file : { ...file, shown };
  return settled ? { file: next } : { file: next, lookAtMs: file.stillSinceMs + SETTLE_MS };
}

function sameSighting(shown: FileSighting | undefined, content: CompiledContent, settled: boolean): boolean {
  return shown?.documents === content.documents && shown.problems === content.problems && shown.settled === settled;
}

const sightingOf = (
  path: string,
  { reading, documents, problems, contents = [] }: CompiledContent,
  settled: boolean,
): FileSighting => ({
  ...{ path, reading, settled, documents, problems },
  ...(contents.length === 0 ? {} : { contents }),
});

/** A file that is there and tells nothing yet, or is no longer there and may come back. */
export const silentSighting = (path: string): FileSighting => ({
  ...{ path, reading: "unread", settled: false, documents: [], problems: [] },
});
