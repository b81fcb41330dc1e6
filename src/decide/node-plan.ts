import type { NodePicture, NodePlan } from "../pod/node-plan.ts";

/** What follows between pods: who begins, ends and is forgotten, whose name's turn it is, who is admitted. */
export function nextNodePlan(_picture: NodePicture): NodePlan {
  return { begin: [], end: [], forget: [], orphans: [], turns: new Map(), admissions: new Map(), waiting: new Map() };
}
