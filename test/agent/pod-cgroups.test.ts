import { describe, expect, it } from "vitest";
import { makePodCgroups } from "../../src/agent/pod-cgroups.ts";
import { podLevels } from "../../src/cmd/cgroups.ts";
import type { NodeMoment } from "../../src/decide/node-news.ts";
import type { Cgroups } from "../../src/pod/cgroup.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { aPod } from "../kit/pods.ts";

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
