import type { Draft } from "./draft.ts";

/** Somebody asked for a restart of the container, and it has not been carried out. */
export function isRequested({ picture, memory }: Draft, name: string): boolean {
  const askedAt = picture.around.restartRequests.get(name);
  return askedAt !== undefined && askedAt > (memory.restarted[name] ?? Number.NEGATIVE_INFINITY);
}

/** The request counts as carried out from here on. */
export function noteRequestDone(draft: Draft, name: string): void {
  const askedAt = draft.picture.around.restartRequests.get(name);
  if (askedAt === undefined) return;
  draft.memory = { ...draft.memory, restarted: { ...draft.memory.restarted, [name]: askedAt } };
}
