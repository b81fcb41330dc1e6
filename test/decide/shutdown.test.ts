import { describe, expect, it } from "vitest";
import {
  beginShutdown,
  carryShutdown,
  comesBack,
  isByShutdown,
  isShutdownOver,
  shutdownDelayMs,
  shutdownEnds,
  shutdownGroups,
} from "../../src/decide/shutdown.ts";
import { freshMemory } from "../../src/pod/memory.ts";
import type { WorkerFacts } from "../../src/pod/node-plan.ts";
import { aPod } from "../kit/pods.ts";

const NONE = { totalMs: 0, criticalMs: 0, byPriority: [] };
const GROUPS = [
  { priority: 0, graceSeconds: 10 },
  { priority: 100, graceSeconds: 20 },
  { priority: 2_000_000_000, graceSeconds: 30 },
];
const begun = beginShutdown(GROUPS, 1000);

const worker = (uid: string, priority: number | undefined, change: Partial<WorkerFacts> = {}): WorkerFacts => {
  const pod = aPod({ uid, graceSeconds: 25 });
  return {
    pod: { ...pod, spec: { ...pod.spec, ...(priority === undefined ? {} : { priority }) } },
    admission: { kind: "admitted" },
    finished: false,
    cleaned: false,
    terminal: false,
    byShutdown: false,
    adopted: false,
    arrival: 1,
    ...change,
  };
};
const endsAt = (turn: number, ...workers: WorkerFacts[]) =>
  shutdownEnds({ ...begun, turn }, workers).map(({ uid, ending }) => `${uid} ${ending.cause} ${ending.graceSeconds}s`);

describe("the groups (node.md 5.4)", () => {
  it("are two in the simple form, the critical last", () => {
    expect(shutdownGroups({ ...NONE, totalMs: 30_000, criticalMs: 10_000 })).toEqual([
      { priority: 0, graceSeconds: 20 },
      { priority: 2_000_000_000, graceSeconds: 10 },
    ]);
  });

  it("are those of the priorities, ascending, and need their sum", () => {
    const byPriority = [
      { priority: 100, shutdownGracePeriodSeconds: 5 },
      { priority: 0, shutdownGracePeriodSeconds: 60 },
    ];
    const groups = shutdownGroups({ ...NONE, byPriority });
    expect(groups.map(({ priority }) => priority)).toEqual([0, 100]);
    expect(shutdownDelayMs(groups)).toBe(65_000);
  });

  it("are none without any time", () => {
    expect(shutdownGroups(NONE)).toEqual([]);
  });
});

describe("who ends", () => {
  it("is the group whose turn it is: a pod belongs to the highest one that its priority reaches", () => {
    const pods = [worker("none", undefined), worker("below", -5), worker("mid", 150), worker("top", 2_000_001_000)];
    expect(endsAt(0, ...pods)).toEqual(["none shutdown 10s", "below shutdown 10s"]);
    expect(endsAt(1, ...pods)).toEqual(["mid shutdown 20s"]);
    expect(endsAt(2, ...pods)).toEqual(["top shutdown 25s"]);
    expect(endsAt(3, ...pods)).toEqual([]);
  });

  it("shows why", () => {
    const [end] = shutdownEnds(begun, [worker("web", 0)]);
    expect(end?.ending.result).toEqual({
      phase: "Failed",
      reason: "Terminated",
      message: "Pod was terminated in response to imminent node shutdown.",
    });
  });

  it("keeps its own cause where it ends already, in no more time than the group has", () => {
    const ending = { cause: "removed", graceSeconds: 300, sinceMonoMs: 0 } as const;
    expect(endsAt(0, worker("slow", 0, { ending }))).toEqual(["slow removed 10s"]);
    expect(endsAt(0, worker("quick", 0, { ending: { ...ending, graceSeconds: 3 } }))).toEqual([]);
  });

  it("is nobody who waits to begin or has finished", () => {
    expect(
      endsAt(0, worker("new", 0, { admission: { kind: "waiting" } }), worker("old", 0, { finished: true })),
    ).toEqual([]);
  });
});

describe("the turns", () => {
  it("go on when a group has finished or its time is up, and past those without pods", () => {
    const low = worker("low", 0);
    const top = worker("top", 2_000_000_000);
    expect(carryShutdown(begun, [low, top], 10_999).turn).toBe(0);
    const next = carryShutdown(begun, [low, top], 11_000);
    expect(next).toEqual({ ...begun, turn: 2, sinceMonoMs: 11_000 });
    const gone = carryShutdown(begun, [{ ...low, finished: true }, top], 2000);
    expect(gone).toEqual({ ...begun, turn: 2, sinceMonoMs: 2000 });
    expect(isShutdownOver(gone)).toBe(false);
    expect(isShutdownOver(carryShutdown(gone, [{ ...top, finished: true }], 3000))).toBe(true);
    expect(isShutdownOver(carryShutdown(begun, [], 1000))).toBe(true);
  });
});

describe("after a shutdown that was called off", () => {
  it("static pods come back when nothing is left to clean; those of the API server do not", () => {
    const ended = worker("web", 0, { byShutdown: true, finished: true, cleaned: true });
    expect(comesBack(ended)).toBe(true);
    expect(comesBack({ ...ended, cleaned: false })).toBe(false);
    expect(comesBack({ ...ended, byShutdown: false })).toBe(false);
    expect(comesBack({ ...ended, pod: { ...ended.pod, origin: { kind: "api" } } })).toBe(false);
  });

  it("only what this boot's shutdown has ended counts", () => {
    const memory = { ...freshMemory, terminal: { phase: "Failed", reason: "Terminated", bootId: "b1" } } as const;
    expect(isByShutdown(memory, "b1")).toBe(true);
    expect(isByShutdown(memory, "b2")).toBe(false);
    expect(isByShutdown(freshMemory, "b1")).toBe(false);
  });
});
