import { describe, expect, it, onTestFinished } from "vitest";
import { makePressureCare } from "../../src/agent/pressure-care.ts";
import type { Roster } from "../../src/agent/roster.ts";
import type { Worker } from "../../src/agent/worker.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import type { NodeMoment } from "../../src/decide/node-news.ts";
import type { Threshold } from "../../src/decide/pressure.ts";
import type { DesiredPod, Ending } from "../../src/pod/desired.ts";
import type { WorkerFacts } from "../../src/pod/node-plan.ts";
import type { PressureSignal } from "../../src/pod/pressure.ts";
import { handClock } from "../kit/clock.ts";
import { aPod } from "../kit/pods.ts";

const BEAT_MS = 10_000;
const units = (value: number) => ({ kind: "units", value }) as const;
const MEMORY: Threshold = { signal: "memory.available", amount: units(100) };
const IMAGES: Threshold = { signal: "imagefs.available", amount: units(100) };
const guest = (uid: string): DesiredPod => aPod({ uid, origin: { kind: "api" } });
const local = (uid: string): DesiredPod => aPod({ uid });

/** A host with 1000 of everything; pods end a while after they were told to. */
function bench(pods: readonly DesiredPod[], { images = 0, endsAfterMs = 3000, countMs = 0 } = {}) {
  const clock = handClock();
  const leaving = new AbortController();
  const state = {
    left: { "memory.available": 900, "imagefs.available": 900 },
    images,
    broken: false,
    files: {} as Record<string, number>,
  };
  const told: string[] = [];
  const measured: string[] = [];
  const counted: string[] = [];
  const workers = new Map(pods.map((pod) => [pod.uid, { pod, ending: undefined as Ending | undefined, endMs: 0 }]));
  const facts = (uid: string): WorkerFacts => {
    const { pod, ending, endMs } = workers.get(uid) ?? { pod: local(uid), ending: undefined, endMs: 0 };
    const finished = ending !== undefined && clock.now().monoMs >= endMs;
    const plain = { cleaned: false, terminal: false, byShutdown: false, adopted: false, arrival: 0 };
    return { pod, admission: { kind: "admitted" }, finished, ...(ending ? { ending } : {}), ...plain };
  };
  const roster = [...workers].map(([uid, worker]) => ({
    uid,
    facts: () => facts(uid),
    end(ending: Ending) {
      told.push(`${clock.now().monoMs / 1000}s ${uid} ends in ${ending.graceSeconds}s: ${ending.result?.reason}`);
      Object.assign(worker, { ending, endMs: clock.now().monoMs + endsAfterMs });
    },
  }));
  const care = makePressureCare({
    gauge: {
      async read() {
        if (state.broken) throw new BerthError("FileFailed", "no /proc");
        const one = (signal: PressureSignal & keyof typeof state.left) =>
          [signal, { available: state.left[signal], capacity: 1000 }] as const;
        return { readings: new Map([one("memory.available")]), rootDevice: 1 };
      },
    },
    limits: { thresholds: [MEMORY, IMAGES], transitionMs: 300_000, maxPodGraceSeconds: 0 },
    storage: {
      async use({ uid }) {
        measured.push(`${clock.now().monoMs / 1000}s ${uid}`);
        await clock.sleep(countMs, leaving.signal);
        if (state.broken) throw new BerthError("FileFailed", "no disk");
        return { volumes: new Map([["v", { bytes: state.files[uid] ?? 0, inodes: 1 }]]), logs: new Map() };
      },
    },
    imageDisk: async () => ({ capacityBytes: 1000, availableBytes: state.left["imagefs.available"], device: 2 }),
    images: {
      async reclaim(wantedBytes) {
        const freed = Math.min(wantedBytes, state.images);
        told.push(`${clock.now().monoMs / 1000}s ${wantedBytes} bytes of images`);
        state.images -= freed;
        state.left["imagefs.available"] += freed;
        return freed;
      },
    },
    runtime: { usage: async () => [] },
    roster: { all: () => roster as unknown as readonly Worker[] } as Pick<Roster, "all">,
    clock,
    log: silentLog,
    meter: {
      add: (name, labels) => void counted.push(`${name} ${JSON.stringify(labels)}`),
      set: () => {},
      observe: (name, labels, value) => void counted.push(`${name} ${JSON.stringify(labels)} ${value}`),
      drop: () => {},
    },
    tell: (moment: NodeMoment) => void told.push(`${clock.now().monoMs / 1000}s ${JSON.stringify(moment)}`),
    onChange: () => void told.push(`${clock.now().monoMs / 1000}s ${JSON.stringify(care.pressures())}`),
  });
  const over = care.run(leaving.signal, () => {});
  onTestFinished(async () => {
    leaving.abort();
    await over;
    expect(clock.sleepers).toBe(0);
  });
  return { clock, state, told, counted, measured, care };
}

describe("the care for the host", () => {
  it("P3 takes one pod, and the next only once that one is gone; a static pod never", async () => {
    const { clock, state, told, counted } = bench([local("static"), guest("a"), guest("b")]);
    state.left["memory.available"] = 50;
    await clock.advance(BEAT_MS);
    const ends = told.filter((line) => line.includes("ends"));
    expect(ends).toEqual(["10s a ends in 1s: Evicted"]);
    await clock.advance(4 * BEAT_MS);
    expect(told.filter((line) => line.includes("ends"))).toEqual([...ends, "13s b ends in 1s: Evicted"]);
    const eviction = [
      'kubelet_evictions {"eviction_signal":"memory.available"}',
      'kubelet_eviction_stats_age_seconds {"eviction_signal":"memory.available"} 0',
    ];
    expect(counted).toEqual([...eviction, ...eviction]);
  });

  it("P3 waits no longer than 30 s for a pod that does not go", async () => {
    const { clock, state, told } = bench([guest("a"), guest("b")], { endsAfterMs: 1_000_000 });
    state.left["memory.available"] = 50;
    await clock.advance(6 * BEAT_MS);
    expect(told.filter((line) => line.includes("ends")).map((line) => line.split(" ")[0])).toEqual(["10s", "40s"]);
  });

  it("P2 images go first, and no pod when they were enough", async () => {
    const { clock, state, told } = bench([guest("a")], { images: 500 });
    state.left["imagefs.available"] = 30;
    await clock.advance(5 * BEAT_MS);
    expect(told).toEqual([
      '10s {"memory":false,"disk":true,"pid":false}',
      '10s {"kind":"reclaiming","resource":"ephemeral-storage"}',
      "10s 70 bytes of images",
    ]);
    await clock.advance(300_000);
    expect(told.at(-1)).toBe('310s {"memory":false,"disk":false,"pid":false}');
  });

  it("P1 where no pod may go, as with static ones alone, the next threshold has its turn", async () => {
    const { clock, state, told } = bench([local("static")], { images: 500 });
    Object.assign(state.left, { "memory.available": 50, "imagefs.available": 30 });
    await clock.advance(5 * BEAT_MS);
    expect(told.filter((line) => /ends|images/.test(line))).toEqual(["10s 70 bytes of images"]);
  });

  it("P2 a pod goes when images were not enough, and they are not looked through again at once", async () => {
    const { clock, state, told } = bench([guest("a")], { images: 0 });
    state.left["imagefs.available"] = 30;
    await clock.advance(5 * BEAT_MS);
    expect(told.filter((line) => /ends|images/.test(line))).toEqual([
      "10s 70 bytes of images",
      "10s a ends in 1s: Evicted",
    ]);
  });

  const bounded = (pod: DesiredPod): DesiredPod => ({
    ...pod,
    volumes: [{ name: "v", spec: { name: "v", emptyDir: { sizeLimit: "1k" } }, documents: [] }],
  });

  it("P5 all pods go that have more on disk than they allow themselves, without any pressure; no static one", async () => {
    const pods = [bounded(local("static")), bounded(guest("a")), bounded(guest("b")), bounded(guest("c")), guest("d")];
    const { clock, state, told, counted, measured } = bench(pods);
    state.files = { static: 9000, a: 1001, b: 1000, c: 2000, d: 9000 };
    await clock.advance(BEAT_MS - 1);
    expect(told).toEqual(["0s a ends in 1s: Evicted", "0s c ends in 1s: Evicted"]);
    expect(measured).toEqual(["0s a", "0s b", "0s c"]);
    expect(counted).toEqual(Array(2).fill('kubelet_evictions {"eviction_signal":"emptydirfs.limit"}'));
  });

  it("P5 counting takes no more than a tenth of the time", async () => {
    const { clock, measured } = bench([bounded(guest("a"))], { countMs: 5000 });
    await clock.advance(100_000);
    expect(measured).toEqual(["0s a", "55s a"]);
  });

  it("what cannot be read is tried again", async () => {
    const { clock, state, care } = bench([]);
    state.broken = true;
    await clock.advance(BEAT_MS);
    Object.assign(state, { broken: false, left: { ...state.left, "memory.available": 1 } });
    await clock.advance(BEAT_MS);
    expect(care.pressures().memory).toBe(true);
  });
});
