import type { DesiredPod } from "../pod/desired.ts";
import type { StoredPod } from "../ports.ts";
import { compileBound } from "./compile-bound.ts";
import { type CompileSettings, checkPod } from "./compile-object.ts";
import { desiredPod } from "./desired-pod.ts";

/**
 * The pod of a record as it was accepted: its manifest is compiled again, but its identity stays, even where the node's
 * name or the defaults have changed since. Undefined when it does not pass any more.
 */
export function recompilePod(stored: StoredPod, settings: CompileSettings): DesiredPod | undefined {
  const { uid, namespace, name, path, document, manifest, seenWallMs, source } = stored;
  if (source === "api") return compileBound(manifest);
  const { checked, faults } = checkPod(manifest, "", path, settings);
  if (faults.some(({ severity }) => severity === "error")) return undefined;
  const origin = { kind: "file", path, document, line: 1 } as const;
  return desiredPod({ ...checked, uid, namespace, name }, origin, seenWallMs);
}
