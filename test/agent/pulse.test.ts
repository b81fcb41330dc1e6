import { describe, expect, it } from "vitest";
import { startLoop } from "../../src/agent/loop.ts";
import { makePulse } from "../../src/agent/pulse.ts";
import { type LogFields, silentLog } from "../../src/base/log.ts";
import type { AgentHealth } from "../../src/pod/view.ts";
import type { SupervisorNews } from "../../src/ports.ts";
import { handClock } from "../kit/clock.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

function begin(health: AgentHealth, aliveWithinMs?: number) {
  const clock = handClock();
  const told: SupervisorNews[] = [];
  const leaving = new AbortController();
  const supervisor = {
    ...(aliveWithinMs === undefined ? {} : { aliveWithinMs }),
    tell: async (news: SupervisorNews) => void told.push(news),
  };
  const agent = { health };
  const logged: unknown[] = [];
  const log = { ...silentLog, error: (_message: string, fields?: LogFields) => void logged.push(fields?.reasons) };
  const pulse = makePulse({ supervisor, clock, log, health: () => agent.health, status: () => "3 pods" });
  const over = pulse(leaving.signal);
  const kinds = (): string[] => told.map(({ kind }) => kind);
  return { clock, told, kinds, logged, agent, over, leave: () => leaving.abort() };
}

const good: AgentHealth = { live: true, ready: true, reasons: [] };
const early: AgentHealth = { live: true, ready: false, reasons: ["the manifest directory is being read"] };
const hung: AgentHealth = { live: false, ready: false, reasons: ['the loop "node" hangs'] };

describe("the pulse", () => {
  it("says ready once, when the first pass is done (P1)", async () => {
    const { clock, kinds, agent, told } = begin(early);
    await clock.advance(5 * SECOND_MS);
    expect(kinds()).toEqual([]);
    agent.health = good;
    await clock.advance(SECOND_MS);
    expect(told).toEqual([{ kind: "ready", status: "3 pods" }]);
    expect(clock.sleepers).toBe(0);
  });

  it("does not hold up the host for what cannot come to pass (P1)", async () => {
    const { clock, told } = begin(early);
    await clock.advance(MINUTE_MS);
    expect(told).toEqual([{ kind: "ready", status: "3 pods; the manifest directory is being read" }]);
  });

  it("gives signs of life in time, and none while a loop hangs (P2)", async () => {
    const { clock, kinds, agent, logged } = begin(good, 30 * SECOND_MS);
    await clock.advance(MINUTE_MS);
    expect(kinds()).toEqual(["ready", ...Array.from({ length: 6 }, () => "alive")]);
    agent.health = hung;
    await clock.advance(10 * MINUTE_MS);
    expect(kinds()).toHaveLength(7);
    expect(logged).toEqual([hung.reasons]);
    agent.health = good;
    await clock.advance(10 * SECOND_MS);
    expect(kinds()).toHaveLength(8);
  });

  it("ends with the signal", async () => {
    const { clock, over, leave, kinds } = begin(early, 30 * SECOND_MS);
    await clock.advance(SECOND_MS);
    leave();
    await over;
    expect(kinds()).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });
});

describe("a loop", () => {
  const tools = () => ({ clock: handClock(), log: silentLog, signal: new AbortController().signal });

  it("is unwell when a round is overdue, and well again after the next", async () => {
    const { clock, ...others } = tools();
    let beat = (): void => {};
    const run = async (_signal: AbortSignal, mine: () => void): Promise<void> => {
      beat = mine;
      await new Promise(() => {});
    };
    const loop = startLoop("one", run, { clock, ...others, beatWithinMs: MINUTE_MS });
    await clock.advance(MINUTE_MS - 1);
    expect(loop.well()).toBe(true);
    await clock.advance(1);
    expect(loop.well()).toBe(false);
    beat();
    expect(loop.well()).toBe(true);
  });

  it("that only waits for bells owes no beats", async () => {
    const { clock, ...others } = tools();
    const loop = startLoop("one", () => new Promise(() => {}), { clock, ...others });
    await clock.advance(60 * MINUTE_MS);
    expect(loop.well()).toBe(true);
  });
});
