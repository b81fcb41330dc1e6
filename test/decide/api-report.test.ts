import { describe, expect, it } from "vitest";
import { reportStep } from "../../src/decide/api-report.ts";
import type * as v1 from "../../src/pod/v1.ts";

const START = "2026-01-01T00:00:00Z";
const exited = (exitCode: number): v1.ContainerStatus => ({
  ...{ name: "c", image: "i", imageID: "", ready: false, restartCount: 0 },
  state: { terminated: { exitCode } },
});
const waiting: v1.ContainerStatus = { ...exited(0), state: { waiting: { reason: "ContainerCreating" } } };

function pod(status: v1.PodStatus, metadata: v1.ObjectMeta = {}, restartPolicy = "Never"): v1.Pod {
  return {
    metadata: { name: "web", namespace: "default", uid: "u1", ...metadata },
    spec: { restartPolicy, containers: [{ name: "c", image: "i" }] },
    status,
  };
}
const local = (status: v1.PodStatus, restartPolicy?: string) =>
  pod({ startTime: START, ...status }, {}, restartPolicy ?? "Never");
/** As the eviction API writes it. */
const FOREIGN = { type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" } as const;
const leaving = { deletionTimestamp: START };

describe("what the API server needs next", () => {
  it.each([
    ["a pod that nobody has looked at yet", pod({ phase: "Pending" }), pod({ phase: "Running" })],
    ["a pod of another UID", pod({ phase: "Running", startTime: START }, { uid: "u2" }), pod({ phase: "Pending" })],
    [
      "a mirror",
      local({ phase: "Running" }),
      pod({ phase: "Pending" }, { annotations: { "kubernetes.io/config.mirror": "h" } }),
    ],
    ["a final phase (P1)", local({ phase: "Running" }), pod({ phase: "Failed", startTime: START })],
    ["another final phase", local({ phase: "Failed" }), pod({ phase: "Succeeded", startTime: START })],
    [
      "an exit that is known otherwise",
      local({ phase: "Failed", containerStatuses: [exited(137)] }),
      pod({ phase: "Failed", startTime: START, containerStatuses: [exited(1)] }),
    ],
    [
      "a container that would come back to life",
      local({ phase: "Running", containerStatuses: [waiting] }),
      pod({ phase: "Running", containerStatuses: [exited(1)] }),
    ],
  ])("nothing for %s", (_, mine, shown) => {
    expect(reportStep(mine, shown, false)).toEqual({ kind: "none" });
  });

  it.each([
    ["the phase does not go back", { phase: "Pending" }, { phase: "Running" }, { startTime: START }],
    [
      "the first start stays",
      { phase: "Running", startTime: "x" },
      { phase: "Pending", startTime: START },
      { phase: "Running" },
    ],
    [
      "the generation rises",
      { phase: "Running", observedGeneration: 3 },
      { phase: "Running", startTime: START, observedGeneration: 2 },
      { observedGeneration: 3 },
    ],
  ])("%s", (_, mine, shown, status) => {
    const known = { ...shown } as v1.PodStatus;
    expect(reportStep(local(mine), pod(known), false)).toEqual({
      kind: "status",
      patch: { metadata: { uid: "u1" }, status },
    });
  });

  it("the generation does not fall", () => {
    const shown = pod({ phase: "Running", startTime: START, observedGeneration: 4 });
    expect(reportStep(local({ phase: "Running", observedGeneration: 3 }), shown, false)).toEqual({ kind: "none" });
  });

  it.each<[string, v1.PodStatus, v1.PodStatus, object | undefined]>([
    ["stays while the pod runs", { phase: "Running" }, { phase: "Running" }, undefined],
    ["stays when the pod ends", { phase: "Failed" }, { phase: "Running" }, { phase: "Failed" }],
    ["stays on a pod that is over", { phase: "Failed" }, { phase: "Failed" }, undefined],
    [
      "stays when the node takes away a condition of its own",
      { phase: "Failed" },
      { phase: "Running", conditions: [{ type: "PodScheduled", status: "True" }] },
      { phase: "Failed", conditions: [{ $patch: "delete", type: "PodScheduled" }] },
    ],
    [
      "gives way to what the node tells with the final phase",
      { phase: "Failed", conditions: [{ ...FOREIGN, reason: "TerminationByKubelet" }] },
      { phase: "Running" },
      { phase: "Failed", conditions: [{ ...FOREIGN, reason: "TerminationByKubelet" }] },
    ],
  ])("a DisruptionTarget that others have set %s (node.md 3.6)", (_, mine, there, status) => {
    const shown = pod({ startTime: START, ...there, conditions: [FOREIGN, ...(there.conditions ?? [])] });
    const patch = { metadata: { uid: "u1" }, status };
    expect(reportStep(local(mine), shown, false)).toEqual(
      status === undefined ? { kind: "none" } : { kind: "status", patch },
    );
  });

  const LATER = "2026-01-01T00:00:09Z";
  it.each<[string, Partial<v1.PodCondition>, Partial<v1.PodCondition>, object | undefined]>([
    ["stays the scheduler's", {}, {}, undefined],
    [
      "stays when more is told of it",
      { observedGeneration: 1 },
      {},
      { observedGeneration: 1, lastTransitionTime: START },
    ],
    ["is told where there is none", {}, { lastTransitionTime: null as never }, { lastTransitionTime: LATER }],
    ["moves with the status", {}, { status: "False" }, { lastTransitionTime: LATER }],
    ["is the node's own of another condition", { type: "Ready" }, { type: "Ready" }, { lastTransitionTime: LATER }],
  ])("when a pod was scheduled %s (node.md 3.6)", (_, mine, there, told) => {
    const condition = { type: "PodScheduled", status: "True", ...mine };
    const known = { type: "PodScheduled", status: "True", lastTransitionTime: START, ...there };
    const running = { phase: "Running", startTime: START };
    const shown = pod({ ...running, conditions: [known] } as v1.PodStatus);
    const conditions = [{ ...condition, lastTransitionTime: LATER }];
    const step = reportStep(local({ ...running, conditions } as v1.PodStatus), shown, false);
    const patch = { metadata: { uid: "u1" }, status: { conditions: [{ ...condition, ...told }] } };
    expect(step).toEqual(told === undefined ? { kind: "none" } : { kind: "status", patch });
  });

  const inThisCase = (action: string) => [{ action, exitCodes: { operator: "In", values: [42] } }];
  it.each<[string, string, number, Partial<v1.Container>, "status" | "none"]>([
    ["policy Always", "Always", 0, {}, "status"],
    ["policy OnFailure after a failure", "OnFailure", 1, {}, "status"],
    ["policy OnFailure after success", "OnFailure", 0, {}, "none"],
    ["policy Never", "Never", 1, {}, "none"],
    ["a policy of its own", "Never", 0, { restartPolicy: "Always" }, "status"],
    ["a policy of its own that does not restart it", "OnFailure", 1, { restartPolicy: "Never" }, "none"],
    ["a rule", "Never", 42, { restartPolicy: "Never", restartPolicyRules: inThisCase("Restart") }, "status"],
    [
      "a rule about another code",
      "Never",
      1,
      { restartPolicy: "Never", restartPolicyRules: inThisCase("Restart") },
      "none",
    ],
    ["a rule that restarts all", "Never", 0, { restartPolicyRules: inThisCase("RestartAllContainers") }, "status"],
  ])("C9: a container that ended is shown as coming back only where a server takes that: %s", (...row) => {
    const [, policy, exitCode, own, expected] = row;
    const spec = { restartPolicy: policy, containers: [{ name: "c", image: "i", ...own }] };
    const shown = { ...pod({ phase: "Running", startTime: START, containerStatuses: [exited(exitCode)] }), spec };
    const mine = { ...local({ phase: "Running", containerStatuses: [waiting] }), spec };
    expect(reportStep(mine, shown, false).kind).toBe(expected);
  });

  it.each<[string, v1.PodStatus, v1.PodStatus, object | undefined]>([
    [
      "are told, as amounts",
      { allocatedResources: { cpu: "1" }, resources: { requests: { cpu: "1" }, limits: { cpu: "2" } } },
      { allocatedResources: { cpu: "1000m" }, resources: { requests: { cpu: "500m" }, limits: { cpu: "2" } } },
      { resources: { requests: { cpu: "1" } } },
    ],
    [
      "take away what is gone",
      { allocatedResources: { cpu: "1" }, resources: { requests: { cpu: "1" } } },
      {
        allocatedResources: { cpu: "1", memory: "1Gi" },
        resources: { limits: { memory: "1Gi" }, requests: { cpu: "1" } },
      },
      { allocatedResources: { memory: null }, resources: { limits: { memory: null } } },
    ],
    ["are nothing where there are none", {}, {}, undefined],
  ])("resources of the pod as a whole %s", (_, here, there, told) => {
    const running = { phase: "Running", startTime: START };
    const step = reportStep(local({ ...running, ...here }), pod({ ...running, ...there }), false);
    const patch = { metadata: { uid: "u1" }, status: told };
    expect(step).toEqual(told === undefined ? { kind: "none" } : { kind: "status", patch });
  });

  it("a pod goes when it is deleted, over, and nothing of it is left", () => {
    const mine = local({ phase: "Failed" });
    const over = pod({ phase: "Failed", startTime: START }, leaving);
    expect(reportStep(mine, over, false)).toEqual({ kind: "none" });
    expect(reportStep(mine, pod({ phase: "Failed", startTime: START }), true)).toEqual({ kind: "none" });
    expect(reportStep(mine, pod({ phase: "Running", startTime: START }, leaving), true).kind).toBe("status");
    expect(reportStep(mine, over, true)).toEqual({ kind: "remove", uid: "u1" });
  });
});
