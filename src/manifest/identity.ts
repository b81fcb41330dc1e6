import { createHash, createHmac } from "node:crypto";
import type * as v1 from "../pod/v1.ts";
import type { Loose } from "./loose.ts";

/** Length of a pod's UID made here: 128 bits, as the kubelet's (1.2). */
const UID_DIGITS = 32;

/** What a pod of a file is called on the node (1.2). */
export const nameOnNode = (name: string, nodeName: string): string => `${name}-${nodeName.toLowerCase()}`;

/**
 * The UID of a pod that has none: a digest of what it asks for, of the node and of the file's path (I1), never of the
 * place in the file. The spec has its defaults, but nothing of the node yet.
 */
export function uidOf(metadata: Loose<v1.ObjectMeta>, spec: Loose<v1.PodSpec>, nodeName: string, path: string): string {
  const { name, namespace, labels, annotations } = metadata;
  const content = { metadata: { name, namespace, labels, annotations }, spec };
  const hash = createHash("sha256");
  hash.update(canonical(content)).update(`\nhost:${nodeName}\nfile:${path}`);
  return hash.digest("hex").slice(0, UID_DIGITS);
}

/** A digest of a document's content, as its version. The UID of a pod may show it: without the key it tells nothing of a secret. */
export const contentDigest = (content: unknown, key: string): string =>
  createHmac("sha256", key).update(canonical(content)).digest("hex").slice(0, UID_DIGITS);

/** JSON with sorted names, so that the order in which fields are written does not count. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Hash of what makes a container another container: its name and image (S19), FNV-1a of 32 bits in hexadecimal. */
export function containerHash(name: string, image: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(JSON.stringify({ image, name }))) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return (hash >>> 0).toString(16);
}

/** Keeps pods of files on a node whatever taints it gets (1.2). */
const STAYS: v1.Toleration = { operator: "Exists", effect: "NoExecute" };

/** The spec as the node runs it: bound to it, tolerating its taints. */
export const boundTo = (spec: Loose<v1.PodSpec>, nodeName: string): Loose<v1.PodSpec> => ({
  ...spec,
  nodeName,
  tolerations: [...(spec.tolerations ?? []), STAYS],
});
