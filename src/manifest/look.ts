import { join } from "node:path";
import { assertNever } from "../base/assert-never.ts";
import type { DirectorySighting, FileSighting } from "../pod/source.ts";
import type { CompileRequest } from "./compile.ts";
import type { CompileSettings } from "./compile-object.ts";
import { makeDeviceReader } from "./device.ts";
import { type ListedFile, type Listing, listManifests } from "./listing.ts";
import { type FileReading, fingerprintOf, readManifest } from "./read-file.ts";
import { advance, type CompiledContent, SETTLE_MS, silentSighting, type TrackedFile } from "./tracked-file.ts";
import type { Workpiece } from "./workshop.ts";

/** What was told about an entry since the last look. */
export type Hint = { readonly moved: boolean; readonly written: boolean; readonly atMs: number };

export type LookRequest = {
  /** Every file's state is compared, not only those that something was told about. */
  readonly full: boolean;
  readonly hints: ReadonlyMap<string, Hint>;
  /** Whether something more was told about an entry while looking. */
  readonly isTouched: (name: string) => boolean;
};

export type LookResult = {
  /** Of what stands at the path; absent when the listing failed. */
  readonly identity?: string;
  /** Monotonic moment at which a file's stillness is to be judged again. */
  readonly lookAtMs?: number;
};

/** Looks at the directory, reading only what changed, and remembers what it saw. */
export type Looker = { look(request: LookRequest, tell: (sighting: DirectorySighting) => void): Promise<LookResult> };

export type LookerSettings = CompileSettings & {
  readonly path: string;
  readonly compile: (request: CompileRequest) => Promise<Workpiece>;
};

/** Manifests read at once: never more than half of the threads for files. @limit The next one waits. */
const FILES_AT_ONCE = 2;
/** A long look tells in between what it has found so far. */
const TELL_EVERY_MS = 20;
/** Tries of a manifest that was not compiled in time. @limit It stays a problem until it changes. */
const MOST_LATE = 3;

/** A looker that has seen nothing yet. */
export function makeLooker(settings: LookerSettings): Looker {
  const { path } = settings;
  const deviceOf = makeDeviceReader();
  /** @bound Files that are watched: those of the manifest directory. */
  const tracked = new Map<string, TrackedFile>();
  let device: string | undefined;
  let first = true;

  return {
    async look(request, tell) {
      const listing = await listManifests(path, deviceOf);
      if (listing.kind === "failed") {
        tell({ listing, files: [], ignored: [] });
        return {};
      }
      // What was seen on another device says nothing of this one: a file that it lacks has not just gone away (D1).
      if (device !== listing.device) tracked.clear();
      device = listing.device;
      noteMissing(tracked, listing.entries);
      let tellAt = performance.now() + TELL_EVERY_MS;
      await eachOf(filesToCheck(listing, tracked, request), FILES_AT_ONCE, async (entry) => {
        const checked = await checkFile(entry, tracked.get(entry.name), request, settings);
        if (checked === "gone") markGone(tracked, entry.name);
        else tracked.set(entry.name, checked);
        // The first sighting gives names away (D5): it is told whole.
        if (first || performance.now() < tellAt) return;
        show(tracked);
        tell(sightingOf(path, listing, tracked));
        tellAt = performance.now() + TELL_EVERY_MS;
      });
      const lookAtMs = show(tracked);
      tell(sightingOf(path, listing, tracked));
      first = false;
      return { identity: listing.identity, ...(lookAtMs === undefined ? {} : { lookAtMs }) };
    },
  };
}

type Whole = Extract<Listing, { kind: "whole" }>;

/** Files that are not listed any more are given the time in which editors put them back. */
function noteMissing(tracked: Map<string, TrackedFile>, entries: readonly ListedFile[]): void {
  const names = new Set(entries.map(({ name }) => name));
  for (const [name, { missingSinceMs, ...file }] of tracked) {
    if (names.has(name)) {
      if (missingSinceMs !== undefined) tracked.set(name, { ...file, fingerprint: "", arrival: "changed" });
    } else {
      markGone(tracked, name);
    }
  }
}

function markGone(tracked: Map<string, TrackedFile>, name: string): void {
  const file = tracked.get(name);
  if (file === undefined) return;
  const missingSinceMs = file.missingSinceMs ?? performance.now();
  if (performance.now() - missingSinceMs >= SETTLE_MS) tracked.delete(name);
  else tracked.set(name, { ...file, missingSinceMs });
}

/** New files, those that something was told about, those that are not settled; links whenever anything happened. */
function filesToCheck(
  { entries }: Whole,
  tracked: ReadonlyMap<string, TrackedFile>,
  { full, hints }: LookRequest,
): readonly ListedFile[] {
  return entries.filter(({ name, isLink }) => {
    const file = tracked.get(name);
    if (full || file === undefined || hints.has(name)) return true;
    return file.shown?.settled !== true || file.fingerprint === "" || (isLink && hints.size > 0);
  });
}

/** The file as it is now; compiles it only when its content differs from what was compiled last. */
async function checkFile(
  { name, path, isLink }: ListedFile,
  before: TrackedFile | undefined,
  request: LookRequest,
  settings: LookerSettings,
): Promise<TrackedFile | "gone"> {
  const hint = request.hints.get(name);
  const again = request.full && before !== undefined && before.lateCount > 0 && before.lateCount < MOST_LATE;
  if (before !== undefined && hint === undefined && !again) {
    const fingerprint = (await fingerprintOf(path)) ?? "error ENOENT";
    if (fingerprint === before.fingerprint) return before;
  }
  const reading = await readManifest(path, isLink);
  switch (reading.kind) {
    case "gone":
      return "gone";
    case "unread":
      return unreadFile(path, reading, before);
    case "read": {
      if (before?.digest === reading.digest && !again) return { ...before, fingerprint: reading.fingerprint };
      const seenWallMs = Date.now();
      const { nodeName, unknownFields, digestKey = "" } = settings;
      const { file, late } = await settings.compile({
        path,
        bytes: reading.bytes,
        seenWallMs,
        nodeName,
        unknownFields,
        digestKey,
      });
      const renamed = hint?.moved === true && !hint.written && !request.isTouched(name) && reading.bytes.length > 0;
      return {
        path,
        fingerprint: reading.fingerprint,
        digest: reading.digest,
        content: file,
        arrival: renamed ? "renamed" : before === undefined ? "new" : "changed",
        stillSinceMs: stillSince(reading, hint),
        shown: before?.shown,
        lateCount: late ? (before?.lateCount ?? 0) + 1 : 0,
      };
    }
    default:
      return assertNever(reading);
  }
}

/** By the file's own clock, which may be ahead of ours, and by the last event of writing. */
function stillSince({ modifiedWallMs }: Extract<FileReading, { kind: "read" }>, hint: Hint | undefined): number {
  const ageMs = Math.max(0, Date.now() - modifiedWallMs);
  const since = performance.now() - ageMs;
  return hint?.written === true ? Math.max(since, hint.atMs) : since;
}

function unreadFile(
  path: string,
  { fingerprint, problem }: Extract<FileReading, { kind: "unread" }>,
  before: TrackedFile | undefined,
): TrackedFile {
  const same = before?.content.problems[0]?.message === problem.message && before.content.reading === "unread";
  const content: CompiledContent = same ? before.content : { reading: "unread", documents: [], problems: [problem] };
  const rest = { digest: "", arrival: "renamed", stillSinceMs: performance.now(), lateCount: 0 } as const;
  return { ...rest, path, fingerprint, content, shown: before?.shown };
}

/** Lets every file show what it may by now; the earliest moment at which one of them may show more. */
function show(tracked: Map<string, TrackedFile>): number | undefined {
  const now = performance.now();
  let next: number | undefined;
  for (const [name, before] of tracked) {
    if (before.missingSinceMs !== undefined) {
      next = earlier(next, before.missingSinceMs + SETTLE_MS);
      continue;
    }
    if (before.shown?.settled === true && before.shown.documents === before.content.documents) continue;
    const { file, lookAtMs } = advance(before, now);
    tracked.set(name, file);
    next = earlier(next, lookAtMs);
  }
  return next;
}

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** Listed files and those that may come back, in byte-wise order of their names (F3). */
function sightingOf(
  path: string,
  { device, entries, ignored }: Whole,
  tracked: ReadonlyMap<string, TrackedFile>,
): DirectorySighting {
  const listed = entries.map((entry) => seenOf(entry, tracked.get(entry.name)));
  const missing = [...tracked]
    .filter(([, { missingSinceMs }]) => missingSinceMs !== undefined)
    .map(([name]) => silentSighting(join(path, name)));
  const files = missing.length === 0 ? listed : [...listed, ...missing].sort(byPath);
  return { listing: { kind: "whole", device }, files, ignored };
}

const seenOf = ({ path }: ListedFile, file: TrackedFile | undefined): FileSighting =>
  file?.shown === undefined || file.missingSinceMs !== undefined ? silentSighting(path) : file.shown;

const byPath = (left: { path: string }, right: { path: string }): number =>
  left.path === right.path ? 0 : Buffer.compare(Buffer.from(left.path), Buffer.from(right.path));

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
