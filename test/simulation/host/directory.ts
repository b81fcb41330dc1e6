import { makeBell } from "../../../src/base/bell.ts";
import type { Clock, MonoMs } from "../../../src/base/clock.ts";
import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { Problem } from "../../../src/pod/problem.ts";
import type { DirectorySighting, FileSighting } from "../../../src/pod/source.ts";
import type { ManifestSource, StoredPod } from "../../../src/ports.ts";
import type { Manifest } from "../script/script.ts";
import { compiled } from "./compiled.ts";

/** A manifest directory in memory, read by the real compiler. */
export type SimDirectory = {
  readonly source: ManifestSource;
  put(file: string, documents: readonly Manifest[], how: "rename" | "write"): void;
  spoil(file: string, how: "text" | "document" | "unreadable"): void;
  remove(file: string): void;
  state(how: "fails" | "unmounted" | "works"): void;
  /** Every file with its text as it truly is, whatever is shown of it. */
  truth(): DirectoryTruth;
};

export type DirectoryTruth = {
  readonly how: "fails" | "unmounted" | "works";
  readonly files: ReadonlyMap<string, { readonly text: string; readonly readable: boolean; readonly spoilt: boolean }>;
};

type File = {
  readonly text: string;
  readonly readable: boolean;
  /** Its content was damaged: it asks for nothing new and takes nothing back. */
  readonly spoilt: boolean;
  readonly changedAt: MonoMs;
  readonly renamed: boolean;
};

const FOLDER = "/manifests";
/** How long a file that is written in place has to stand still. */
const SETTLING_MS = 50;

/** An empty directory. */
export function simDirectory(
  clock: Clock,
  at: (monoMs: MonoMs, call: () => void) => void,
  onChange: () => void = () => {},
): SimDirectory {
  const files = new Map<string, File>();
  const readers = new Set<() => void>();
  let how: DirectoryTruth["how"] = "works";

  const changed = (): void => {
    onChange();
    for (const ring of readers) ring();
  };
  const set = (
    file: string,
    text: string,
    renamed: boolean,
    state: "well" | "spoilt" | "unreadable" = "well",
  ): void => {
    const changedAt = clock.now().monoMs;
    files.set(file, { text, readable: state !== "unreadable", spoilt: state !== "well", changedAt, renamed });
    changed();
    if (!renamed) at(clock.now().monoMs + SETTLING_MS, changed);
  };
  const sighting = (): DirectorySighting => {
    if (how === "fails") return { listing: { kind: "failed", problem: problem(FOLDER) }, files: [], ignored: [] };
    const names = how === "unmounted" ? [] : [...files.keys()].sort();
    return {
      listing: { kind: "whole", device: how === "unmounted" ? "device-2" : "device-1" },
      files: names.map((name) => seen(name, files.get(name))),
      ignored: [],
    };
  };
  const seen = (name: string, file: File | undefined): FileSighting => {
    const path = `${FOLDER}/${name}`;
    const { monoMs, wallMs } = clock.now();
    if (file?.readable !== true)
      return { path, reading: "unread", settled: true, documents: [], problems: [problem(path)] };
    const whole = compiled(path, file.text, wallMs);
    return { path, ...whole, settled: file.renamed || monoMs - file.changedAt >= SETTLING_MS };
  };

  return {
    source: {
      async *sightings(signal) {
        const bell = makeBell(clock);
        readers.add(bell.ring);
        try {
          while (!signal.aborted) {
            yield sighting();
            await bell.wait(undefined, signal);
          }
        } finally {
          readers.delete(bell.ring);
        }
      },
      recompile: async (stored) => recompiled(stored),
      rescan: changed,
    },
    put: (file, documents, way) =>
      set(file, documents.map((one) => JSON.stringify(one)).join("\n---\n"), way === "rename"),
    spoil(file, way) {
      const text = files.get(file)?.text ?? "";
      if (way === "unreadable") set(file, text, true, "unreadable");
      else if (way === "text") set(file, `${halfOf(text)}\n`, true, "spoilt");
      else set(file, text.replace('"containers"', '"contianers"'), true, "spoilt");
    },
    remove(file) {
      files.delete(file);
      changed();
    },
    state(next) {
      how = next;
      changed();
    },
    truth: () => ({ how, files }),
  };
}

/** What a writer has written when half of the file is there; where that ends with a document, a little less. */
const halfOf = (text: string): string => text.slice(0, Math.floor(text.length / 2)).replace(/\}?\s*-*\s*$/, "");

/** The pod of a record as the directory would compile it. */
function recompiled({ path, document, seenWallMs, manifest }: StoredPod): DesiredPod | undefined {
  const [seen] = compiled(path, JSON.stringify(manifest), seenWallMs).documents;
  if (seen?.kind !== "pod") return undefined;
  return { ...seen.pod, origin: { kind: "file", path, document, line: 1 } };
}

const problem = (file: string): Problem => ({
  code: "SourceUnreadable",
  severity: "error",
  file,
  message: "it cannot be read",
  advice: "mend it",
});

/** What the directory truly asks for when all its files are well: its pods by UID. */
export function askedBy({ files }: DirectoryTruth): ReadonlyMap<string, DesiredPod> {
  const pods = new Map<string, DesiredPod>();
  for (const name of [...files.keys()].sort()) {
    const { documents } = compiled(`${FOLDER}/${name}`, files.get(name)?.text ?? "", 0);
    for (const seen of documents) if (seen.kind === "pod") pods.set(seen.pod.uid, seen.pod);
  }
  return pods;
}
