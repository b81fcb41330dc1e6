import type { NodeFacts } from "../pod/node.ts";
import type { Hold, Picture } from "../pod/plan.ts";
import type * as v1 from "../pod/v1.ts";

/** The v1 status that follows from a picture and the holds of its plan (lifecycle.md 5). */
export function podStatus(_picture: Picture, _holds: readonly Hold[], _node: NodeFacts): v1.PodStatus {
  return {};
}
