import { type DocumentKey, podKey } from "../pod/desired.ts";
import type { AcceptedPod, HeldDocument } from "../pod/source.ts";

/** A pod with this annotation at "true" is replaced when a document that it uses changes (D2). */
export const RESTART_ANNOTATION = "berth.dev/restart-on-config-change";

/**
 * Gives a pod that wants it a UID that covers the versions of its documents, so that a change of one replaces it like a change of
 * its own. A document that is gone changes nothing as long as the pod cannot do without it: it goes on with what it had (D1).
 */
export function coverDocuments<T extends AcceptedPod>(
  asks: T,
  /** Whether `asks` comes from a document that was seen now; else it is what was accepted before. */
  isSeen: boolean,
  held: ReadonlyMap<DocumentKey, HeldDocument>,
  before: readonly AcceptedPod[],
): T {
  const { pod, manifest, plainUid = isSeen ? pod.uid : undefined } = asks;
  if (pod.annotations[RESTART_ANNOTATION] !== "true" || pod.documents.length === 0 || plainUid === undefined)
    return asks;
  const lacks = pod.documents.some(({ key, optional }) => !optional && !held.has(key));
  const last = lacks ? before.find((one) => podKey(one.pod) === podKey(pod)) : undefined;
  const goesOn = last !== undefined && JSON.stringify(last.manifest) === JSON.stringify(manifest);
  const versions = pod.documents.map(({ key }) => `${key}=${held.get(key)?.version ?? "missing"}`).sort();
  const uid = goesOn ? last.pod.uid : `${plainUid.replaceAll("-", "").slice(0, UID_DIGITS)}${digestOf(versions)}`;
  return { ...asks, pod: uid === pod.uid ? pod : { ...pod, uid }, plainUid };
}

/** So much stays of the UID that covers the pod alone. */
const UID_DIGITS = 16;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a of 64 bits in hexadecimal, over versions that are digests themselves. */
function digestOf(texts: readonly string[]): string {
  let hash = FNV_OFFSET;
  for (const letter of texts.join("\n")) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(letter.codePointAt(0) ?? 0)) * FNV_PRIME);
  }
  return hash.toString(16).padStart(UID_DIGITS, "0");
}
