import { sameData } from "../base/same.ts";
import type { Action } from "../pod/action.ts";
import { type Allocation, type Change, changesOf, givenText } from "../pod/allocation.ts";
import { act, type Draft, failureKey, hold, instanceOf } from "./draft.ts";
import { boundsOf, type Lagging, lagging, resizeNeed, withoutResizeFailures } from "./resize.ts";

/**
 * The steps of a resize that was granted (S26). The pod's cgroup always holds what the pod was given and what any of its
 * containers still has: it makes room before they grow, and follows them when all have become smaller.
 */
export function carryResizes(draft: Draft): void {
  if (draft.picture.desired.bound === undefined) return;
  const late = lagging(draft.picture);
  if (!carryBounds(draft, late.length === 0)) return;
  const updates = late.filter((one) => !isEnding(draft, one) && needs(draft, one) === "update");
  const lower = updates.some(lowers);
  for (const one of updates.filter((other) => lowers(other) === lower)) update(draft, one);
  if (late.length === 0) finish(draft);
}

const lessMemory = ({ resource, of, isLess }: Change): boolean => isLess && resource === "memory" && of !== "requests";
/** Of some resource less: those go first (S26). */
const lowers = ({ lag }: Lagging): boolean => lag.some(({ isLess }) => isLess);
const needs = (draft: Draft, { container, instance }: Lagging) => resizeNeed(draft.picture, container, instance);
const isEnding = (draft: Draft, { instance }: Lagging): boolean => instanceOf(draft, instance.id).stop !== undefined;

/** What the pod's cgroup is to be made for; nothing for pods whose resources never change. */
export const firstBounds = ({ picture }: Draft): { readonly bounds?: Allocation } =>
  picture.desired.bound === undefined ? {} : { bounds: boundsOf(picture) };

/** Whether the pod's cgroup is as it has to be; at the end of a resize the sandbox hears of it, too. */
function carryBounds(draft: Draft, settled: boolean): boolean {
  const bounds = boundsOf(draft.picture);
  const { bounds: before, resizing } = draft.memory;
  if (before === undefined) return true;
  const [sandbox] = draft.picture.observed.sandboxes;
  const tells = settled && sandbox !== undefined && resizing !== undefined && resizing.told !== true;
  if (sameData(before, bounds) && !tells) return true;
  const told = tells ? { sandbox: sandbox.id } : {};
  carry(draft, { subject: "pod", kind: "limit-pod", bounds, lowersMemory: hasLess(before, bounds), ...told });
  return false;
}

/** Whether the pod, or something in it, may use less memory than before. */
function hasLess(before: Allocation, after: Allocation): boolean {
  const names = Object.keys(after.containers);
  const pairs = [[before.pod, after.pod], ...names.map((name) => [before.containers[name], after.containers[name]])];
  return pairs.some(([old = {}, next = {}]) => changesOf(old, next).some(lessMemory));
}

function update(draft: Draft, { container, instance, lag }: Lagging): void {
  carry(draft, {
    subject: `container/${container.name}`,
    kind: "update-container",
    id: instance.id,
    name: container.name,
    given: givenText(draft.picture.desired, container),
    lowersMemory: lag.some(lessMemory),
  });
}

/** What failed is told until it is tried again. */
function carry(draft: Draft, action: Action): void {
  if (act(draft, action)) return;
  const failed = draft.memory.failures[failureKey(action)];
  if (failed === undefined || failed.retryAt <= draft.picture.now.monoMs) return;
  const { message } = failed.failure;
  hold(draft, { subject: action.subject, reason: "ResizeError", message, until: failed.retryAt, needs: "time" });
}

/** All that runs has what the pod was given. */
function finish(draft: Draft): void {
  const { resizing, ...rest } = draft.memory;
  if (resizing !== undefined) draft.memory = withoutResizeFailures(rest);
}
