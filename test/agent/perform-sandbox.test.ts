import { expect, it } from "vitest";
import { makeGates } from "../../src/agent/gates.ts";
import { makePerform } from "../../src/agent/perform.ts";
import type { Step, Tools } from "../../src/agent/step.ts";
import { systemClock } from "../../src/base/clock.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { aNode, someSettings } from "../kit/node.ts";

const LIVE = new AbortController().signal;

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
  const tools = {
    runtime,
    cgroups,
    gates: makeGates({ home: 1, start: 1, pull: 1, read: 1, execProbe: 1 }, silentMeter),
    meter: silentMeter,
    clock: systemClock,
    log: silentLog,
    facts: aNode,
    settings: someSettings(),
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
  const outcome = await makePerform(tools)({ subject: "sandbox", kind: "run-sandbox", attempt }, step);
  return { asked, kind: outcome.kind };
}

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
