import { makeBell } from "../base/bell.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Placement } from "../pod/cluster.ts";
import type { DesiredPod, Ending } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import type { NodePicture, NodePlan, WorkerFacts } from "../pod/node-plan.ts";
import type { ResizeWord } from "../pod/plan.ts";
import type { Pressures } from "../pod/pressure.ts";
import type { Shutdown, ShutdownGroup } from "../pod/shutdown.ts";
import type { RuntimeCapabilities } from "../ports.ts";
import type { Round } from "./loop.ts";
import { restAfter } from "./rest.ts";
import type { Roster } from "./roster.ts";
import type { Rules } from "./rules.ts";
import type { Sources } from "./sources.ts";
import { makeShowWorking, showResizes } from "./working-pods.ts";

/**
 * The loop between pods: who begins, who ends, whose turn a name is, who is admitted.
 *
 * N1  A plan is carried out whole before the next picture is taken.
 * N2  Workers hear the node's word in the turn in which they begin, before they first look.
 * N3  It runs when workers came, went or finished, when the set that is asked for changed, and on a slow beat; never for
 *     anything that happens inside one pod.
 * N4  It takes at most a fifth of the time, however many workers came, went or finished.
 * N5  A shutdown of the host is over for the pods when every group has had its turn; until it is called off nothing begins.
 * N6  A pod that nobody asks for ends by its own grace and hooks where a record tells them, else by the orphan's.
 */
export type Node = {
  ring(): void;
  /** The host shuts down: pods end, group after group. Resolves when all have had their time; for no groups, at once. */
  shutDown(): Promise<void>;
  /** It does not shut down, or that was called off: what a shutdown has ended runs again. */
  goOn(): void;
  isShuttingDown(): boolean;
  readonly run: Round;
  readonly beatWithinMs: number;
};

const BEAT_MS = 60_000;

/** A node loop that has not begun. */
export function makeNode(tools: {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly facts: NodeFacts;
  readonly settings: NodeSettings;
  readonly shutdownGroups: readonly ShutdownGroup[];
  readonly roster: Roster;
  /** Pods of an API server are all known, or there is no such server. */
  boundReady(): boolean;
  /** What the node is short of. */
  readonly pressures: () => Pressures | undefined;
  /** What the runtime can do, once it has told. */
  readonly capabilities: () => Pick<RuntimeCapabilities, "supplementalGroupsPolicy"> | undefined;
  /** How the API server shows the node. */
  readonly placement: () => Placement | undefined;
  readonly sources: Pick<Sources, "asked" | "broken" | "manifest" | "ready">;
}): Node {
  const { rules, clock, log, roster, sources } = tools;
  const bell = makeBell(clock);
  const showWorking = makeShowWorking(tools.meter);
  let shutdown: Shutdown | undefined;
  /** @bound What was known of the pods in the last round. */
  let seen: readonly WorkerFacts[] | undefined;
  let hostGoesOn = tools.shutdownGroups.length === 0;
  let over = Promise.withResolvers<void>();

  const picture = (): NodePicture => {
    const pressures = tools.pressures();
    const placement = tools.placement();
    const asked = sources.asked();
    const askedUids = new Set(asked.map(({ uid }) => uid));
    const workers = roster.facts();
    showWorking(workers, askedUids);
    showResizes(tools.meter, workers);
    const workersBefore = seen;
    seen = workers;
    return {
      facts: tools.facts,
      settings: tools.settings,
      workers,
      ...(workersBefore === undefined ? {} : { workersBefore }),
      asked,
      sourcesReady: sources.ready(),
      boundReady: tools.boundReady(),
      brokenFiles: sources.broken(),
      strangers: roster.strangers(),
      ...(shutdown === undefined ? {} : { shutdown }),
      hostGoesOn,
      ...(pressures === undefined ? {} : { pressures }),
      ...(tools.capabilities()?.supplementalGroupsPolicy === false ? { lacksStrictGroups: true } : {}),
      ...(placement === undefined ? {} : { placement }),
      now: clock.now(),
    };
  };
  const carryOut = (plan: NodePlan): void => {
    shutdown = plan.shutdown;
    if (shutdown !== undefined && rules.isShutdownOver(shutdown)) over.resolve();
    const sinceMonoMs = clock.now().monoMs;
    for (const { uid, ending, lack } of plan.end) {
      if (lack !== undefined) tools.meter.add("kubelet_preemptions", { preemption_signal: lack });
      log.info("a pod is told to end", { pod: uid, cause: ending.cause, graceSeconds: ending.graceSeconds });
      roster.get(uid)?.end({ ...ending, sinceMonoMs });
    }
    // Who is to end was there first: whoever is asked for under its name waits for it (T13).
    for (const uid of plan.orphans) {
      roster.beginStranger(uid, (pod) => {
        if (pod === undefined) tools.meter.add("kubelet_orphaned_runtime_pods_total", {});
        return strangerEnding(pod, sinceMonoMs);
      });
    }
    for (const pod of plan.begin) roster.begin(pod, sources.manifest(pod.uid));
    for (const worker of roster.all()) {
      const { admission } = worker.facts();
      worker.tell({
        turn: plan.turns.get(worker.uid) ?? false,
        admission: plan.admissions.get(worker.uid) ?? admission,
        ...resizeOf(plan, worker.uid),
      });
    }
    for (const uid of plan.forget) roster.forget(uid);
  };

  return {
    ring: bell.ring,
    shutDown() {
      if (shutdown !== undefined) return over.promise;
      shutdown = rules.beginShutdown(tools.shutdownGroups, clock.now().monoMs);
      over = Promise.withResolvers();
      hostGoesOn = false;
      bell.ring();
      return over.promise;
    },
    goOn() {
      shutdown = undefined;
      hostGoesOn = true;
      bell.ring();
    },
    isShuttingDown: () => shutdown !== undefined,
    beatWithinMs: 3 * BEAT_MS,
    async run(signal, beat) {
      while (!signal.aborted) {
        const { monoMs } = clock.now();
        const plan = rules.nextNodePlan(picture());
        carryOut(plan);
        beat();
        const rest = restAfter(monoMs, clock, signal);
        if (rest !== undefined) await rest;
        await bell.wait(Math.min(clock.now().monoMs + BEAT_MS, plan.wakeAt ?? Number.POSITIVE_INFINITY), signal);
      }
    },
  };
}

function resizeOf({ resizes }: NodePlan, uid: string): { readonly resize?: ResizeWord } {
  const resize = resizes.get(uid);
  return resize === undefined ? {} : { resize };
}

/** Its own grace and hooks where they are known, else the orphan's grace, which its rebuilt pod carries (D1, G5). */
function strangerEnding(pod: DesiredPod | undefined, sinceMonoMs: number): Ending {
  return pod === undefined
    ? { cause: "orphaned", graceSeconds: 1, sinceMonoMs }
    : { cause: "removed", graceSeconds: Math.max(pod.graceSeconds, 1), sinceMonoMs };
}
