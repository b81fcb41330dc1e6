import type { DesiredContainer, DesiredPod } from "./desired.ts";
import type { ObservedPod } from "./observed.ts";

/** Grace of a pod that the runtime holds and of which no manifest is known, in seconds (G5). */
export const ORPHAN_GRACE_SECONDS = 1;

/**
 * A pod as far as it can be told from its objects in the runtime alone: enough to end it, never to start anything. It has no
 * hooks, since its containers are not known to have any (H7).
 */
export function orphanPod(name: { uid: string; namespace: string; name: string }, observed: ObservedPod): DesiredPod {
  const names = [...new Set(observed.containers.map((container) => container.name))];
  const containers = names.map((container) => orphanContainer(container, observed));
  return {
    uid: name.uid,
    namespace: name.namespace,
    name: name.name,
    manifestName: name.name,
    // As a static pod, so that no phase is forced on it (P4); the empty path says that there is no file.
    origin: { kind: "file", path: "", document: 0, line: 0 },
    labels: {},
    annotations: {},
    spec: { containers: containers.map(({ spec }) => spec), restartPolicy: "Never" },
    containers,
    volumes: [],
    documents: [],
    restartPolicy: "Never",
    graceSeconds: ORPHAN_GRACE_SECONDS,
    hostNetwork: observed.sandboxes[0]?.hostNetwork ?? false,
    seenWallMs: observed.sandboxes[0]?.createdWallMs ?? 0,
  };
}

function orphanContainer(name: string, observed: ObservedPod): DesiredContainer {
  const newest = observed.containers.find((container) => container.name === name);
  const image = newest?.image ?? "";
  return {
    name,
    role: "app",
    image,
    imageRef: image,
    pullPolicy: "Never",
    restartPolicy: "Never",
    restartRules: [],
    hash: newest?.hash ?? "",
    volumes: [],
    spec: { name, image },
  };
}
