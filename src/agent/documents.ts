import type { DesiredPod, DocumentKey } from "../pod/desired.ts";
import type { DocumentBodies, DocumentContent, DocumentSummary, KeptDocument } from "../pod/document.ts";
import type { DirectorySighting, HeldDocument } from "../pod/source.ts";

/** Bodies of ConfigMaps and Secrets; never part of a picture, plan, log or record. */
export type Documents = { bodies(keys: readonly DocumentKey[], pod: DesiredPod): DocumentBodies };

/** Each pod's documents from where the pod itself comes from: the manifest directory, or an API server. */
export function documentsBySource(file: Documents, api: Documents): Documents {
  return { bodies: (keys, pod) => (pod.origin.kind === "api" ? api : file).bodies(keys, pod) };
}

/**
 * The bodies of the ConfigMaps and Secrets that hold their names, for those who make environments and volumes.
 *
 * K1  A document whose file broke keeps the body of its last good version for as long as intake keeps that version (D1).
 * K2  Nothing is kept that no name holds: memory follows the documents that there are.
 * K3  The next agent begins with what this one held, so that K1 spans a restart.
 */
export type Shelf = {
  bodies(keys: readonly DocumentKey[]): DocumentBodies;
  /** After each intake: what it holds now, out of what was seen just then or was here before. */
  take(sighting: DirectorySighting, held: ReadonlyMap<DocumentKey, HeldDocument>): void;
  /** Names and sizes, sorted by key. */
  summaries(): readonly DocumentSummary[];
};

/** A shelf with what an earlier agent kept. `onChange` hears what is to be kept for the next one. */
export function makeShelf(
  first: readonly KeptDocument[] = [],
  onChange: (kept: readonly KeptDocument[]) => void = () => {},
): Shelf {
  /** @bound Documents of the manifest directory that hold their names. */
  let kept: ReadonlyMap<DocumentKey, KeptDocument> = new Map(first.map((one) => [one.content.key, one]));
  let taken: ReadonlyMap<DocumentKey, HeldDocument> | undefined;

  return {
    take(sighting, held) {
      if (held === taken) return;
      taken = held;
      const seen = new Map<string, DocumentContent>();
      for (const content of sighting.files.flatMap(({ contents = [] }) => contents)) seen.set(idOf(content), content);
      kept = new Map(
        [...held].flatMap(([key, { path, version }]): [DocumentKey, KeptDocument][] => {
          const before = kept.get(key)?.content;
          const content = before?.version === version ? before : seen.get(idOf({ key, version }));
          return content === undefined ? [] : [[key, { content, path }]];
        }),
      );
      onChange([...kept.values()]);
    },
    bodies(keys): DocumentBodies {
      return new Map(
        keys.flatMap((key) => {
          const body = kept.get(key)?.content.body;
          return body === undefined ? [] : [[key, body] as const];
        }),
      );
    },
    summaries: () => [...kept.values()].map(summaryOf).sort(byName),
  };
}

const idOf = ({ key, version }: Pick<DocumentContent, "key" | "version">): string => `${key}@${version}`;

function summaryOf({ content: { key, body, immutable, seenWallMs }, path }: KeptDocument): DocumentSummary {
  const [kind, namespace = "", name = ""] = key.split("/");
  return {
    kind: kind === "Secret" ? "Secret" : "ConfigMap",
    ...{ namespace, name, type: body.type, immutable, seenWallMs, path },
    sizes: Object.fromEntries([...body.data].map(([name, bytes]) => [name, bytes.length])),
  };
}

function byName(one: DocumentSummary, other: DocumentSummary): number {
  const left = `${one.kind}/${one.namespace}/${one.name}`;
  const right = `${other.kind}/${other.namespace}/${other.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
