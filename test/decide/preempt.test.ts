import { describe, expect, it } from "vitest";
import { nothingTaken, withPod } from "../../src/decide/admission.ts";
import { victimsFor } from "../../src/decide/preempt.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import type { WorkerFacts } from "../../src/pod/node-plan.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const FREE = { pods: 10, cpuMillis: 1000, memoryBytes: 1000, others: new Map() };

/** A pod that asks for so much, as `requests` or, guaranteed, as both. */
function asking(
  uid: string,
  requests: Record<string, string>,
  more: Partial<DesiredPod> = {},
  limits = {},
): DesiredPod {
  const containers = [aContainer({ spec: { resources: { requests, limits } } })];
  const base = aPod({ containers });
  const spec = { ...base.spec, containers: containers.map((one) => one.spec) };
  return aPod({ uid, name: uid, containers, spec, origin: { kind: "api" }, ...more });
}
const worker = (pod: DesiredPod): WorkerFacts => ({
  pod,
  admission: { kind: "admitted" },
  ...{ finished: false, cleaned: false, terminal: false, byShutdown: false, adopted: false, arrival: 1 },
});
const victims = (pod: DesiredPod, others: readonly DesiredPod[], free = FREE): string[] | undefined => {
  const taken = others.reduce((totals, other) => withPod(totals, other), nothingTaken);
  return victimsFor(pod, others.map(worker), free, taken)?.map((one) => one.pod.uid);
};
const file = { origin: { kind: "file", path: "/m/x.yaml", document: 0, line: 1 } } as const;
const mine = asking("mine", { cpu: "400m" }, file);

describe("who ends for a critical pod (node.md 4)", () => {
  it("nobody, as long as there is room", () => {
    expect(victims(mine, [asking("a", { cpu: "500m" })])).toEqual([]);
  });

  it("the one that comes closest to what is lacking, and of equals the smaller", () => {
    const others = [
      asking("small", { cpu: "100m" }),
      asking("large", { cpu: "500m" }),
      asking("fits", { cpu: "400m" }),
    ];
    expect(victims(mine, others)).toEqual(["fits"]);
  });

  it("more than one where one is not enough", () => {
    const others = ["a", "b", "c", "d"].map((uid) => asking(uid, { cpu: "250m" }));
    expect(victims(mine, others)?.length).toBe(2);
  });

  it("burstable pods before guaranteed ones, and none that does not help", () => {
    const same = { cpu: "500m", memory: "10" };
    const others = [asking("guaranteed", same, {}, same), asking("burstable", { cpu: "500m" }), asking("best", {})];
    expect(victims(mine, others)).toEqual(["burstable"]);
  });

  it("best-effort pods for a place among the pods", () => {
    const others = [asking("burstable", { cpu: "100m" }), asking("best", {})];
    expect(victims(mine, others, { ...FREE, pods: 2 })).toEqual(["best"]);
  });

  it("no static pod, no pod of the system's priority", () => {
    const system = asking("system", { cpu: "500m" });
    const others = [asking("static", { cpu: "500m" }, file), { ...system, spec: { ...system.spec, priority: 2e9 } }];
    expect(victims(mine, others)).toBeUndefined();
  });
});
