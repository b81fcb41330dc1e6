import type { WallMs } from "../base/clock.ts";
import type { DocumentKey } from "../pod/desired.ts";
import type { DocumentContent } from "../pod/document.ts";
import { documentBody } from "../pod/document-body.ts";
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
