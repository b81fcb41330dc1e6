import { assertNever } from "../base/assert-never.ts";
import { type DesiredPod, podKey } from "../pod/desired.ts";
import type { NodePicture, Stranger } from "../pod/node-plan.ts";

/** Pods of an earlier agent that are meant no more: they end as orphans (G5), and hold their names until then (T13). */
export function unclaimed(picture: NodePicture): readonly Stranger[] {
  const uids = new Set(picture.asked.map(({ uid }) => uid));
  const names = new Set(picture.asked.map(podKey));
  return picture.strangers.filter((stranger) => !uids.has(stranger.uid) && !mayBeMeant(stranger, names, picture));
}

/**
 * A recorded pod whose manifest no longer compiles is left alone as long as its file is there (D1). A home that nothing tells
 * of may be that of any broken file; and a pod that no file tells of may be bound by an API server that has not answered yet.
 * One that another pod has followed under its name is meant no more, though its file broke since then: the two would run
 * side by side (T13).
 */
function mayBeMeant(
  { path = "", onlyHome, ...named }: Stranger,
  askedNames: ReadonlySet<string>,
  { boundReady, brokenFiles }: NodePicture,
): boolean {
  if (path !== "") return brokenFiles.has(path) && !askedNames.has(podKey(named));
  return !boundReady || (onlyHome === true && brokenFiles.size > 0);
}

/** Where a pod came from; `unknown` for one that no record tells of. */
type Source = DesiredPod["origin"]["kind"] | "unknown";

/** The source of a stranger, by its record. */
export const sourceOf = ({ path }: Stranger): Source => (path === undefined ? "unknown" : path === "" ? "api" : "file");

/**
 * Whether all that this source asks for is known, so that what it does not ask for may end (F14). Each stands for itself: a
 * manifest directory that cannot be read keeps its own pods (D1) and no one else's.
 */
export function isHeard(source: Source, { sourcesReady, boundReady }: NodePicture): boolean {
  switch (source) {
    case "file":
      return sourcesReady;
    case "api":
      return boundReady;
    case "unknown":
      return sourcesReady && boundReady;
    default:
      return assertNever(source);
  }
}
