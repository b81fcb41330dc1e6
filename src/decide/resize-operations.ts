import { allocationOf } from "../pod/allocation.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { compareQuantities, parseQuantity, type Quantity, ZERO } from "../pod/quantity.ts";
import type * as v1 from "../pod/v1.ts";

/** One amount of a container that is asked for anew, as the metric calls it. */
export type ResizeOperation = {
  readonly resource: "cpu" | "memory";
  readonly requirement: "limits" | "requests";
  readonly operation: "add" | "remove" | "increase" | "decrease";
};

/** What changed in the resources of a pod's containers, one by one (node.md 7.1). */
export function resizeOperations(before: DesiredPod, after: DesiredPod): readonly ResizeOperation[] {
  const [old, next] = [allocationOf(before).containers, allocationOf(after).containers];
  return Object.entries(next).flatMap(([name, resources]) => operationsOf(old[name] ?? {}, resources));
}

function operationsOf(before: v1.ResourceRequirements, after: v1.ResourceRequirements): readonly ResizeOperation[] {
  return (["cpu", "memory"] as const).flatMap((resource) =>
    (["limits", "requests"] as const).flatMap((requirement): readonly ResizeOperation[] => {
      const operation = operationOf(amount(before[requirement]?.[resource]), amount(after[requirement]?.[resource]));
      return operation === undefined ? [] : [{ resource, requirement, operation }];
    }),
  );
}

function operationOf(before: Quantity, after: Quantity): ResizeOperation["operation"] | undefined {
  const order = compareQuantities(after, before);
  if (order === 0) return undefined;
  if (before.nanos === 0n) return "add";
  if (after.nanos === 0n) return "remove";
  return order > 0 ? "increase" : "decrease";
}

const amount = (written: v1.Quantity | undefined): Quantity =>
  (written === undefined ? undefined : parseQuantity(written)) ?? ZERO;
