import type { ClusterNode, NodeCondition, NodeStatus } from "../pod/cluster.ts";
import { isSameAmount } from "../pod/quantity.ts";
import { mapPatch } from "./map-patch.ts";

/** Fields of the status that are replaced as a whole; the rest has its own way of being merged. */
const WHOLE = [
  "nodeInfo",
  "daemonEndpoints",
  "images",
  "runtimeHandlers",
  "features",
  "declaredFeatures",
  "volumesInUse",
] as const;

/**
 * The strategic merge patch that makes the one node the other, by way of nodes/status (node.md 2.4); undefined when nothing
 * but heartbeat times differs and `heartbeat` is not asked for. They go along with all else: whatever was told is a report.
 */
export function nodePatch(before: ClusterNode, now: ClusterNode, heartbeat: boolean): object | undefined {
  const patch = patchOf(before, now, heartbeat);
  return patch === undefined || heartbeat ? patch : patchOf(before, now, true);
}

function patchOf(before: ClusterNode, now: ClusterNode, heartbeat: boolean): object | undefined {
  const metadata = {
    ...mapPatch("labels", before.metadata.labels, now.metadata.labels),
    ...mapPatch("annotations", before.metadata.annotations, now.metadata.annotations),
  };
  const status = statusPatch(before.status ?? {}, now.status ?? {}, heartbeat);
  if (isEmpty(metadata) && isEmpty(status)) return undefined;
  return { ...(isEmpty(metadata) ? {} : { metadata }), ...(isEmpty(status) ? {} : { status }) };
}

/** What the server made of a status that it was sent. */
export type Echo = { readonly sent: NodeStatus; readonly answered: NodeStatus };

/**
 * The node as it counts for the next patch: where the server still shows what it made of the last one, it has what was sent.
 * An older server drops fields that it does not know, and would be told of them again and again.
 */
export function believed(node: ClusterNode, echo: Echo | undefined): ClusterNode {
  if (echo === undefined || node.status === undefined) return node;
  const { status } = node;
  const { sent, answered } = echo;
  const dropped = WHOLE.filter(
    (field) => isSame(status[field] ?? null, answered[field] ?? null) && sent[field] !== undefined,
  );
  return { ...node, status: { ...status, ...Object.fromEntries(dropped.map((field) => [field, sent[field]])) } };
}

function statusPatch(before: NodeStatus, now: NodeStatus, heartbeat: boolean): object {
  const whole = WHOLE.filter((field) => !isSame(before[field] ?? null, now[field] ?? null));
  const conditions = conditionsPatch(before.conditions ?? [], now.conditions ?? [], heartbeat);
  return {
    ...mapPatch("capacity", before.capacity, now.capacity, isSameAmount),
    ...mapPatch("allocatable", before.allocatable, now.allocatable, isSameAmount),
    ...(isSame(before.addresses, now.addresses)
      ? {}
      : { addresses: [{ $patch: "replace" }, ...(now.addresses ?? [])] }),
    ...Object.fromEntries(whole.map((field) => [field, wholePart(before[field], now[field])])),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** Objects are merged by the server: a field that is gone has to be named. Lists without a key are replaced. */
function wholePart(before: unknown, now: unknown): unknown {
  if (now === undefined) return null;
  if (Array.isArray(now) || typeof now !== "object" || now === null) return now;
  const lost = Object.keys((before ?? {}) as object).filter((key) => !(key in now));
  return { ...now, ...Object.fromEntries(lost.map((key) => [key, null])) };
}

/** Conditions are merged by their type. Without `heartbeat` they are none where only their times differ. */
function conditionsPatch(
  before: readonly NodeCondition[],
  now: readonly NodeCondition[],
  heartbeat: boolean,
): NodeCondition[] {
  const old = new Map(before.map((condition) => [condition.type, condition]));
  const changed = now.some((condition) => !isSame(timeless(old.get(condition.type)), timeless(condition)));
  return changed || heartbeat ? now.filter((condition) => !isSame(old.get(condition.type), condition)) : [];
}

function timeless(condition: NodeCondition | undefined): Partial<NodeCondition> | undefined {
  if (condition === undefined) return undefined;
  const { lastHeartbeatTime: _, ...rest } = condition;
  return rest;
}

const isEmpty = (part: object): boolean => Object.keys(part).length === 0;

/** Equal whatever the order of fields: the server has its own. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = definedOf(one);
  const right = definedOf(other);
  return (
    left.length === right.length && left.every(([key, value]) => isSame(value, (other as Record<string, unknown>)[key]))
  );
}

const definedOf = (value: object): [string, unknown][] =>
  Object.entries(value).filter(([, part]) => part !== undefined);
