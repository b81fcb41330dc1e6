import { describe, expect, it } from "vitest";
import { makeGates } from "../../src/agent/gates.ts";
import { makePerform } from "../../src/agent/perform.ts";
import type { Step, Tools } from "../../src/agent/step.ts";
import { systemClock } from "../../src/base/clock.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Action } from "../../src/pod/action.ts";
import { allocationOf } from "../../src/pod/allocation.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { podLimits } from "../../src/pod/resources.ts";
import type { ContainerUsage } from "../../src/pod/usage.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { app, pod } from "../kit/pictures.ts";

const LIVE = new AbortController().signal;
const MIB = 2 ** 20;
const sized = (memory: string) => ({ limits: { cpu: "1", memory }, requests: { cpu: "1", memory } });
const web = (memory: string) => app("web", { spec: { resources: sized(memory) } });
const podOf = (memory: string): DesiredPod =>
  pod({ containers: [web(memory)], spec: { containers: [web(memory).spec] }, bound: { gates: [] } });

/** Carries the action out for a pod of 64 MiB that uses so much; what was asked for, in order, and what came of it. */
async function perform(action: Action, usedBytes: number, trouble?: BerthError, of = podOf("64Mi")) {
  const asked: string[] = [];
  const usage = { podUid: "uid-1", container: "web", id: "web-0", atWallMs: 0, more: { memoryBytes: usedBytes } };
  const runtime = {
    usage: async (): Promise<ContainerUsage[]> => [{ ...usage, podUid: "other", id: "other" }, usage],
    updateContainer: async () => {
      asked.push("container");
      if (trouble !== undefined) throw trouble;
    },
    updateSandbox: async (id: string) => void asked.push(`sandbox ${id}`),
  };
  const cgroups = {
    ensure: async ({ spec }: DesiredPod) => void asked.push(`cgroup ${podLimits(spec).get("memory")?.nanos}`),
  };
  const tools = {
    ...{ runtime, cgroups, meter: silentMeter, clock: systemClock, log: silentLog },
    gates: makeGates({ home: 1, start: 1, pull: 1, read: 1, execProbe: 1 }, silentMeter),
    facts: aNode,
    settings: someSettings(),
  } as unknown as Tools;
  const step = {
    pod: of,
    observed: { sandboxes: [], containers: [], listed: true },
    ...{ withdrawn: LIVE, givenUp: LIVE },
    ...{ begun: () => {}, notice: () => {}, aside: () => {}, closeRecord: async () => {} },
  } satisfies Step;
  const outcome = await makePerform(tools)(action, step);
  return { asked, ...(outcome.kind === "failed" ? { message: outcome.failure.message } : { kind: outcome.kind }) };
}

const updating = (lowersMemory: boolean): Action => ({
  ...{ subject: "container/web", kind: "update-container", id: "web-0", name: "web", given: "{}", lowersMemory },
});
const limiting = (memory: string, lowersMemory: boolean, sandbox?: string): Action => {
  const bounds = allocationOf(podOf(memory));
  return { subject: "pod", kind: "limit-pod", bounds, lowersMemory, ...(sandbox === undefined ? {} : { sandbox }) };
};
const bytes = (mib: number): string => `${BigInt(mib * MIB) * 1_000_000_000n}`;

describe("a running container is brought to what its pod was given (S26)", () => {
  it.each<[string, Action, number, object]>([
    ["as it uses less", updating(true), 60 * MIB, { asked: ["container"], kind: "done" }],
    [
      "not to less memory than it uses, which would be its end",
      updating(true),
      65 * MIB,
      {
        asked: [],
        message:
          'cannot decrease memory limits: attempting to set container "web" memory limit (67108864) below current usage (68157440)',
      },
    ],
    [
      "where its memory does not become less nobody asks",
      updating(false),
      65 * MIB,
      { asked: ["container"], kind: "done" },
    ],
    ["the pod's cgroup to its bounds", limiting("96Mi", false), 0, { asked: [`cgroup ${bytes(96)}`], kind: "done" }],
    [
      "and the sandbox is told when they are the pod's own",
      limiting("64Mi", true, "box"),
      60 * MIB,
      { asked: [`cgroup ${bytes(64)}`, "sandbox box"], kind: "done" },
    ],
    [
      "not to less memory than the pod uses",
      limiting("64Mi", true, "box"),
      65 * MIB,
      {
        asked: [],
        message:
          "cannot decrease memory limits: attempting to set pod memory limit (67108864) below current usage (68157440)",
      },
    ],
  ])("%s", async (_rule, action, used, expected) => {
    expect(await perform(action, used)).toEqual(expected);
  });

  it("without a limit of its own it has the pod's, also where it says 0", async () => {
    const unlimited = app("web", { spec: { resources: { limits: { memory: "0" } } } });
    const spec = { containers: [unlimited.spec], resources: { limits: { memory: "64Mi" } } };
    const of = pod({ containers: [unlimited], spec, bound: { gates: [] } });
    expect(await perform(updating(true), 60 * MIB, undefined, of)).toEqual({ asked: ["container"], kind: "done" });
  });

  it("what the runtime says against it is told", async () => {
    expect(await perform(updating(false), 0, new BerthError("RuntimeRefused", "no such cgroup"))).toEqual({
      asked: ["container"],
      message: "no such cgroup",
    });
  });
});
