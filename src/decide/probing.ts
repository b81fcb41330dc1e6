import type { MonoMs } from "../base/clock.ts";
import type { ContainerVerdicts } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";
export const PROBE_KINDS = ["startup", "liveness", "readiness"] as const satisfies readonly ProbeKind[];

/** What one probe of one container instance has shown so far. */
export type ProbeMemory = {
  /** As the world sees it; flips only after enough equal verdicts in a row (R5). */
  readonly result: "unknown" | "passed" | "failed";
  readonly streak: { readonly verdict: "passed" | "failed"; readonly count: number };
  /** It has said its last word about this instance (R6). */
  readonly onHold: boolean;
};

/** What an attempt came to; a discarded one proves nothing (R4). */
export type Attempt = "passed" | "failed" | "discarded";

/** First results of a new instance (R2): nobody is killed or served before a probe has spoken. */
export function freshProbe(kind: ProbeKind): ProbeMemory {
  const results = { startup: "unknown", liveness: "passed", readiness: "failed" } as const;
  return { result: results[kind], streak: { verdict: "passed", count: 0 }, onHold: false };
}

/**
 * What is known of an instance that runs already when it is first seen: what it had proved before the agent was restarted
 * stands until its probe says otherwise (D8, G3).
 */
export function recalledProbe(kind: ProbeKind, known: { started: boolean; ready: boolean }): ProbeMemory {
  const fresh = freshProbe(kind);
  if (kind === "startup" && known.started) return { ...fresh, result: "passed", onHold: true };
  return kind === "readiness" && known.ready ? { ...fresh, result: "passed" } : fresh;
}

/** The memory after one attempt (R4, R5, R6). */
export function noteAttempt(memory: ProbeMemory, kind: ProbeKind, probe: v1.Probe, attempt: Attempt): ProbeMemory {
  if (attempt === "discarded" || memory.onHold) return memory;
  const count = memory.streak.verdict === attempt ? memory.streak.count + 1 : 1;
  const streak = { verdict: attempt, count } as const;
  const needed = attempt === "passed" ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  if (count < needed) return { ...memory, streak };
  const last = kind === "startup" || (kind === "liveness" && attempt === "failed");
  return { result: attempt, streak, onHold: last };
}

/** Facts that decide whether a probe may run now. */
export type ProbeGate = {
  readonly running: boolean;
  /** The startup probe has passed, or there is none. */
  readonly started: boolean;
  /** The hook after the start still runs: to the world the container has not begun (H1). */
  readonly starting: boolean;
  readonly podEnding: boolean;
  /** Its pod has an address, or the handler needs none. */
  readonly reachable: boolean;
};

/** Whether the probe has anything to ask of the instance at this moment (R3 steps 1, 5, 6, 8; R11, R12; H1). */
export function mayProbe(kind: ProbeKind, gate: ProbeGate): boolean {
  if (!gate.running || gate.starting || !gate.reachable) return false;
  if (gate.podEnding && kind !== "readiness") return false;
  return kind === "startup" ? !gate.started : gate.started;
}

/** First attempts are spread over this much, so that many probes never fire in one tick. */
export const SPREAD_MS = 100;

/** When the first attempt at an instance is due: after its initial delay (R3 step 7), a little spread. */
export function firstDue(startedMonoMs: MonoMs, probe: v1.Probe, fraction: number): MonoMs {
  return startedMonoMs + (probe.initialDelaySeconds ?? 0) * 1_000 + fraction * SPREAD_MS;
}

/** What is known of an instance when its probe is to begin. */
export type ProbeBeginning = {
  readonly now: MonoMs;
  /** By {@link firstDue}; often long ago where the instance was found running. */
  readonly dueAt: MonoMs;
  readonly instanceStartedAt: MonoMs;
  readonly agentBeganAt: MonoMs;
  readonly memory: ProbeMemory;
  /** In [0, 1), drawn once for each probe. */
  readonly fraction: number;
};

/**
 * When a probe begins that has nothing to wait for. A new agent finds many instances at once, and asking all of them in its
 * first moments would be slow enough to fail some: those that are well as far as it knows have their turn within one period
 * (R8). Whoever waits for a verdict gets it at once.
 */
export function beginsAt(probe: v1.Probe, beginning: ProbeBeginning): MonoMs {
  const { now, dueAt, instanceStartedAt, agentBeganAt, memory, fraction } = beginning;
  if (dueAt > now) return dueAt;
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  const wasFound = instanceStartedAt < agentBeganAt && now - agentBeganAt < periodMs;
  return now + fraction * (wasFound && memory.result === "passed" ? periodMs : SPREAD_MS);
}

/** A readiness probe is asked at once for a status at most this often (R9). */
const ASKED_AGAIN_MS = 1_000;

/**
 * Whether a status that was worked out just now asks for an attempt at once: the container has started and is not ready (R9).
 * An attempt that began a moment ago answers it.
 */
export function isAskedNow(
  kind: ProbeKind,
  memory: ProbeMemory,
  { begunAt, firstAt, now }: { readonly begunAt: MonoMs | undefined; readonly firstAt: MonoMs; readonly now: MonoMs },
): boolean {
  if (kind !== "readiness" || memory.result === "passed" || now < firstAt) return false;
  return begunAt !== undefined && now - begunAt >= ASKED_AGAIN_MS;
}

/**
 * When the next attempt is due: on the beat of the first one. Of the beats that passed during an attempt the last one is
 * made up for at once, the others are left out (as R3's ticks do).
 */
export function nextDue(dueMonoMs: MonoMs, endedMonoMs: MonoMs, probe: v1.Probe): MonoMs {
  const periodMs = (probe.periodSeconds ?? 10) * 1_000;
  const beats = Math.max(1, Math.floor((endedMonoMs - dueMonoMs) / periodMs));
  return dueMonoMs + beats * periodMs;
}

/** An attempt that took this much longer than its own timeout stood still in the agent, not in the container. */
const OWN_FAULT_MS = 500;

/**
 * A failure that the agent's own lateness explains is never counted against the container. An exec probe's time is kept by
 * the runtime, whatever the agent does meanwhile.
 */
export function judgeAttempt(attempt: Attempt, tookMs: number, probe: v1.Probe): Attempt {
  if (probe.exec !== undefined) return attempt;
  const limitMs = (probe.timeoutSeconds ?? 1) * 1_000;
  return attempt === "failed" && tookMs > limitMs + OWN_FAULT_MS ? "discarded" : attempt;
}

/** The words that plans and statuses see; a startup probe without a word is still pending. */
export function verdictsOf(probes: Readonly<Partial<Record<ProbeKind, ProbeMemory>>>): ContainerVerdicts {
  const verdicts: { -readonly [K in ProbeKind]?: "passed" | "failed" } = {};
  for (const kind of PROBE_KINDS) {
    const result = probes[kind]?.result;
    if (result === "passed" || result === "failed") verdicts[kind] = result;
  }
  return verdicts;
}
