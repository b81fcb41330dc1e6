import { describe, expect, it } from "vitest";
import { makePodCgroups } from "../../src/agent/pod-cgroups.ts";
import { podLevels } from "../../src/cmd/cgroups.ts";
import type { NodeMoment } from "../../src/decide/node-news.ts";
import type { Cgroups } from "../../src/pod/cgroup.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const LIVE = new AbortController().signal;

/** Pod cgroups on a host that refuses what it is told to; what was told of the node. */
function pods(settings = someSettings({ cgroupRoot: "/", cgroupDriver: "cgroupfs" })) {
  const refused = new Set<string>();
  const told: NodeMoment[] = [];
  const cgroups: Cgroups = {
    async ensure(path, _limits, signal) {
      signal.throwIfAborted();
      if (refused.has(path)) throw new Error(`no room for ${path}`);
    },
    empty: async () => {},
    remove: async () => {},
    sharesBelow: async () => new Map(),
    keptBelow: async () => new Map(),
  };
  const made = makePodCgroups(cgroups, (pod) => podLevels(pod, settings, aNode));
  made.listen((moment) => told.push(moment));
  return { refused, told, made };
}

describe("the cgroup of all pods (node.md 3.7)", () => {
  it("is told once to have its limits, by whichever pods come first", async () => {
    const { made, told } = pods();
    await Promise.all(["a", "b"].map((uid) => made.ensure(aPod({ uid }), LIVE)));
    await made.ensure(aPod({ uid: "c" }), LIVE);
    expect(told).toEqual([{ kind: "enforced" }]);
  });

  it("is told with the reason when it cannot have them; pods run all the same, and the next one tries again", async () => {
    const { made, told, refused } = pods();
    refused.add("/kubepods");
    await made.ensure(aPod({ uid: "a" }), LIVE);
    const failure = {
      kind: "notEnforced",
      cgroup: "/kubepods",
      message: expect.stringContaining("no room for /kubepods"),
    };
    expect(told).toEqual([failure]);
    refused.clear();
    await made.ensure(aPod({ uid: "b" }), LIVE);
    expect(told).toEqual([failure, { kind: "enforced" }]);
  });

  it("is not told of what a level below cannot have, nor of a pod that is given up", async () => {
    const { made, told, refused } = pods();
    refused.add("/kubepods/besteffort");
    await made.ensure(aPod({ uid: "a" }), LIVE);
    expect(told).toEqual([{ kind: "enforced" }]);
    const other = pods();
    await other.made.ensure(aPod({ uid: "a" }), AbortSignal.abort()).catch(() => {});
    expect(other.told).toEqual([]);
  });

  it("is not there without cgroupsPerQOS", async () => {
    const { made, told } = pods(someSettings({ cgroupsPerQos: false }));
    await made.ensure(aPod({ uid: "a" }), LIVE);
    expect(told).toEqual([]);
  });
});

describe("the level of burstable pods (cri-mapping 3.2)", () => {
  const LEVEL = "/kubepods/burstable";
  const asking = (uid: string, cpu: string): DesiredPod =>
    aPod({ uid, containers: [aContainer({ spec: { resources: { requests: { cpu } } } })] });

  /** Pod cgroups whose level may refuse or hold up its weight; what it has been given, by the order in which that took effect. */
  function weighed(below: ReadonlyMap<string, number> = new Map()) {
    const given: (number | undefined)[] = [];
    const host = { refuses: false, before: async (): Promise<void> => {} };
    const cgroups: Cgroups = {
      async ensure(path, { cpuShares }) {
        if (path !== LEVEL) return;
        await host.before();
        if (host.refuses) throw new Error("systemd does not answer");
        given.push(cpuShares);
      },
      empty: async () => {},
      remove: async () => {},
      sharesBelow: async () => below,
      keptBelow: async () => new Map(),
    };
    const settings = someSettings({ cgroupRoot: "/", cgroupDriver: "cgroupfs" });
    return { given, host, made: makePodCgroups(cgroups, (pod) => podLevels(pod, settings, aNode)) };
  }

  it("is given its weight by the next try when it could not be given it", async () => {
    const { given, host, made } = weighed();
    host.refuses = true;
    await expect(made.ensure(asking("a", "1"), LIVE)).rejects.toThrow("systemd does not answer");
    host.refuses = false;
    await made.ensure(asking("a", "1"), LIVE);
    expect(given).toEqual([1024]);
    host.refuses = true;
    await expect(made.remove(asking("a", "1"), LIVE)).rejects.toThrow("systemd does not answer");
    host.refuses = false;
    await made.remove(asking("a", "1"), LIVE);
    expect(given).toEqual([1024, 2]);
  });

  it("is given its weights in turn: one that takes long is not overtaken", async () => {
    const { given, host, made } = weighed();
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    host.before = () => {
      host.before = async () => {};
      asked.resolve();
      return held.promise;
    };
    const first = made.ensure(asking("a", "1"), LIVE);
    await asked.promise;
    const others = [made.ensure(asking("b", "1"), LIVE), made.ensure(asking("c", "1"), LIVE)];
    for (let step = 0; step < 50; step += 1) await Promise.resolve();
    expect(given).toEqual([]);
    held.resolve();
    await Promise.all([first, ...others]);
    // What two waited for is written once.
    expect(given).toEqual([1024, 3072]);
  });

  it("is written when that is news only, and once after an agent that may have failed to", async () => {
    const { given, made } = weighed(new Map([["poda", 1024]]));
    for (let count = 0; count < 2; count += 1) await made.ensure(asking("a", "1"), LIVE);
    expect(given).toEqual([1024]);
  });
});
