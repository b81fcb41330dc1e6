import type { NodeFacts } from "../pod/node.ts";
import type * as v1 from "../pod/v1.ts";

/** Whether the node is one that the pod's nodeSelector and required node affinity name (node.md 4). */
export function fitsNode(spec: v1.PodSpec, node: Pick<NodeFacts, "labels" | "nodeName">): boolean {
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return selected && (required === undefined || required.nodeSelectorTerms.some((term) => fitsTerm(term, node)));
}

/** All expressions of a term must hold; a term without any holds for no node. */
function fitsTerm(term: v1.NodeSelectorTerm, node: Pick<NodeFacts, "labels" | "nodeName">): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  const fieldsOfNode: Readonly<Record<string, string>> = { "metadata.name": node.nodeName };
  return (
    expressions.every((expression) => holds(expression, node.labels[expression.key])) &&
    fields.every((expression) => holds(expression, fieldsOfNode[expression.key]))
  );
}

function holds(expression: v1.NodeSelectorRequirement, value: string | undefined): boolean {
  const values = expression.values ?? [];
  switch (expression.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return isWhole(value) && isWhole(values[0]) && BigInt(value) > BigInt(values[0]);
    case "Lt":
      return isWhole(value) && isWhole(values[0]) && BigInt(value) < BigInt(values[0]);
    default:
      return false;
  }
}

const isWhole = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text);
