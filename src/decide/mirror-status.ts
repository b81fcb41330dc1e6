import type * as v1 from "../pod/v1.ts";

/** A change of a pod's status as a strategic merge patch; the UID in it is a precondition (node.md 3.6). */
export type StatusPatch = {
  readonly metadata: { readonly uid: string };
  readonly status: Readonly<Record<string, unknown>>;
};

/** Fields of the status that the node writes; all others belong to the server or to other controllers. */
const OWNED = [
  "phase",
  "reason",
  "message",
  "startTime",
  "hostIP",
  "podIP",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
] as const;

/** Lists that the server merges by the address: only a replacement takes an old one away. */
const ADDRESS_LISTS = ["hostIPs", "podIPs"] as const;

/** What the server must be told so that the pod there shows this status; undefined when it does. */
export function statusPatch(local: v1.PodStatus, shown: v1.Pod): StatusPatch | undefined {
  const uid = shown.metadata?.uid;
  if (uid === undefined) return undefined;
  const there: v1.PodStatus = shown.status ?? {};
  const status: Record<string, unknown> = {};
  for (const name of OWNED) if (!same(local[name], there[name])) status[name] = local[name] ?? null;
  for (const name of ADDRESS_LISTS) {
    const wanted = local[name] ?? [];
    if (same(wanted, there[name])) continue;
    // Where there is nothing to replace, the directive itself would be taken for an address.
    status[name] = isEmpty(there[name]) ? wanted : [{ $patch: "replace" }, ...wanted];
  }
  const conditions = changedConditions(local.conditions ?? [], there.conditions ?? []);
  if (conditions.length > 0) status.conditions = conditions;
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid }, status };
}

const changedConditions = (local: readonly v1.PodCondition[], there: readonly v1.PodCondition[]): readonly object[] =>
  local.flatMap((condition) => {
    const known = there.find(({ type }) => type === condition.type);
    const told = withItsMoment(condition, known);
    return known === undefined || !same(told, known) ? [{ ...emptied(told, known), ...told }] : [];
  });

/** When a pod was bound is the scheduler's to say; all other transitions are the node's own, and newer than what is there. */
function withItsMoment(condition: v1.PodCondition, known: v1.PodCondition | undefined): v1.PodCondition {
  if (condition.type !== "PodScheduled" || condition.status !== known?.status) return condition;
  const { lastTransitionTime } = known;
  return lastTransitionTime ? { ...condition, lastTransitionTime } : condition;
}

/** Words of an earlier status would stay: the server merges conditions by their type. */
const emptied = (condition: v1.PodCondition, known: v1.PodCondition | undefined): object =>
  Object.fromEntries(
    (["reason", "message"] as const)
      .filter((name) => condition[name] === undefined && !isEmpty(known?.[name]))
      .map((name) => [name, null]),
  );

/** Equal, where what is empty counts as absent: servers fill in empty fields. */
function same(one: unknown, other: unknown): boolean {
  if (isEmpty(one) || isEmpty(other)) return isEmpty(one) && isEmpty(other);
  if (typeof one !== "object" || typeof other !== "object") return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = one as Readonly<Record<string, unknown>>;
  const right = other as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((name) => same(left[name], right[name]));
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0);
