import type { DocumentKey } from "./desired.ts";

/** The body of a ConfigMap or Secret. It never becomes part of a picture, plan, log, event or record. */
export type DocumentBody = {
  /** The type of a Secret; empty for a ConfigMap. */
  readonly type: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Keys of binaryData: files are made of them, variables are not (cri-mapping 2.3). */
  readonly binaryKeys: ReadonlySet<string>;
};

/** Bodies by the keys of their documents; one that is missing is not there. */
export type DocumentBodies = ReadonlyMap<DocumentKey, DocumentBody>;

/** One version of a ConfigMap or Secret as a file has it. */
export type DocumentContent = {
  readonly key: DocumentKey;
  readonly version: string;
  /** A later version under the same name is refused until this one was removed. */
  readonly immutable: boolean;
  /** When this version was read first. */
  readonly seenWallMs: number;
  readonly body: DocumentBody;
};

/** A document that holds its name, and the file that it stands in, as the next agent finds them. */
export type KeptDocument = { readonly content: DocumentContent; readonly path: string };

/** Keeps the last good form of all documents for the next agent (D1); those of Secrets only where nothing reaches a disk. */
export type DocumentKeeping = {
  /** What was kept last. What cannot be read is logged, and then not there. */
  load(signal: AbortSignal): Promise<readonly KeptDocument[]>;
  /** Takes the place of all that was kept. Throws FileFailed. */
  put(documents: readonly KeptDocument[], signal: AbortSignal): Promise<void>;
};

/** What people are shown of a document: names and sizes, never a value. */
export type DocumentSummary = {
  readonly kind: "ConfigMap" | "Secret";
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly immutable: boolean;
  /** Bytes of each key's value. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly seenWallMs: number;
  /** The file that it stands in. */
  readonly path: string;
};
