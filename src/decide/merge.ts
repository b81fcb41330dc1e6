import { sameData } from "../base/same.ts";
import type { ContainerLife, ObservedContainer, ObservedSandbox, SandboxState } from "../pod/observed.ts";

/*
 * Two accounts of one object as one. Field by field the greater of two values in some fixed order, so that neither the order
 * nor the number of the accounts matters. The first account itself is handed back when the second adds nothing.
 */

const LIFE: Readonly<Record<ContainerLife, number>> = { created: 0, running: 1, unknown: 2, exited: 3 };
const SANDBOX: Readonly<Record<SandboxState, number>> = { ready: 0, notReady: 1 };

/** A container as two accounts know it. */
export function mergeContainers(one: ObservedContainer, other: ObservedContainer): ObservedContainer {
  if (addsNothing(one, other)) return one;
  const merged: ObservedContainer = {
    ...farther(one, other),
    ...given("startedWallMs", least(one.startedWallMs, other.startedWallMs)),
    ...given("finishedWallMs", least(one.finishedWallMs, other.finishedWallMs)),
    ...given("exitCode", greatest(one.exitCode, other.exitCode)),
    ...given("reason", greatest(one.reason, other.reason)),
    ...given("message", greatest(one.message, other.message)),
    ...given("user", greatestText(one.user, other.user)),
    ...given("terminationMessage", greatest(one.terminationMessage, other.terminationMessage)),
    image: plainer(one.image, other.image),
    imageId: plainer(one.imageId, other.imageId),
  };
  return sameFields(one, merged) ? one : merged;
}

/** A sandbox as two accounts know it. */
export function mergeSandboxes(one: ObservedSandbox, other: ObservedSandbox): ObservedSandbox {
  if (one.state === other.state && one.hostNetwork === other.hostNetwork && one.ips === other.ips) return one;
  const merged: ObservedSandbox = {
    ...one,
    state: SANDBOX[one.state] >= SANDBOX[other.state] ? one.state : other.state,
    ...given("ips", longest(one.ips, other.ips)),
    ...given("hostNetwork", greatestText(one.hostNetwork, other.hostNetwork)),
  };
  return sameFields(one, merged) ? one : merged;
}

/** The usual case, once a second for each container that a list shows: nothing is put together to be thrown away. */
const addsNothing = (one: ObservedContainer, other: ObservedContainer): boolean =>
  one.state === other.state &&
  (one.detailed || !other.detailed) &&
  one.image === other.image &&
  one.imageId === other.imageId &&
  TOLD.every((field) => other[field] === undefined || other[field] === one[field]);

/** What only some accounts tell. */
const TOLD = [
  "startedWallMs",
  "finishedWallMs",
  "exitCode",
  "reason",
  "message",
  "user",
  "terminationMessage",
] as const;

/** The account of the later state; of one state the detailed one. */
function farther(one: ObservedContainer, other: ObservedContainer): ObservedContainer {
  const [left, right] = [LIFE[one.state], LIFE[other.state]];
  if (left !== right) return left > right ? one : other;
  return other.detailed && !one.detailed ? other : one;
}

/** Estimates of the agent are always later than the runtime's own moments: the earliest is the truest. */
const least = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : other === undefined ? one : Math.min(one, other);

function greatest<T extends string | number>(one: T | undefined, other: T | undefined): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one >= other ? one : other;
}

function greatestText<T>(one: T | undefined, other: T | undefined): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return JSON.stringify(one) >= JSON.stringify(other) ? one : other;
}

/** An account without addresses may come from before the network was told. */
function longest(one: readonly string[] | undefined, other: readonly string[] | undefined): typeof one {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.length !== other.length) return one.length > other.length ? one : other;
  return greatestText(one, other);
}

/** Lists know an image only by its digest, statuses by the name that people wrote. */
function plainer(one: string, other: string): string {
  const [left, right] = [isDigest(one), isDigest(other)];
  if (left !== right) return left ? other : one;
  return one.length !== other.length ? (one.length > other.length ? one : other) : one >= other ? one : other;
}

const isDigest = (name: string): boolean => name === "" || /^(sha256:)?[0-9a-f]{64}$/.test(name);

function given<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: T };
}

function sameFields<T extends object>(one: T, other: T): boolean {
  const keys = Object.keys(other) as (keyof T)[];
  return keys.length === Object.keys(one).length && keys.every((key) => sameData(one[key], other[key]));
}
