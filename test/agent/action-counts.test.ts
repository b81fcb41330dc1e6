import { expect, it } from "vitest";
import { countAction } from "../../src/agent/action-counts.ts";
import type { ActionOf } from "../../src/pod/action.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const HOOK: ActionOf<"run-hook"> = { subject: "hook/app", kind: "run-hook", hook: "preStop", name: "app", id: "1" };

/** How often a sleep is counted as cut short when a hook of this kind took so long. */
function cutShort(preStop: v1.LifecycleHandler, tookMs: number, hook: "preStop" | "postStart" = "preStop"): number {
  const names: string[] = [];
  const meter = { ...silentMeter, add: (name: string) => void names.push(name) };
  const pod = aPod({ containers: [aContainer({ spec: { lifecycle: { preStop, postStart: preStop } } })] });
  countAction(meter, pod, { ...HOOK, hook }, { kind: "done" }, tookMs);
  return names.filter((name) => name === "kubelet_sleep_action_terminated_early_total").length;
}

it("a sleep before the stop that ended before its time was cut short", () => {
  expect(cutShort({ sleep: { seconds: 5 } }, 4000)).toBe(1);
  expect(cutShort({ sleep: { seconds: 5 } }, 5001)).toBe(0);
});

it("a hook of another kind, or another moment, is never such a sleep", () => {
  expect(cutShort({ exec: { command: ["true"] }, sleep: { seconds: 5 } }, 10)).toBe(0);
  expect(cutShort({ sleep: { seconds: 5 } }, 10, "postStart")).toBe(0);
});
