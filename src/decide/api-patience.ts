import type { Chance } from "../base/clock.ts";
import type { BerthError } from "../base/errors.ts";

/** How long to wait between two tries: doubling from the first to the longest, each with up to `jitter` more by chance. */
export type Patience = { readonly firstMs: number; readonly longestMs: number; readonly jitter: number };

/** A heartbeat that failed (node.md 2.1, 2.5). */
export const HEARTBEAT_PATIENCE: Patience = { firstMs: 200, longestMs: 7000, jitter: 0.5 };

/**
 * A list or watch that failed. The kubelet's longest is 30 s and up to as much again (node.md 3.1); here it is 12 s, so that
 * all is told anew within 30 s of a server's return, and the chance keeps many nodes from coming at once.
 */
export const WATCH_PATIENCE: Patience = { firstMs: 800, longestMs: 12_000, jitter: 1 };

/** The wait after so many failures in a row; never shorter than the server asked for. */
export function patienceMs(
  patience: Patience,
  failures: number,
  error: BerthError,
  chance: Pick<Chance, "fraction">,
): number {
  const { firstMs, longestMs, jitter } = patience;
  const delayMs = Math.min(firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 30), longestMs);
  return Math.max(delayMs, error.retryAfterMs ?? 0) * (1 + jitter * chance.fraction());
}

/** What is left of a wait when the failure itself took a while, as a server that never answers does; never no wait at all. */
export const restOfWait = (waitMs: number, spentMs: number): number =>
  Math.min(waitMs, Math.max(HEARTBEAT_PATIENCE.firstMs, waitMs - spentMs));

/**
 * Whether a heartbeat that fails again may do better on a new connection (node.md 1.1). A server that refuses a request, or
 * asks for patience, would only have one more handshake to do; and the connection is shared with the other heartbeat.
 */
export function mendsByReconnecting({ code }: Pick<BerthError, "code">): boolean {
  return !ANSWERED.includes(code);
}

const ANSWERED: readonly BerthError["code"][] = [
  "ApiBusy",
  "ApiForbidden",
  "ApiNotFound",
  "ApiExists",
  "ApiConflict",
  "ApiRefused",
];
