import { expect, it } from "vitest";
import { makeGates } from "../../src/agent/gates.ts";
import { makePerform } from "../../src/agent/perform.ts";
import type { Step, Tools } from "../../src/agent/step.ts";
import { systemClock } from "../../src/base/clock.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Action, Outcome } from "../../src/pod/action.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { aNode, someSettings } from "../kit/node.ts";

const LIVE = new AbortController().signal;

/** Performs one action on what there is of a host. */
function perform(action: Action, parts: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const tools = {
    gates: makeGates({ home: 1, start: 1, pull: 1, read: 1, execProbe: 1 }, silentMeter),
    meter: silentMeter,
    clock: systemClock,
    log: silentLog,
    facts: aNode,
    settings: someSettings(),
    ...parts,
  } as unknown as Tools;
  const step: Step = {
    pod: desiredPod(plainPod("web")),
    observed: { sandboxes: [], containers: [], listed: true },
    withdrawn: LIVE,
    givenUp: LIVE,
    begun: () => {},
    notice: () => {},
    aside: () => {},
    closeRecord: async () => {},
  };
  return makePerform(tools)(action, step);
}

/** Makes a sandbox with this attempt; what was asked for, in order, and what came of it. */
async function makeSandbox(attempt: number, empty: () => void = () => {}) {
  const asked: string[] = [];
  const runtime = {
    capabilities: () => undefined,
    runSandbox: async () => {
      asked.push("run");
      return { id: "box", attempt, state: "ready", createdWallMs: 0, ips: ["10.0.0.2"] };
    },
  };
  const cgroups = {
    empty: async () => {
      asked.push("empty");
      empty();
    },
  };
  const { kind } = await perform({ subject: "sandbox", kind: "run-sandbox", attempt }, { runtime, cgroups });
  return { asked, kind };
}

it.each([
  ["a cgroup that cannot be made has its own word for events", false, "no bus", "FailedCreatePodContainer"],
  ["directories that cannot be made have the usual one, whatever the cgroup does", true, "no room", undefined],
])("%s", async (_, isFull, message, reason) => {
  const refuse = async (words: string): Promise<never> => {
    throw new BerthError("FileFailed", words);
  };
  const files = { makeHome: async () => (isFull ? refuse("no room") : undefined) };
  const outcome = await perform(
    { subject: "pod", kind: "make-home" },
    { files, cgroups: { ensure: () => refuse("no bus") } },
  );
  expect(outcome).toEqual({
    kind: "failed",
    failure: { code: "FileFailed", message, effect: "none", ...(reason && { reason }) },
  });
});

it("a first sandbox finds nothing that could be left", async () => {
  expect(await makeSandbox(0)).toEqual({ asked: ["run"], kind: "done" });
});

it("before another sandbox whatever the last one left running is ended: its shim may have died", async () => {
  expect(await makeSandbox(1)).toEqual({ asked: ["empty", "run"], kind: "done" });
});

it("no sandbox is made beside processes that do not end", async () => {
  const failing = (): never => {
    throw new BerthError("FileFailed", "processes in it do not end");
  };
  expect(await makeSandbox(1, failing)).toEqual({ asked: ["empty"], kind: "failed" });
});
