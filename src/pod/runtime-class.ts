import type { DocumentKey } from "./desired.ts";

/** The document by which a pod's runtime class is known: it belongs to no namespace. */
export const runtimeClassKey = (name: string): DocumentKey => `RuntimeClass//${name}`;

const WORD = "handler ";

/** The version of such a document: its handler, which cannot change under its name. */
export const versionOfHandler = (handler: string): string => `${WORD}${handler}`;

/** The handler that a version tells; undefined for one that is missing or was not heard of. */
export const handlerOfVersion = (version: string | undefined): string | undefined =>
  version?.startsWith(WORD) ? version.slice(WORD.length) : undefined;
