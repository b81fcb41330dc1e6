import type * as v1 from "../../../src/pod/v1.ts";
import type { Json } from "./merge.ts";
import { Refusal } from "./refusal.ts";
import type { Kept } from "./shelf.ts";

const MIRROR = "kubernetes.io/config.mirror";

/** What a node may not create (node.md 1.5, 3.5): pods that are no mirrors of its own, or that name objects of the API. */
export function refuseForeignPod(pod: v1.Pod): void {
  const { metadata, spec } = pod;
  const deny = (why: string): never => {
    throw new Refusal(403, "Forbidden", `pods "${metadata?.name ?? ""}" is forbidden: ${why}`);
  };
  if (metadata?.annotations?.[MIRROR] === undefined) deny("a node can only create mirror pods");
  const owners = metadata?.ownerReferences ?? [];
  const [owner] = owners;
  if (owners.length !== 1 || owner?.kind !== "Node" || owner.name !== spec?.nodeName || owner.controller !== true)
    deny("a mirror pod must be owned by its node");
  if (owner?.blockOwnerDeletion === true) deny("blockOwnerDeletion must not be set");
  if (spec?.serviceAccountName) deny("a mirror pod may not reference service accounts");
  if ((spec?.imagePullSecrets ?? []).length > 0) deny("a mirror pod may not reference secrets");
  for (const volume of spec?.volumes ?? []) {
    const sources = volume.projected?.sources ?? [];
    if (volume.secret || sources.some(({ secret }) => secret)) deny("a mirror pod may not reference secrets");
    if (volume.configMap || sources.some(({ configMap }) => configMap))
      deny("a mirror pod may not reference configmaps");
    if (volume.persistentVolumeClaim) deny("a mirror pod may not reference persistentvolumeclaims");
  }
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    const env = container.env ?? [];
    const envFrom = container.envFrom ?? [];
    if (env.some((one) => one.valueFrom?.secretKeyRef) || envFrom.some((one) => one.secretRef))
      deny("a mirror pod may not reference secrets");
    if (env.some((one) => one.valueFrom?.configMapKeyRef) || envFrom.some((one) => one.configMapRef))
      deny("a mirror pod may not reference configmaps");
  }
}

/** The pod that a graceful deletion leaves; undefined when it is to vanish at once. A later one can only shorten the grace. */
export function afterDeletion(pod: Kept, asked: number | undefined, nowMs: number): Kept | undefined {
  const spec = (pod.spec ?? {}) as v1.PodSpec;
  const mirror = pod.metadata.annotations?.[MIRROR] !== undefined;
  const bound = spec.nodeName !== undefined && spec.nodeName !== "";
  const whole = asked ?? spec.terminationGracePeriodSeconds ?? 30;
  if (whole === 0 || !bound || mirror) return undefined;
  const already = pod.metadata.deletionGracePeriodSeconds;
  if (typeof already === "number" && already <= whole) return pod;
  const metadata = {
    ...pod.metadata,
    deletionGracePeriodSeconds: whole,
    deletionTimestamp: new Date(nowMs + whole * 1000).toISOString(),
    generation: (pod.metadata.generation ?? 1) + 1,
  };
  return { ...pod, metadata };
}

/** The fields of pods that selectors may name. */
export function fieldOf(object: Json, path: string): string {
  const value = path
    .split(".")
    .reduce<unknown>((at, name) => (typeof at === "object" && at !== null ? (at as Json)[name] : undefined), object);
  return value === undefined ? "" : String(value);
}
