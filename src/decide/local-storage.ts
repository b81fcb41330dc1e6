import type { DesiredPod, Ending } from "../pod/desired.ts";
import type { DiskUse, LocalUse } from "../pod/local-storage.ts";
import { ceilUnits, formatQuantity, parseQuantity, type Quantity, ZERO } from "../pod/quantity.ts";
import { podLimits, readResources } from "../pod/resources.ts";
import type { ContainerUsage } from "../pod/usage.ts";

/** The metric's words for the bounds that a pod itself brings (node.md 5.1). */
export const LOCAL_SIGNALS = ["emptydirfs.limit", "ephemeralpodfs.limit", "ephemeralcontainerfs.limit"] as const;
export type LocalSignal = (typeof LOCAL_SIGNALS)[number];

/** A bound that a pod is over, and what is said of it. */
export type Overuse = { readonly signal: LocalSignal; readonly message: string };

const STORAGE = "ephemeral-storage";

/** Whether a pod bounds what it has on disk, so that it has to be measured. */
export const boundsItsStorage = (pod: DesiredPod): boolean =>
  volumeBounds(pod).length > 0 || podLimits(pod.spec).has(STORAGE) || containerBounds(pod).length > 0;

/**
 * The first bound of its own that a pod is over: that of a volume, of the whole pod, of a container (node.md 5.1, step 1).
 * The writable layers are as the runtime counts them; what nobody has counted is nothing.
 */
export function overuseOf(pod: DesiredPod, local: LocalUse, usage: readonly ContainerUsage[]): Overuse | undefined {
  const written = (name: string): number => usage.find(({ container }) => container === name)?.more?.writtenBytes ?? 0;
  const own = (name: string): number => written(name) + bytesOf(local.logs.get(name));
  for (const { name, limit } of volumeBounds(pod)) {
    if (bytesOf(local.volumes.get(name)) <= ceilUnits(limit)) continue;
    const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${formatQuantity(limit)}". `;
    return { signal: "emptydirfs.limit", message };
  }
  const ofPod = podLimits(pod.spec).get(STORAGE);
  const all = [...pod.containers.map(({ name }) => own(name)), ...[...local.volumes.values()].map(bytesOf)];
  if (ofPod !== undefined && all.reduce((sum, one) => sum + one, 0) > ceilUnits(ofPod)) {
    const limit = formatQuantity(ofPod);
    const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
    return { signal: "ephemeralpodfs.limit", message };
  }
  for (const { name, limit } of containerBounds(pod)) {
    if (own(name) <= ceilUnits(limit)) continue;
    const message = `Container ${name} exceeded its local ephemeral storage limit "${formatQuantity(limit)}". `;
    return { signal: "ephemeralcontainerfs.limit", message };
  }
  return undefined;
}

/** How a pod ends that is over a bound of its own: at once, and not as one that was disturbed (node.md 5.1). */
export const overuseEnding = ({ message }: Overuse): Omit<Ending, "sinceMonoMs"> => ({
  cause: "overused",
  graceSeconds: 1,
  result: { phase: "Failed", reason: "Evicted", message },
});

type Bound = { readonly name: string; readonly limit: Quantity };

/** A volume in memory bounds itself; 0 is no bound. */
const volumeBounds = ({ volumes }: DesiredPod): readonly Bound[] =>
  volumes.flatMap(({ name, spec: { emptyDir } }) => {
    const limit = parseQuantity(emptyDir?.sizeLimit ?? "0") ?? ZERO;
    return limit.nanos > 0n && (emptyDir?.medium ?? "") === "" ? [{ name, limit }] : [];
  });

const containerBounds = ({ containers }: DesiredPod): readonly Bound[] =>
  containers.flatMap(({ name, role, spec }) => {
    const limit = readResources(spec.resources?.limits).get(STORAGE) ?? ZERO;
    return role !== "init" && limit.nanos > 0n ? [{ name, limit }] : [];
  });

const bytesOf = (use: DiskUse | undefined): number => use?.bytes ?? 0;
