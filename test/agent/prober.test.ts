import { describe, expect, it } from "vitest";
import { makeGates } from "../../src/agent/gates.ts";
import { makeProber, type Prober } from "../../src/agent/prober.ts";
import type { Clock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Moment } from "../../src/decide/moment.ts";
import { freshMemory } from "../../src/pod/memory.ts";
import type { Meter } from "../../src/pod/metrics.ts";
import type { Picture } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { ProbeRequest, ProbeResult } from "../../src/ports.ts";
import { type HandClock, handClock, seededChance } from "../kit/clock.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { allowing } from "../kit/pictures.ts";

type Answer = (request: ProbeRequest, signal: AbortSignal, clock: HandClock) => Promise<ProbeResult>;
const success: ProbeResult = { kind: "success", output: "" };
const limits = { home: 1, start: 8, pull: 5, read: 8, execProbe: 4 };

/** A prober with answers by hand, and what it tells. */
function bench(answer: Answer = async () => success, lateBy: (delayMs: number) => number = () => 0) {
  const clock = handClock();
  const lateClock: Clock = { ...clock, after: (ms, act) => clock.after(ms + lateBy(ms), act) };
  const begun: number[] = [];
  const late: number[] = [];
  const told: Moment[] = [];
  const rung: string[] = [];
  const series = new Map<string, number>();
  const key = (name: string, labels: object): string => `${name} ${Object.values(labels).join(" ")}`;
  const meter: Meter = {
    add: (name, labels) => void series.set(key(name, labels), (series.get(key(name, labels)) ?? 0) + 1),
    set: () => {},
    observe: (name, _labels, value) => void (name === "berth_probe_lateness_seconds" && late.push(value * 1000)),
    drop: (name, labels) => void series.delete(key(name, labels)),
  };
  const prober: Prober = makeProber({
    clock: lateClock,
    chance: seededChance(7),
    log: silentLog,
    meter,
    gates: makeGates(limits, meter),
    handlers: {
      runHook: async () => "",
      runProbe(request, signal) {
        begun.push(clock.now().monoMs);
        return answer(request, signal, clock);
      },
    },
    ring: (uid) => void rung.push(uid),
    tell: (_uid, moment) => void told.push(moment),
  });
  return { clock, prober, begun, late, told, rung, series };
}

/** A pod with one running container that has these probes. */
function picture(
  clock: HandClock,
  name: string,
  probes: Partial<v1.Container>,
  changes: Partial<Picture> = {},
): Picture {
  const desired = desiredPod(plainPod(name, { containers: [{ name: "app", image: "app:1", ...probes }] }));
  const now = clock.now();
  const container = {
    id: `${name}-0`,
    sandboxId: "box",
    name: "app",
    attempt: 0,
    hash: "",
    backOffMs: 0,
    state: "running",
    createdWallMs: now.wallMs,
    startedWallMs: now.wallMs,
    image: "",
    imageId: "",
    detailed: true,
  } as const;
  const sandbox = { id: "box", attempt: 0, state: "ready", createdWallMs: 0, ips: ["10.0.0.1"] } as const;
  return {
    desired,
    observed: { sandboxes: [sandbox], containers: [container], listed: true },
    verdicts: new Map(),
    memory: freshMemory,
    inFlight: new Map(),
    around: allowing,
    now,
    ...changes,
  };
}
const exec: v1.Probe = { exec: { command: ["true"] }, periodSeconds: 1, timeoutSeconds: 5 };
const tcp: v1.Probe = { tcpSocket: { port: 80 }, periodSeconds: 1 };

describe("many probes", () => {
  it("never begin in one tick, and keep their beat", async () => {
    const { clock, prober, begun, late } = bench();
    for (let n = 0; n < 200; n += 1) prober.follow(picture(clock, `p${n}`, { livenessProbe: tcp }));
    await clock.advance(10_000);
    expect(begun.length).toBe(2000);
    const perTick = Map.groupBy(begun, (at) => Math.floor(at));
    expect(Math.max(...[...perTick.values()].map((all) => all.length))).toBeLessThan(12);
    expect(Math.max(...late)).toBeLessThan(1);
  });

  it("of which some hang hold up no other", async () => {
    const { clock, prober, late } = bench(async ({ pod }, signal, hand) => {
      if (pod.manifestName.startsWith("hang")) await hand.sleep(5000, signal);
      return success;
    });
    for (let n = 0; n < 20; n += 1) prober.follow(picture(clock, `hang${n}`, { livenessProbe: exec }));
    await clock.advance(3000);
    late.length = 0;
    for (let n = 0; n < 20; n += 1) prober.follow(picture(clock, `well${n}`, { livenessProbe: exec }));
    await clock.advance(1500);
    expect(late.length).toBeGreaterThan(20);
    expect(Math.max(...late)).toBeLessThan(50);
  });

  it("run no more at once than there is room", async () => {
    let inside = 0;
    let most = 0;
    const { clock, prober } = bench(async (_request, signal, hand) => {
      inside += 1;
      most = Math.max(most, inside);
      await hand.sleep(100, signal);
      inside -= 1;
      return success;
    });
    for (let n = 0; n < 20; n += 1) prober.follow(picture(clock, `p${n}`, { livenessProbe: exec }));
    await clock.advance(5000);
    expect(most).toBe(limits.execProbe);
  });
});

describe("one probe", () => {
  it("rings only when its verdict flips", async () => {
    let result: ProbeResult = success;
    const { clock, prober, rung, told } = bench(async () => result);
    const shown = picture(clock, "web", { livenessProbe: tcp, readinessProbe: tcp });
    prober.follow(shown);
    await clock.advance(5000);
    expect(rung.length).toBe(1);
    expect(told).toEqual([]);
    expect(prober.verdicts(shown.desired.uid).get("web-0")).toEqual({ liveness: "passed", readiness: "passed" });
    result = { kind: "failure", output: "no" };
    await clock.advance(3000);
    expect(rung.length).toBe(3);
    expect(told.length).toBe(6);
    expect(prober.verdicts(shown.desired.uid).get("web-0")).toEqual({ liveness: "failed", readiness: "failed" });
  });

  it("is not late for what its own last attempt took", async () => {
    const { clock, prober, late } = bench(async (_request, signal, hand) => {
      await hand.sleep(2500, signal);
      return success;
    });
    prober.follow(picture(clock, "web", { livenessProbe: exec }));
    await clock.advance(20_000);
    expect(Math.max(...late)).toBeLessThan(1);
  });

  it("that the agent itself kept too long is never a failure (R4)", async () => {
    const { clock, prober } = bench(async (_request, _signal, hand) => {
      // The loop stood still: the timer that should have ended it fires late.
      await hand.sleep(3000, new AbortController().signal);
      return { kind: "failure", output: "timeout" };
    });
    const shown = picture(clock, "web", { livenessProbe: { ...tcp, failureThreshold: 1 } });
    prober.follow(shown);
    await clock.advance(10_000);
    expect(prober.verdicts(shown.desired.uid).get("web-0")?.liveness).toBe("passed");
    expect(prober.show(shown.desired.uid)).toMatchObject([{ last: { attempt: "discarded" } }]);
  });

  it("Q5: has what its timer was late by: an answer that came in time is not overlooked", async () => {
    const answers = (afterMs: number) => async (_: ProbeRequest, signal: AbortSignal, hand: HandClock) => {
      const end = await hand.sleep(afterMs, signal);
      return end === "elapsed" ? success : ({ kind: "failure", output: "timeout" } as const);
    };
    const lateBy = (delayMs: number) => (delayMs === 1000 ? 300 : 0);
    const http = { livenessProbe: { ...tcp, periodSeconds: 3, timeoutSeconds: 1 } };
    const found = bench(answers(1310), lateBy);
    found.prober.follow(picture(found.clock, "web", http));
    await found.clock.advance(3000);
    expect(found.told).toEqual([]);
    const hanging = bench(answers(60_000), lateBy);
    hanging.prober.follow(picture(hanging.clock, "web", http));
    await hanging.clock.advance(3000);
    expect(hanging.told.length, "who does not answer at all is found out").toBeGreaterThan(0);
  });

  it("over the network is on time though every exec probe is slow", async () => {
    const { clock, prober, late, begun } = bench(async ({ container }, signal, hand) => {
      if (container.spec.livenessProbe?.exec !== undefined) await hand.sleep(4000, signal);
      return success;
    });
    for (let n = 0; n < 50; n += 1) prober.follow(picture(clock, `slow${n}`, { livenessProbe: exec }));
    await clock.advance(5000);
    expect(Math.max(...late), "there are more of them than there is room").toBeGreaterThan(500);
    late.length = 0;
    for (let n = 0; n < 50; n += 1) {
      prober.follow(picture(clock, `http${n}`, { livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }));
    }
    const before = begun.length;
    await clock.advance(3000);
    expect(late.filter((ms) => ms < 1).length, "all of the network").toBeGreaterThanOrEqual(150);
    expect(begun.length - before).toBeGreaterThanOrEqual(150);
  });

  it("ends without a trace when its pod is forgotten or its container has ended", async () => {
    const { clock, prober, begun, series, told } = bench(async (_request, signal, hand) => {
      await hand.sleep(500, signal);
      return { kind: "failure", output: "cut off" };
    });
    const shown = picture(clock, "web", { livenessProbe: tcp });
    prober.follow(shown);
    await clock.advance(1200);
    expect(series.size).toBe(1);
    const gone = { ...shown.observed, containers: [] };
    prober.follow({ ...shown, observed: gone });
    await clock.advance(5000);
    expect(begun.length).toBe(2);
    expect(told.length).toBe(1);
    prober.forget(shown.desired.uid);
    expect(series.size).toBe(0);
    expect(clock.sleepers).toBe(0);
  });

  it("waits for the pod's address, unless its handler needs none", async () => {
    const { clock, prober, begun } = bench();
    const blind = (name: string, probe: v1.Probe): Picture => {
      const shown = picture(clock, name, { livenessProbe: probe });
      const sandboxes = shown.observed.sandboxes.map(({ ips: _ips, ...sandbox }) => sandbox);
      return { ...shown, observed: { ...shown.observed, sandboxes } };
    };
    prober.follow(blind("blind", tcp));
    await clock.advance(2000);
    expect(begun.length).toBe(0);
    prober.follow(picture(clock, "blind", { livenessProbe: tcp }));
    await clock.advance(200);
    expect(begun.length).toBe(1);
    prober.follow(blind("inside", exec));
    await clock.advance(200);
    expect(begun.length).toBe(2);
  });

  it("costs nothing where a pod has none", () => {
    const { clock, prober } = bench();
    prober.follow(picture(clock, "plain", {}));
    expect(clock.sleepers).toBe(0);
    expect(prober.verdicts("plain").size).toBe(0);
  });
});
