import type { MonoMs } from "../base/clock.ts";

/** Restart back-off, lifecycle.md 4.1. */
export const FIRST_DELAY_MS = 10_000;
/** A back-off is forgotten so long after the last restart decision (B6). */
export const FORGOTTEN_AFTER_MS = 600_000;

/** What a restart decision looks at. All moments are on the agent's own clock. */
export type RestartFacts = {
  /** When the newest instance ended (B3). */
  readonly endedAt: MonoMs;
  /** The back-off that it carries: what its successor waits (B4). */
  readonly inForceMs: number;
  /** When it was decided to make it. */
  readonly decidedAt: MonoMs;
  /** Its definition is not the one asked for now (B2). */
  readonly changed: boolean;
  /**
   * Set when the agent itself ended it to start another in its place: when the instance before it ended, if one is left (B9).
   * Where none is left though there was one, the common rule holds.
   */
  readonly replaced?: { readonly endedBeforeAt?: MonoMs };
  readonly ceilingMs: number;
  readonly now: MonoMs;
};

/** When the successor may start, the delay that this is the end of, and the back-off that the successor carries. */
export type RestartDue = { readonly dueAt: MonoMs; readonly delayMs: number; readonly nextMs: number };

/** When a dead instance may be followed by another (B1 to B9). */
export function restartDue(facts: RestartFacts): RestartDue {
  const { endedAt, inForceMs, decidedAt, ceilingMs, now } = facts;
  const first = Math.min(FIRST_DELAY_MS, ceilingMs);
  const forgotten = endedAt - decidedAt > FORGOTTEN_AFTER_MS || now - decidedAt >= FORGOTTEN_AFTER_MS;
  const isFirst = inForceMs === 0 && facts.replaced !== undefined && facts.replaced.endedBeforeAt === undefined;
  if (isFirst && !facts.changed) return { dueAt: endedAt, delayMs: 0, nextMs: 0 };
  if (inForceMs === 0 || forgotten || facts.changed) return { dueAt: endedAt, delayMs: 0, nextMs: first };
  const nextMs = Math.min(Math.max(inForceMs * 2, first), ceilingMs);
  const delayMs = Math.min(inForceMs, ceilingMs);
  const since = facts.replaced?.endedBeforeAt;
  if (since !== undefined && endedAt - since >= delayMs) return { dueAt: endedAt, delayMs, nextMs };
  return { dueAt: Math.min(endedAt + delayMs, decidedAt + FORGOTTEN_AFTER_MS), delayMs, nextMs };
}
