import { OVER } from "../base/bell.ts";
import type { Clock, MonoMs, TakeBack, WallMs } from "../base/clock.ts";
import { isReachable, type ProbeTarget, probeCommand } from "../decide/probe-targets.ts";
import {
  type Attempt,
  beginsAt,
  firstDue,
  isAskedNow,
  judgeAttempt,
  mayProbe,
  nextDue,
  noteAttempt,
  type ProbeKind,
  type ProbeMemory,
  recalledProbe,
} from "../decide/probing.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import type { ProbeRequest, ProbeResult } from "../ports.ts";

/**
 * One probe of one container instance: its timer and its attempts. What they mean is decided in decide/probing.ts.
 *
 * Q1  At most one timer and one attempt; an attempt that is no longer wanted is cut off and counts for nothing.
 * Q2  Attempts keep the beat of the first one, however long one takes or waits for room (R3).
 * Q3  An attempt that proves nothing is tried three times, then discarded (R4).
 * Q4  After its last word it has no timer (R6).
 * Q5  What its timer was late by is the agent's own fault, and added to the attempt's time.
 */
export type Probe = {
  readonly kind: ProbeKind;
  readonly memory: ProbeMemory;
  readonly last: LastAttempt | undefined;
  /** What is known of the instance has changed, or a status was worked out (R9). */
  update(pod: DesiredPod, target: ProbeTarget, started: boolean): void;
  /** Nothing more is asked. */
  end(): void;
};

/** The newest attempt that was not cut off. */
export type LastAttempt = {
  readonly attempt: Attempt;
  readonly result: ProbeResult;
  readonly endedWallMs: WallMs;
  readonly tookMs: number;
};

/** What a probe needs of the prober. */
export type ProbeCrew = {
  readonly clock: Clock;
  /** In [0, 1), drawn once for each probe. */
  readonly fraction: number;
  /** When the agent began to probe. */
  readonly agentBeganAt: MonoMs;
  /** Runs the handler when there is room; `begun` is called when it is its turn. Undefined when the signal came first. */
  enter<T>(probe: v1.Probe, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined>;
  run(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult>;
  /** An attempt begins so long after it was due. */
  onBegun(lateMs: number): void;
  onAttempt(last: LastAttempt, flipped: boolean): void;
};

/** Tries of an attempt that proves nothing (R4). @limit The attempt is discarded. */
const MOST_TRIES = 3;
/** The runtime itself ends an exec in time; this is what it gets beyond that. @limit The call is given up. */
const RUNTIME_GRACE_MS = 10_000;

/** A timer that is not later than this is on time. */
const PUNCTUAL_MS = 20;

/** A probe that has not asked yet. */
export function makeProbe(
  kind: ProbeKind,
  probe: v1.Probe,
  first: { readonly pod: DesiredPod; readonly target: ProbeTarget },
  crew: ProbeCrew,
): Probe {
  const { clock, fraction, agentBeganAt } = crew;
  const firstAt = firstDue(first.target.startedAt, probe, fraction);
  const command = probeCommand(first.target.container, probe);
  const limitMs = (probe.timeoutSeconds ?? 1) * 1_000;
  const callMs = probe.exec === undefined ? limitMs : limitMs + RUNTIME_GRACE_MS;
  let { pod, target } = first;
  let memory = recalledProbe(kind, target.known);
  let last: LastAttempt | undefined;
  /** Attempts are wanted: there is a timer, or an attempt that will set the next one. */
  let isWanted = false;
  let unset: TakeBack = () => {};
  /** What cuts off the attempt under way; another one, or none, once it is no longer wanted. */
  let attempting: AbortController | undefined;
  let dueAt: MonoMs = firstAt;
  let begunAt: MonoMs | undefined;
  /** When it could begin at the earliest: lateness counts from here where the last attempt has outlasted a beat. */
  let freeAt: MonoMs = firstAt;

  const stop = (): void => {
    isWanted = false;
    unset();
    attempting?.abort(OVER);
    attempting = undefined;
  };
  const schedule = (at: MonoMs): void => {
    unset();
    isWanted = true;
    dueAt = at;
    unset = clock.after(at - clock.now().monoMs, () => void attempt());
  };
  const attempt = async (): Promise<void> => {
    const cut = new AbortController();
    attempting = cut;
    const settled = await crew.enter(probe, cut.signal, () => tryOut(cut));
    if (settled === undefined || attempting !== cut) return;
    attempting = undefined;
    note(settled.result, settled.tookMs);
    freeAt = clock.now().monoMs;
    if (!memory.onHold && isWanted) schedule(nextDue(dueAt, freeAt, probe));
  };
  const tryOut = async (cut: AbortController): Promise<{ readonly result: ProbeResult; readonly tookMs: number }> => {
    begunAt = clock.now().monoMs;
    crew.onBegun(begunAt - Math.max(dueAt, freeAt));
    for (let tries = 1, sinceMonoMs = begunAt; ; tries += 1) {
      const result = await ask(cut, sinceMonoMs + callMs);
      const endedAt = clock.now().monoMs;
      const tookMs = endedAt - sinceMonoMs;
      if (result.kind !== "discarded" || tries === MOST_TRIES || cut.signal.aborted || tookMs >= limitMs) {
        return { result, tookMs };
      }
      sinceMonoMs = endedAt;
    }
  };
  /** One call of the handler; the signal that it gets ends with the probe's own time. */
  const ask = async (cut: AbortController, untilMonoMs: MonoMs): Promise<ProbeResult> => {
    const { container, id, podIp } = target;
    const request: ProbeRequest = { pod, container, probe: kind, containerId: id, podIp };
    const inTime = cutWhenTimeIsUp(cut, untilMonoMs);
    try {
      return await crew.run(command === undefined ? request : { ...request, command }, cut.signal);
    } finally {
      inTime();
    }
  };
  /** Where the loop stood still the answer may lie there unread: it has as long as the timer was late to be found. */
  const cutWhenTimeIsUp = (cut: AbortController, untilMonoMs: MonoMs): TakeBack => {
    const end = (): void => cut.abort(OVER);
    let takeBack = clock.after(callMs, () => {
      const lateMs = clock.now().monoMs - untilMonoMs;
      if (lateMs < PUNCTUAL_MS) end();
      else takeBack = clock.after(lateMs, end);
    });
    return () => takeBack();
  };
  const note = (result: ProbeResult, tookMs: number): void => {
    const judged = judgeAttempt(attemptOf(result), tookMs, probe);
    const before = memory.result;
    memory = noteAttempt(memory, kind, probe, judged);
    last = { attempt: judged, result, endedWallMs: clock.now().wallMs, tookMs };
    crew.onAttempt(last, memory.result !== before);
  };

  return {
    kind,
    get memory() {
      return memory;
    },
    get last() {
      return last;
    },
    update(nextPod, nextTarget, started) {
      pod = nextPod;
      target = nextTarget;
      if (memory.onHold) return;
      const { starting, podEnding, podIp } = target;
      const reachable = isReachable(probe, podIp, pod);
      if (!mayProbe(kind, { running: true, started, starting, podEnding, reachable })) return stop();
      if (attempting !== undefined) return;
      const now = clock.now().monoMs;
      if (!isWanted) {
        const instanceStartedAt = target.startedAt;
        const at = beginsAt(probe, { now, dueAt, instanceStartedAt, agentBeganAt, memory, fraction });
        freeAt = at;
        schedule(at);
      } else if (isAskedNow(kind, memory, { begunAt, firstAt, now })) {
        freeAt = now;
        schedule(now);
      }
    },
    end: stop,
  };
}

function attemptOf({ kind }: ProbeResult): Attempt {
  return kind === "failure" ? "failed" : kind === "discarded" ? "discarded" : "passed";
}
