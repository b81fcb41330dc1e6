import { describe, expect, it } from "vitest";
import type { Perform } from "../../src/agent/perform.ts";
import type { RecordKeeper } from "../../src/agent/record-keeper.ts";
import { berthRules, type Rules } from "../../src/agent/rules.ts";
import { makeWorker, type Worker } from "../../src/agent/worker.ts";
import { silentLog } from "../../src/base/log.ts";
import { nothingKnown } from "../../src/decide/join.ts";
import type { Action, Outcome, Subject } from "../../src/pod/action.ts";
import type { Ending } from "../../src/pod/desired.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type { Sighting } from "../../src/pod/observed.ts";
import type { Picture, Plan } from "../../src/pod/plan.ts";
import { handClock } from "../kit/clock.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { aNode } from "../kit/node.ts";

const look: Action = { subject: "pod", kind: "look" };
const pull: Action = { subject: "image/app:1", kind: "pull-image", ref: "app:1" };
const sandbox: Action = { subject: "sandbox", kind: "run-sandbox", attempt: 0 };
const hook: Action = { subject: "hook/app", kind: "run-hook", hook: "preStop", id: "c1", name: "app" };
const stop: Action = {
  subject: "container/app",
  kind: "stop-container",
  id: "c1",
  name: "app",
  graceSeconds: 30,
  cause: "podEnding",
};

/** A worker whose plans and performers the test writes. */
function bench(script: (picture: Picture) => Partial<Plan>, options: { rules?: Partial<Rules> } = {}) {
  const clock = handClock();
  const pictures: Picture[] = [];
  const begun: Action[] = [];
  const saved: PodMemory[] = [];
  const statuses: unknown[] = [];
  const facts: boolean[] = [];
  const flights = new Map<Subject, { settle: (outcome: Outcome) => void; withdrawn: AbortSignal; begin: () => void }>();
  let closed = false;
  const rules: Rules = {
    ...berthRules,
    nextPlan(picture) {
      pictures.push(picture);
      return {
        actions: [],
        withdraw: [],
        holds: [],
        memory: picture.memory,
        finished: false,
        cleaned: false,
        ...script(picture),
      };
    },
    join: (known, news) => ({ ...known, observed: { ...known.observed, containers: news.containers, listed: true } }),
    noteOutcome: (memory) => memory,
    noteStatus: ({ memory }) => memory,
    podStatus: ({ observed }) => ({ phase: observed.containers.length > 0 ? "Running" : "Pending" }),
    news: () => [],
    ...options.rules,
  };
  const perform: Perform = (action, step) => {
    begun.push(action);
    return new Promise((settle) => {
      flights.set(action.subject, { settle, withdrawn: step.withdrawn, begin: step.begun });
      step.withdrawn.addEventListener("abort", () => settle({ kind: "withdrawn" }));
    });
  };
  const keeper: RecordKeeper = {
    keep: () => {},
    flush: async () => {},
    close: async () => {
      closed = true;
    },
    closed: () => closed,
  };
  const pod = desiredPod(plainPod("web"));
  const worker: Worker = makeWorker(
    {
      pod,
      known: nothingKnown,
      memory: freshMemory,
      adopted: false,
      arrival: 1,
    },
    {
      rules,
      clock,
      facts: aNode,
      log: silentLog,
      meter: silentMeter,
      perform,
      keeper,
      verdicts: () => new Map(),
      onPlanned: () => {},
      around: () => ({
        asked: true,
        runtimeReady: true,
        networkReady: true,
        documents: new Map(),
        bootId: "boot",
        maxRestartDelayMs: 300_000,
      }),
      keep: (_pod, memory) => saved.push(memory),
      onStatus: (told) => statuses.push(told.show().status),
      onObserved: () => {},
      onFacts: () => facts.push(worker.facts().finished),
      onEvents: () => {},
    },
  );
  const leaving = new AbortController();
  const over = worker.run(leaving.signal);
  const settle = async (subject: Subject, outcome: Outcome): Promise<void> => {
    const flight = flights.get(subject);
    if (flight === undefined) throw new Error(`${subject} is not in flight`);
    flights.delete(subject);
    flight.settle(outcome);
    await clock.settle();
  };
  return { clock, worker, pod, pictures, begun, saved, statuses, facts, flights, settle, leaving, over };
}

const done: Outcome = { kind: "done" };
const container = (podUid: string): Sighting => ({
  podUid,
  sandboxes: [],
  containers: [
    {
      id: "c1",
      sandboxId: "s1",
      name: "app",
      attempt: 0,
      hash: "1",
      backOffMs: 0,
      state: "running",
      createdWallMs: 0,
      image: "app:1",
      imageId: "i1",
      detailed: false,
    },
  ],
  gone: [],
});

describe("worker", () => {
  it("W1 makes one plan of many rings, from the moment's own picture", async () => {
    const { clock, worker, pictures, pod } = bench(() => ({}));
    await clock.settle();
    expect(pictures.length).toBe(1);
    worker.ring();
    worker.ring();
    worker.tell({ turn: true, admission: { kind: "admitted" } });
    worker.see(container(pod.uid));
    await clock.settle();
    expect(pictures.length).toBe(2);
    expect(pictures[1]?.around.turn).toBe(true);
    expect(pictures[1]?.observed.containers.length).toBe(1);
  });

  it("W2 has at most one action for a subject in flight, and works on others side by side", async () => {
    const { clock, worker, begun, settle } = bench(() => ({ actions: [look, pull] }));
    await clock.settle();
    worker.ring();
    await clock.settle();
    expect(begun).toEqual([look, pull]);
    await settle("pod", done);
    expect(begun).toEqual([look, pull, look]);
  });

  it("W3 keeps a withdrawn action in flight until it has settled", async () => {
    const { clock, worker, pictures, flights, settle } = bench(({ inFlight }) =>
      inFlight.has("sandbox") ? { withdraw: ["sandbox"] } : { actions: [sandbox] },
    );
    await clock.settle();
    flights.get("sandbox")?.begin();
    worker.ring();
    await clock.settle();
    worker.ring();
    await clock.settle();
    expect(pictures.at(-1)?.inFlight.get("sandbox")).toMatchObject({ begun: true, withdrawn: true });
    expect(flights.get("sandbox")?.withdrawn.aborted).toBe(false);
    await settle("sandbox", done);
    expect(pictures.at(-1)?.inFlight.has("sandbox")).toBe(false);
  });

  it("W3 drops what still queues, cancels pulls and hooks, and ends the wait of a stop", async () => {
    const { clock, worker, flights } = bench(({ inFlight }) =>
      inFlight.size > 0 ? { withdraw: [...inFlight.keys()] } : { actions: [sandbox, pull, hook, stop] },
    );
    await clock.settle();
    for (const subject of [pull.subject, hook.subject, stop.subject]) flights.get(subject)?.begin();
    const signals = [sandbox, pull, hook, stop].map(({ subject }) => flights.get(subject)?.withdrawn);
    worker.ring();
    await clock.settle();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true, true]);
  });

  it("W4 shows the next plan what an outcome proved and left behind", async () => {
    const rules: Partial<Rules> = { noteOutcome: (memory, action) => ({ ...memory, lookedAt: action.subject.length }) };
    const { clock, pictures, settle, pod } = bench(({ observed }) => (observed.listed ? {} : { actions: [look] }), {
      rules,
    });
    await clock.settle();
    await settle("pod", { kind: "done", seen: { kind: "objects", sighting: container(pod.uid) } });
    const last = pictures.at(-1);
    expect([last?.observed.containers[0]?.id, last?.memory.lookedAt, last?.inFlight.size]).toEqual(["c1", 3, 0]);
  });

  it("W5 plans nothing for news that changes nothing, and sleeps without a timer", async () => {
    const { clock, worker, pictures, pod } = bench(() => ({}), { rules: { join: (known) => known } });
    await clock.settle();
    worker.see(container(pod.uid));
    worker.tell({ turn: false, admission: { kind: "waiting" } });
    await clock.advance(3_600_000);
    expect([pictures.length, clock.sleepers]).toEqual([1, 0]);
  });

  it("W5 looks again at the moment that the plan asked for, and a moment that has passed does not make it spin", async () => {
    const { clock, pictures } = bench(({ now }) => ({ wakeAt: now.monoMs < 10_000 ? 10_000 : 0 }));
    await clock.advance(9_999);
    expect(pictures.length).toBe(1);
    await clock.advance(1);
    expect(pictures.length).toBe(2);
    await clock.advance(5);
    expect(pictures.length).toBe(7);
  });

  it("W6 never takes an ending back, and only shrinks its grace", async () => {
    const { clock, worker, pictures } = bench(() => ({}));
    const told = (graceSeconds: number, cause: Ending["cause"]): Ending => ({
      cause,
      graceSeconds,
      sinceMonoMs: clock.now().monoMs,
    });
    worker.end(told(30, "finished"));
    await clock.advance(1000);
    worker.end(told(60, "removed"));
    await clock.settle();
    expect(pictures.at(-1)?.ending).toEqual({ cause: "removed", graceSeconds: 30, sinceMonoMs: 0 });
    worker.end(told(5, "removed"));
    await clock.settle();
    expect(pictures.at(-1)?.ending?.graceSeconds).toBe(5);
  });

  it("W7 asks for its record after every plan, also while it leaves", async () => {
    const { clock, worker, saved, leaving, over } = bench(() => ({}));
    await clock.settle();
    worker.ring();
    await clock.settle();
    leaving.abort();
    await over;
    expect(saved.length).toBe(3);
  });

  it("W8 tells a status when it differs, and only then", async () => {
    const { clock, worker, statuses, pod } = bench(() => ({}));
    await clock.settle();
    worker.ring();
    await clock.settle();
    worker.see(container(pod.uid));
    await clock.settle();
    expect(statuses).toEqual([{ phase: "Pending" }, { phase: "Running" }]);
  });

  it("W9 begins nothing more when it leaves, and waits for what it has begun", async () => {
    const { clock, leaving, over, flights, begun, settle, pictures } = bench(() => ({ actions: [sandbox] }));
    await clock.settle();
    flights.get("sandbox")?.begin();
    leaving.abort();
    let left = false;
    void over.then(() => {
      left = true;
    });
    await clock.advance(1000);
    expect([left, flights.get("sandbox")?.withdrawn.aborted]).toEqual([false, false]);
    await settle("sandbox", done);
    expect([left, begun.length, pictures.length]).toEqual([true, 1, 1]);
  });

  it("W9 does not wait for ever", async () => {
    const { clock, leaving, over, flights } = bench(() => ({ actions: [sandbox] }));
    await clock.settle();
    flights.get("sandbox")?.begin();
    leaving.abort();
    await clock.advance(5000);
    await over;
    expect(clock.sleepers).toBe(0);
  });

  it("goes on after a plan that failed", async () => {
    let plans = 0;
    const { clock, begun } = bench(() => {
      plans += 1;
      if (plans === 1) throw new Error("a fault in decide/");
      return { actions: [look] };
    });
    await clock.advance(1000);
    expect(begun).toEqual([look]);
  });

  it("is not forgotten for what it had cleaned before it was told to leave, or before the last news", async () => {
    const { clock, worker, pod } = bench(() => ({ finished: true, cleaned: true }));
    await clock.settle();
    expect(worker.facts()).toMatchObject({ cleaned: true });
    worker.end({ cause: "removed", graceSeconds: 1, sinceMonoMs: 0 });
    expect(worker.facts()).toMatchObject({ finished: true, cleaned: false });
    await clock.settle();
    expect(worker.facts()).toMatchObject({ cleaned: true });
    worker.see(container(pod.uid));
    expect(worker.facts()).toMatchObject({ cleaned: false });
  });

  it("gives its name on while the last of it is removed, and is cleaned only when nothing is in flight (T13)", async () => {
    const { clock, worker } = bench(() => ({ finished: true, cleaned: true, actions: [look] }), {
      rules: {},
    });
    await clock.settle();
    expect(worker.facts()).toMatchObject({ finished: true, cleaned: false });
  });
});
