import type { WallMs } from "../base/clock.ts";
import type { RuntimeClass } from "../pod/cluster.ts";
import type { DocumentKey } from "../pod/desired.ts";
import type { DocumentContent } from "../pod/document.ts";
import { documentBody } from "../pod/document-body.ts";
import { versionOfHandler } from "../pod/runtime-class.ts";
import type * as v1 from "../pod/v1.ts";

/** A ConfigMap or Secret of an API server; its version is the server's. */
export function documentContent(
  key: DocumentKey,
  object: v1.ConfigMap | v1.Secret,
  seenWallMs: WallMs,
): DocumentContent {
  const { metadata = {}, immutable = false } = object;
  return {
    key,
    version: `${metadata.uid ?? ""}@${metadata.resourceVersion ?? ""}`,
    immutable,
    seenWallMs,
    body: documentBody(key.startsWith("Secret/") ? "Secret" : "ConfigMap", object),
  };
}

/** A RuntimeClass of an API server: its handler is all that a node makes of it, the rest was the server's to act on. */
export function runtimeClassContent(key: DocumentKey, { handler }: RuntimeClass, seenWallMs: WallMs): DocumentContent {
  const body = { type: "", data: new Map(), binaryKeys: new Set<string>() };
  return { key, version: versionOfHandler(handler), immutable: false, seenWallMs, body };
}
