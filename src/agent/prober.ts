import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Moment } from "../decide/moment.ts";
import { hasProbes, type ProbeTarget, probeOf, probeTargets } from "../decide/probe-targets.ts";
import { PROBE_KINDS, type ProbeKind, verdictsOf } from "../decide/probing.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { ContainerVerdicts, Picture, Verdicts } from "../pod/plan.ts";
import type { ProbeView } from "../pod/view.ts";
import type { Handlers } from "../ports.ts";
import type { Gates } from "./gates.ts";
import { type LastAttempt, makeProbe, type Probe } from "./probe.ts";
import { makeProbeCounts, type ProbeCounts } from "./probe-counts.ts";
import { makeProbeRooms } from "./probe-rooms.ts";

/**
 * Where probes run (lifecycle.md 6): it follows what runs, keeps the timers, and rings a pod's bell when a verdict flips.
 * What a run of answers means is decided in decide/.
 *
 * O1  One probe for each kind of each instance; another instance begins anew (R1, R2, R7).
 * O2  A pod without probes costs nothing; an attempt that changes nothing costs no picture and no plan.
 * O3  How many handlers run at once is bounded, and one that only waits for its answer holds up no other.
 */
export type Prober = {
  /** Told after each plan of a pod. */
  follow(picture: Picture): void;
  forget(podUid: string): void;
  /** Ends every probe, once nobody plans any more: what has been learnt stays in the records. */
  leave(): void;
  /** The answers so far, as pictures show them. */
  verdicts(podUid: string): Verdicts;
  /** The answers so far, as people are shown them. */
  show(podUid: string): readonly ProbeView[];
};

/** What the prober works with, and whom it tells. */
export type ProberTools = {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly meter: Meter;
  readonly gates: Gates;
  readonly handlers: Handlers;
  /** The pod's bell. */
  ring(podUid: string): void;
  /** Something worth an event. */
  tell(podUid: string, moment: Extract<Moment, { kind: "probed" }>): void;
};

type Instance = { readonly id: string; readonly name: string; readonly probes: ReadonlyMap<ProbeKind, Probe> };
/** By container id; verdicts are worked out again after a flip only. */
type Ward = { readonly instances: Map<string, Instance>; readonly counts: ProbeCounts; verdicts: Verdicts | undefined };

const none: Verdicts = new Map();

/** A prober that follows no pod yet. */
export function makeProber(tools: ProberTools): Prober {
  /** @bound Pods that are probed: one entry for each, with one probe of each kind for each running container. */
  const wards = new Map<string, Ward>();
  const rooms = makeProbeRooms(tools);
  const agentBeganAt = tools.clock.now().monoMs;

  const begin = (pod: DesiredPod, ward: Ward, target: ProbeTarget): Instance => {
    const { name } = target.container;
    const probes = PROBE_KINDS.flatMap((kind): [ProbeKind, Probe][] => {
      const definition = probeOf(target.container, kind);
      if (definition === undefined) return [];
      const crew = {
        clock: tools.clock,
        fraction: tools.chance.fraction(),
        agentBeganAt,
        enter: rooms.enter,
        run: rooms.run,
        onBegun: ward.counts.late,
        onAttempt: (last: LastAttempt, flipped: boolean) => note(pod.uid, ward, name, kind, last, flipped),
      };
      return [[kind, makeProbe(kind, definition, { pod, target }, crew)]];
    });
    const instance = { id: target.id, name, probes: new Map(probes) };
    ward.instances.set(target.id, instance);
    ward.verdicts = undefined;
    return instance;
  };
  const note = (
    uid: string,
    ward: Ward,
    container: string,
    probe: ProbeKind,
    { attempt, result, tookMs }: LastAttempt,
    flipped: boolean,
  ): void => {
    ward.counts.attempt(container, probe, attempt, tookMs);
    if (flipped) ward.verdicts = undefined;
    if (result.kind !== "success") tools.tell(uid, { kind: "probed", container, probe, result });
    if (flipped) tools.ring(uid);
  };
  const end = (ward: Ward, instance: Instance): void => {
    for (const probe of instance.probes.values()) probe.end();
    ward.instances.delete(instance.id);
    ward.verdicts = undefined;
  };
  const wardOf = (pod: DesiredPod): Ward => {
    const known = wards.get(pod.uid);
    if (known !== undefined) return known;
    const ward: Ward = { instances: new Map(), counts: makeProbeCounts(pod, tools.meter), verdicts: undefined };
    wards.set(pod.uid, ward);
    return ward;
  };

  return {
    follow(picture) {
      const pod = picture.desired;
      if (!hasProbes(pod)) return;
      const targets = probeTargets(picture);
      const ward = wardOf(pod);
      for (const instance of [...ward.instances.values()]) {
        if (!targets.some(({ id }) => id === instance.id)) end(ward, instance);
      }
      for (const target of targets) {
        const { probes } = ward.instances.get(target.id) ?? begin(pod, ward, target);
        for (const probe of probes.values()) probe.update(pod, target, hasStarted(probes));
      }
    },
    forget(podUid) {
      const ward = wards.get(podUid);
      if (ward === undefined) return;
      for (const instance of [...ward.instances.values()]) end(ward, instance);
      ward.counts.drop();
      wards.delete(podUid);
    },
    leave() {
      for (const ward of wards.values()) {
        for (const instance of [...ward.instances.values()]) end(ward, instance);
      }
    },
    verdicts(podUid) {
      const ward = wards.get(podUid);
      if (ward === undefined) return none;
      ward.verdicts ??= new Map([...ward.instances].map(([id, { probes }]) => [id, verdictsOfAll(probes)]));
      return ward.verdicts;
    },
    show(podUid) {
      const instances = [...(wards.get(podUid)?.instances.values() ?? [])];
      return instances.flatMap(({ name, probes }) => [...probes.values()].map((probe) => viewOf(name, probe)));
    },
  };
}

/** The startup probe has passed, or there is none (R11). */
function hasStarted(probes: ReadonlyMap<ProbeKind, Probe>): boolean {
  const startup = probes.get("startup");
  return startup === undefined || startup.memory.result === "passed";
}

const verdictsOfAll = (probes: ReadonlyMap<ProbeKind, Probe>): ContainerVerdicts =>
  verdictsOf(Object.fromEntries([...probes].map(([kind, { memory }]) => [kind, memory])));

/** The output of a success is a container's own words, which not every reader may see. */
function viewOf(container: string, { kind, memory, last }: Probe): ProbeView {
  const shown =
    last === undefined
      ? {}
      : {
          last: {
            attempt: last.attempt,
            atWallMs: last.endedWallMs,
            tookMs: Math.round(last.tookMs),
            output: last.result.kind === "success" ? "" : last.result.output,
          },
        };
  const streak = memory.streak.count === 0 ? undefined : memory.streak;
  return { container, probe: kind, result: memory.result, ...(streak && { streak }), ...shown };
}
