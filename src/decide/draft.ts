import type { MonoMs } from "../base/clock.ts";
import type { Action, ActionKind, Subject } from "../pod/action.ts";
import type { InstanceMemory, PodMemory, StartMemory } from "../pod/memory.ts";
import type { Flight, Hold, Picture } from "../pod/plan.ts";

/**
 * A plan while it is made. The rules of this room add to it one after the other; it lives within one call of nextPlan.
 * That a subject has one action at a time is seen to here, so that no rule has to.
 */
export type Draft = {
  readonly picture: Picture;
  memory: PodMemory;
  readonly actions: Action[];
  readonly withdraw: Set<Subject>;
  readonly holds: Hold[];
  wakeAt: MonoMs | undefined;
};

/** A draft in which nothing is planned yet. */
export const beginDraft = (picture: Picture): Draft => ({
  picture,
  memory: picture.memory,
  actions: [],
  withdraw: new Set(),
  holds: [],
  wakeAt: undefined,
});

/** Under which name the failure of a step is remembered. */
export const failureKey = ({ kind, subject }: { kind: ActionKind; subject: Subject }): string => `${kind} ${subject}`;

/** What works on the subject now, if anything. */
export const flightOf = (draft: Draft, subject: Subject): Flight | undefined => draft.picture.inFlight.get(subject);

/** Whether nothing may be begun on the subject: it is in flight, planned already, or in doubt until a later look. */
export const isBusy = (draft: Draft, subject: Subject): boolean =>
  draft.picture.inFlight.has(subject) ||
  draft.memory.inDoubt[subject] !== undefined ||
  draft.actions.some((action) => action.subject === subject);

/** Plans the action unless its subject is busy or its last failure is too young. Answers whether it was planned. */
export function act(draft: Draft, action: Action): boolean {
  if (isBusy(draft, action.subject) || waitsAfterFailure(draft, action)) return false;
  draft.actions.push(action);
  return true;
}

/** The last failure of this step is too young for another try; the plan looks again when it is not. */
export function waitsAfterFailure(draft: Draft, action: { kind: ActionKind; subject: Subject }): boolean {
  const retryAt = draft.memory.failures[failureKey(action)]?.retryAt;
  if (retryAt === undefined || retryAt <= draft.picture.now.monoMs) return false;
  wake(draft, retryAt);
  return true;
}

/** Looks again at this moment at the latest. */
export function wake(draft: Draft, at: MonoMs): void {
  draft.wakeAt = Math.min(draft.wakeAt ?? at, at);
}

/** States why something waits, and looks again when it is over. */
export function hold(draft: Draft, held: Hold): void {
  draft.holds.push(held);
  if (held.until !== undefined) wake(draft, held.until);
}

/** Gives up what works on the subject; once is enough. */
export function withdraw(draft: Draft, subject: Subject): void {
  if (flightOf(draft, subject)?.withdrawn === false) draft.withdraw.add(subject);
}

/** What is remembered of an instance. */
export const instanceOf = (draft: Draft, id: string): InstanceMemory => draft.memory.instances[id] ?? {};

/** Remembers something of an instance. */
export function noteInstance(draft: Draft, id: string, changes: InstanceMemory): void {
  const instances = { ...draft.memory.instances, [id]: { ...draft.memory.instances[id], ...changes } };
  draft.memory = { ...draft.memory, instances };
}

/** What is remembered for the next start of a container. */
export const startOf = (draft: Draft, name: string): StartMemory => draft.memory.starts[name] ?? {};

/** Remembers this for the next start of a container, in place of what was remembered. */
export function noteStart(draft: Draft, name: string, start: StartMemory): void {
  draft.memory = { ...draft.memory, starts: { ...draft.memory.starts, [name]: start } };
}
