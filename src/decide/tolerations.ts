import type { Taint } from "../pod/cluster.ts";
import type * as v1 from "../pod/v1.ts";

/** Whether a pod may stay on a node with these taints. Those that only keep the scheduler away count for nothing (node.md 4). */
export const toleratesAll = (spec: Pick<v1.PodSpec, "tolerations">, taints: readonly Taint[]): boolean =>
  taints.every(
    (taint) => taint.effect !== "NoExecute" || (spec.tolerations ?? []).some((one) => tolerates(one, taint)),
  );

/** Without a key, or without an effect, a toleration is for all of them. */
function tolerates({ key = "", operator = "", value = "", effect = "" }: v1.Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && (operator === "" || operator === "Equal") && value === (taint.value ?? "");
}
