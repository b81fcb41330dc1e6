import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DesiredPod } from "../../src/pod/desired.ts";
import { app, ending, init, NOW, pod, sidecar, volume } from "../kit/pictures.ts";
import { type Fault, SmallWorld } from "../kit/small-world.ts";

const hook = { exec: { command: ["true"] } };
const pods: readonly DesiredPod[] = [
  pod(),
  pod({ containers: [app("a"), app("b", { spec: { lifecycle: { postStart: hook, preStop: hook } } }), app("c")] }),
  pod({ containers: [init("i"), init("j"), app("a")], volumes: [volume("data")] }),
  pod({
    containers: [sidecar("s", { spec: { lifecycle: { preStop: hook } } }), init("i"), sidecar("t"), app("a"), app("b")],
  }),
  pod({ restartPolicy: "OnFailure", containers: [init("i"), app("a", { restartPolicy: "OnFailure" })] }),
  pod({
    restartPolicy: "Never",
    containers: [sidecar("s"), app("a", { restartPolicy: "Never" }), app("b", { restartPolicy: "Never" })],
  }),
  pod({
    containers: [init("i"), app("a"), app("e", { role: "ephemeral", restartPolicy: "Never", target: "a" })],
  }),
];

type Step =
  | { readonly kind: "settle"; readonly pick: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "exit"; readonly pick: number; readonly code: number; readonly told: boolean }
  | { readonly kind: "loseSandbox"; readonly told: boolean; readonly spared: boolean }
  | { readonly kind: "list" }
  | { readonly kind: "verdict"; readonly pick: number; readonly probe: "startup" | "liveness" }
  | { readonly kind: "restartAgent" }
  | { readonly kind: "end"; readonly graceSeconds: number };

const fault = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>("none") },
  { weight: 1, arbitrary: fc.constantFrom<Fault>("refused", "lostBefore", "lostAfter") },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant("settle" as const), pick: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 300, 2000, 11_000, 70_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("exit" as const),
      pick: fc.nat(5),
      code: fc.constantFrom(0, 0, 1),
      told: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("loseSandbox" as const), told: fc.boolean(), spared: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("list" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("verdict" as const),
      pick: fc.nat(5),
      probe: fc.constantFrom("startup" as const, "liveness" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restartAgent" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), graceSeconds: fc.constantFrom(0, 5, 30) }) },
);

function take(world: SmallWorld, one: Step): void {
  switch (one.kind) {
    case "settle":
      world.settle(one.pick);
      return;
    case "wait":
      world.monoMs += one.ms;
      return;
    case "exit":
      world.exit(one.pick, one.code, one.told);
      return;
    case "loseSandbox":
      world.loseSandbox(one.told, one.spared);
      return;
    case "list":
      world.list();
      return;
    case "verdict": {
      const ids = [...world.containers.keys()];
      const id = ids[one.pick % Math.max(1, ids.length)];
      if (id !== undefined) world.verdicts.set(id, { [one.probe]: "failed" });
      return;
    }
    case "restartAgent":
      world.restartAgent();
      return;
    case "end":
      world.ending ??= ending({ graceSeconds: one.graceSeconds, sinceMonoMs: world.monoMs });
      world.around = { ...world.around, asked: false };
  }
}

/** No more faults: time passes and lists come until nothing is left to do. Answers how it ended. */
function calm(world: SmallWorld): boolean {
  const done = (): Fault => "none";
  for (let round = 0; round < 3000; round += 1) {
    const wakeAt = world.plan(done);
    if (world.settle(0)) {
      world.monoMs += 1;
      continue;
    }
    finishInits(world);
    if (world.monoMs > NOW.monoMs + 40_000_000 && wakeAt === undefined) return true;
    const before = world.known.observed;
    world.monoMs = Math.min(wakeAt ?? world.monoMs + 60_000, world.monoMs + 60_000);
    world.list();
    if (wakeAt === undefined && world.known.observed === before) {
      world.plan(done);
      if (world.inFlight.size === 0) return true;
    }
  }
  return false;
}

function finishInits(world: SmallWorld): void {
  const inits = new Set(world.desired.containers.filter(({ role }) => role === "init").map(({ name }) => name));
  const running = [...world.containers.values()].filter(({ state }) => state === "running");
  const index = running.findIndex(({ name }) => inits.has(name));
  if (index >= 0) world.exit(index, 0, true);
}

function isRight(world: SmallWorld): boolean {
  if (world.ending !== undefined) return world.containers.size === 0 && world.sandboxes.size === 0;
  if (world.memory.terminal !== undefined) return !world.isRunning();
  const lasting = world.desired.containers.filter(({ role }) => role !== "init" && role !== "ephemeral");
  const running = [...world.containers.values()].filter(({ state }) => state === "running").map(({ name }) => name);
  const over = (name: string): boolean =>
    [...world.containers.values()].some((one) => one.name === name && one.exitCode !== undefined);
  return lasting.every(
    ({ name, restartPolicy }) => running.includes(name) || (restartPolicy !== "Always" && over(name)),
  );
}

describe("a pod in a world of faults", () => {
  it("keeps its promises at every step and comes to rest where it should", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pods),
        fc.array(step, { minLength: 10, maxLength: 120 }),
        fc.infiniteStream(fault),
        (desired, steps, faults) => {
          const world = new SmallWorld(desired);
          const draw = (): Fault => faults.next().value ?? "none";
          for (const one of steps) {
            world.plan(draw);
            take(world, one);
          }
          const rests = calm(world);
          const story = [...world.trace.slice(-60), ...world.broken].join("\n");
          expect(world.broken, story).toEqual([]);
          expect(rests, `never rests\n${story}`).toBe(true);
          expect(isRight(world), `rests in the wrong place\n${story}`).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
