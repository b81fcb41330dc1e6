import { describe, expect, it } from "vitest";
import { type Candidate, chooseVictim, evictionOf, pressureRefusal } from "../../src/decide/eviction.ts";
import type { Threshold } from "../../src/decide/pressure.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import type { ContainerUsage } from "../../src/pod/usage.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const MIB = 1024 * 1024;
type Wish = {
  readonly requests?: Record<string, string>;
  readonly priority?: number;
  readonly isStatic?: boolean;
  readonly graceSeconds?: number;
  readonly tolerations?: v1.Toleration[];
};

function pod(uid: string, { requests, priority, isStatic, graceSeconds = 30, tolerations }: Wish = {}): DesiredPod {
  const container = aContainer({ name: "c", spec: requests === undefined ? {} : { resources: { requests } } });
  const base = aPod({ uid, graceSeconds, containers: [container] });
  const more = { ...(priority === undefined ? {} : { priority }), ...(tolerations ? { tolerations } : {}) };
  return { ...base, ...(isStatic ? {} : { origin: { kind: "api" } }), spec: { ...base.spec, ...more } };
}
const used = (uid: string, workingSetBytes: number, writtenBytes = 0): ContainerUsage => ({
  ...{ podUid: uid, container: "c", id: `c-${uid}`, atWallMs: 0, workingSetBytes },
  more: { writtenBytes, writtenInodes: writtenBytes / 1000 },
});
const candidate = (uid: string, bytes: number | undefined, wish: Wish = {}, written = 0, filed = 0): Candidate => ({
  pod: pod(uid, wish),
  usage: bytes === undefined ? [] : [used(uid, bytes, written)],
  files: filed === 0 ? [] : [{ bytes: filed, inodes: filed / 1000 }],
});

describe("who has to go (node.md 5.1)", () => {
  it.each<[string, readonly Candidate[], string | undefined]>([
    ["nobody, when all are static", [candidate("a", 9 * MIB, { isStatic: true })], undefined],
    ["nobody of system priority", [candidate("a", 9 * MIB, { priority: 2_000_000_000 })], undefined],
    ["a static pod is passed over", [candidate("a", 9 * MIB, { isStatic: true }), candidate("b", 1)], "b"],
    ["of whom nothing is known", [candidate("a", 9 * MIB), candidate("b", undefined)], "b"],
    [
      "who uses more than it asked for, whatever its priority",
      [candidate("a", MIB, { requests: { memory: "2Mi" } }), candidate("b", 3 * MIB, { priority: 9 })],
      "b",
    ],
    ["who is less important", [candidate("a", 3 * MIB, { priority: 5 }), candidate("b", MIB, { priority: 4 })], "b"],
    [
      "who is further above what it asked for",
      [candidate("a", 9 * MIB, { requests: { memory: "8Mi" } }), candidate("b", 3 * MIB)],
      "b",
    ],
    ["the same one each time", [candidate("b", MIB), candidate("a", MIB)], "a"],
  ])("%s", (_name, candidates, expected) => {
    expect(chooseVictim("memory.available", candidates)?.pod.uid).toBe(expected);
  });

  it("on a disk it is who has written most, of process ids who is least important", () => {
    const both = [candidate("a", 9 * MIB, {}, 10), candidate("b", MIB, {}, 20)];
    expect(chooseVictim("nodefs.available", both)?.pod.uid).toBe("b");
    const withFiles = [candidate("a", MIB, {}, 20), candidate("b", MIB, {}, 10, 15)];
    expect(chooseVictim("nodefs.available", withFiles)?.pod.uid).toBe("b");
    expect(chooseVictim("nodefs.inodesFree", withFiles)?.pod.uid).toBe("b");
    expect(chooseVictim("memory.available", withFiles)?.pod.uid).toBe("a");
    const ranked = [candidate("a", undefined, { priority: 2 }), candidate("b", MIB, { priority: 1 })];
    expect(chooseVictim("pid.available", ranked)?.pod.uid).toBe("b");
  });
});

describe("how it goes", () => {
  const hard: Threshold = { signal: "memory.available", amount: { kind: "units", value: 100 * MIB } };
  const reading = { available: 61_052 * 1024, capacity: 1024 * MIB };

  it("a hard threshold leaves a second, and says who used what", () => {
    const victim = candidate("a", 2 * MIB, { requests: { memory: "1Mi" } });
    expect(evictionOf(hard, reading, victim, 60)).toEqual({
      cause: "evicted",
      graceSeconds: 1,
      result: {
        phase: "Failed",
        reason: "Evicted",
        message:
          "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61052Ki. Container c was using 2Mi, request is 1Mi, has larger consumption of memory. ",
      },
    });
  });

  it.each([
    [60, 30],
    [10, 10],
    [0, 1],
  ])("a soft one with at most %i s leaves a pod with 30 s of grace %i s", (most, expected) => {
    const soft = { ...hard, graceMs: 1000 };
    expect(evictionOf(soft, reading, candidate("a", MIB), most).graceSeconds).toBe(expected);
  });
});

describe("who may come while the node is short (node.md 4)", () => {
  const none = { memory: false, disk: false, pid: false };
  const message = (...names: string[]) => `The node had condition: [${names.join(" ")}]. `;
  const tolerating = { tolerations: [{ key: "node.kubernetes.io/memory-pressure", operator: "Exists" }] } as Wish;
  const burstable = { requests: { memory: "1Mi" } };

  it.each<[string, DesiredPod, object, string | undefined]>([
    ["everybody, of nothing", pod("a"), {}, undefined],
    ["a static pod always", pod("a", { isStatic: true }), { memory: true, disk: true, pid: true }, undefined],
    ["of memory, who asks for some", pod("a", burstable), { memory: true }, undefined],
    ["of memory, not who asks for none", pod("a"), { memory: true }, message("MemoryPressure")],
    ["of memory, who tolerates it", pod("a", tolerating), { memory: true }, undefined],
    ["of disk, nobody else", pod("a", burstable), { disk: true }, message("DiskPressure")],
    ["of both", pod("a", tolerating), { memory: true, pid: true }, message("MemoryPressure", "PIDPressure")],
  ])("%s", (_name, of, short, expected) => {
    const refusal = expected && { kind: "refused", reason: "Evicted", message: expected };
    expect(pressureRefusal(of, { ...none, ...short })).toEqual(refusal);
  });
});
