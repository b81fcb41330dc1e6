import type { MonoMs } from "../base/clock.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import { expand } from "../pod/expansion.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import type { Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";
import { newestOf } from "./instances.ts";
import { isOver } from "./life.ts";
import { PROBE_KINDS, type ProbeKind } from "./probing.ts";

/** One running container instance that has probes, as the prober has to know it. */
export type ProbeTarget = {
  readonly container: DesiredContainer;
  readonly id: string;
  /** When it began, on the agent's own clock; initial delays count from here (R3 step 7). */
  readonly startedAt: MonoMs;
  /** Empty while not known, and on the host network. */
  readonly podIp: string;
  /** The hook after its start is due or runs (H1). */
  readonly starting: boolean;
  readonly podEnding: boolean;
  /** What was proved of this instance before (D8). */
  readonly known: { readonly started: boolean; readonly ready: boolean };
};

/** The definition of a container's probe of this kind. */
export const probeOf = ({ spec }: DesiredContainer, kind: ProbeKind): v1.Probe | undefined => spec[`${kind}Probe`];

/** Only app containers and sidecars have probes (R1). */
export const hasProbes = ({ containers }: DesiredPod): boolean => containers.some(isProbed);

const isProbed = (container: DesiredContainer): boolean =>
  (container.role === "app" || container.role === "sidecar") &&
  PROBE_KINDS.some((kind) => probeOf(container, kind) !== undefined);

/** The instances whose probes may have something to ask: the newest of each container, while it runs (R1, R3). */
export function probeTargets(picture: Picture): readonly ProbeTarget[] {
  return picture.desired.containers.filter(isProbed).flatMap((container) => {
    const newest = newestOf(picture, container.name);
    return newest?.state === "running" ? [targetOf(picture, container, newest)] : [];
  });
}

function targetOf(picture: Picture, container: DesiredContainer, instance: ObservedContainer): ProbeTarget {
  const { memory, now, observed } = picture;
  const { started, ready, postStart } = memory.instances[instance.id] ?? {};
  const startedWallMs = instance.startedWallMs ?? instance.createdWallMs;
  return {
    container,
    id: instance.id,
    startedAt: now.monoMs - Math.max(0, now.wallMs - startedWallMs),
    podIp: observed.sandboxes.find(({ id }) => id === instance.sandboxId)?.ips?.[0] ?? "",
    starting: postStart === "due" || postStart === "running",
    podEnding: isOver(picture),
    known: { started: started === true, ready: ready === true },
  };
}

/** Whether the probe's handler can be tried: some need the pod's address. */
export function isReachable(probe: v1.Probe, podIp: string, { hostNetwork }: DesiredPod): boolean {
  const needsAddress = probe.exec === undefined && !(probe.httpGet?.host || probe.tcpSocket?.host);
  return !needsAddress || hostNetwork || podIp !== "";
}

/** An exec probe's command with `$(NAME)` expanded from variables that are written out; others stay as they are (R13). */
export function probeCommand({ spec }: DesiredContainer, probe: v1.Probe): readonly string[] | undefined {
  const command = probe.exec?.command;
  if (command?.some((word) => word.includes("$")) !== true) return command;
  const literal = new Map((spec.env ?? []).filter(isLiteral).map(({ name, value = "" }) => [name, value]));
  return command.map((word) => expand(word, (name) => literal.get(name)));
}

const isLiteral = ({ valueFrom }: v1.EnvVar): boolean => valueFrom === undefined;
