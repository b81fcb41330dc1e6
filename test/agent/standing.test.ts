import { describe, expect, it } from "vitest";
import { nodeConditions } from "../../src/decide/node-conditions.ts";
import { makeWorld, type World } from "../kit/world.ts";

const STEP_MS = 250;

/** What the node's Ready condition says, step by step for so long; the same words in a row once. */
async function follow(host: World, forMs: number): Promise<{ atMs: number; says: string }[]> {
  const begunMs = host.clock.now().monoMs;
  const told: { atMs: number; says: string }[] = [];
  while (host.clock.now().monoMs < begunMs + forMs) {
    const now = host.clock.now();
    const ready = nodeConditions([], host.agent().standing(), [], now).at(-1);
    const says = ready?.status === "True" ? "Ready" : (ready?.message ?? "");
    if (told.at(-1)?.says !== says) told.push({ atMs: now.monoMs - begunMs, says });
    await host.clock.advance(STEP_MS);
  }
  return told;
}

async function atRest(): Promise<World> {
  const host = makeWorld();
  await host.start();
  await host.clock.advance(20_000);
  return host;
}

describe("the node's Ready condition (node.md 2.3, 2.6)", () => {
  it("does not mind a runtime that is away for 3 s, though pods wait for it", async () => {
    const host = await atRest();
    void host.runtime.restart(3000);
    const unready: boolean[] = [];
    host.agent().onStanding(() => void unready.push(!host.agent().view.health().ready));
    expect((await follow(host, 20_000)).map(({ says }) => says)).toEqual(["Ready"]);
    expect(unready).toContain(true);
    expect(host.agent().view.health().ready).toBe(true);
  });

  it("does not mind one call that is not answered in time", async () => {
    const host = await atRest();
    host.runtime.faults.script("Status", { kind: "times out before" });
    expect((await follow(host, 29_000)).map(({ says }) => says)).toEqual(["Ready"]);
  });

  it("says that a runtime is down 30 s after its last word, and that it is there again", async () => {
    const host = await atRest();
    void host.runtime.restart(60_000);
    const told = await follow(host, 70_000);
    expect(told.map(({ says }) => says)).toEqual(["Ready", "container runtime is down", "Ready"]);
    const [, down, up] = told.map(({ atMs }) => atMs);
    expect(down).toBeGreaterThanOrEqual(25_000); // the last word is at most 5 s old when it goes away
    expect(down).toBeLessThanOrEqual(30_000 + STEP_MS);
    expect(up).toBeLessThanOrEqual(61_500);
  });

  it("minds what the runtime itself tells at once", async () => {
    const host = await atRest();
    host.runtime.health({ networkReady: false, message: "cni plugin not initialized" });
    const told = await follow(host, 6000);
    expect(told.at(-1)?.says).toBe(
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized",
    );
  });
});
