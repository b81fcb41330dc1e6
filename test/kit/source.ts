import { makeBell } from "../../src/base/bell.ts";
import type { Clock } from "../../src/base/clock.ts";
import { compileBound } from "../../src/manifest/compile-bound.ts";
import type { DocumentKey } from "../../src/pod/desired.ts";
import type { DocumentContent } from "../../src/pod/document.ts";
import type { Problem } from "../../src/pod/problem.ts";
import type { DirectorySighting, FileSighting, SeenDocument } from "../../src/pod/source.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { ManifestSource } from "../../src/ports.ts";
import { desiredPod, digest } from "./compiled-pod.ts";

/** One document of a manifest file in a test. */
export type Document =
  | { readonly kind: "pod"; readonly manifest: v1.Pod }
  | { readonly kind: "config"; readonly key: DocumentKey; readonly data: Readonly<Record<string, string>> };

/** A manifest directory in memory. */
export type FakeDirectory = {
  readonly source: ManifestSource;
  put(name: string, ...documents: readonly Document[]): void;
  /** The file is there and cannot be understood. */
  break(name: string): void;
  remove(name: string): void;
  /** The directory cannot be listed, or can be again. */
  fail(isFailing: boolean): void;
  /** The host is to have no such directory. */
  forgo(): void;
};

type Config = Extract<Document, { kind: "config" }>;
type File = { readonly kind: "good"; readonly documents: readonly Document[] } | { readonly kind: "broken" };

const FOLDER = "/manifests";
const encoder = new TextEncoder();

/** An empty directory. */
export function makeFakeDirectory(clock: Clock): FakeDirectory {
  const files = new Map<string, File>();
  const readers = new Set<() => void>();
  let listed: keyof typeof listings = "whole";

  const changed = (): void => {
    for (const ring of readers) ring();
  };
  const sighting = (): DirectorySighting => ({
    listing: listings[listed],
    files: listed === "whole" ? [...files.keys()].sort().map((name) => seenFile(name, files.get(name))) : [],
    ignored: [],
  });
  const seenFile = (name: string, file: File | undefined): FileSighting => {
    const path = `${FOLDER}/${name}`;
    if (file === undefined || file.kind === "broken") {
      return {
        path,
        reading: "broken",
        settled: true,
        documents: [{ kind: "broken" }],
        problems: [problem("YamlInvalid", path)],
      };
    }
    const documents = file.documents.map((document, place) => seenDocument(document, path, place, clock));
    const contents = file.documents.flatMap((document) => (document.kind === "config" ? [content(document)] : []));
    return { path, reading: "whole", settled: true, documents, problems: [], contents };
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
      recompile: async ({ manifest, path, document, seenWallMs, source }) =>
        source === "api" ? compileBound(manifest) : desiredPod(manifest, { path, document, seenWallMs }),
      rescan: changed,
    },
    put(name, ...documents) {
      files.set(name, { kind: "good", documents });
      changed();
    },
    break(name) {
      files.set(name, { kind: "broken" });
      changed();
    },
    remove(name) {
      files.delete(name);
      changed();
    },
    fail(isFailing) {
      listed = isFailing ? "failed" : "whole";
      changed();
    },
    forgo() {
      listed = "none";
      changed();
    },
  };
}

function seenDocument(document: Document, path: string, place: number, clock: Clock): SeenDocument {
  if (document.kind === "config") {
    return { kind: "config", key: document.key, version: versionOf(document), warned: false };
  }
  const { manifest } = document;
  const pod = desiredPod(manifest, { path, document: place, seenWallMs: clock.now().wallMs });
  return { kind: "pod", pod, manifest, warned: false };
}

const versionOf = ({ data }: Config): string => digest(JSON.stringify(data), 2);

function content(document: Config): DocumentContent {
  const data = Object.entries(document.data).map(([key, text]) => [key, encoder.encode(text)] as const);
  const body = { type: "Opaque", data: new Map(data), binaryKeys: new Set<string>() };
  return { key: document.key, version: versionOf(document), immutable: false, seenWallMs: 0, body };
}

const problem = (code: Problem["code"], file: string): Problem => ({
  code,
  severity: "error",
  file,
  message: `${code} in a test`,
  advice: "mend it",
});

const listings: Readonly<Record<DirectorySighting["listing"]["kind"], DirectorySighting["listing"]>> = {
  whole: { kind: "whole", device: "1" },
  failed: { kind: "failed", problem: problem("SourceUnreadable", FOLDER) },
  none: { kind: "none" },
};
