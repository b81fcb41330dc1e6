import { type Details, exitedOnly } from "./details.ts";
import type { Lobby } from "./lobby.ts";

/** Reads how those that ended while no agent ran have ended; when the running ones began can be read later. */
export async function fillGuests(lobby: Lobby, details: Details): Promise<void> {
  await Promise.all(lobby.strangers().map(({ uid }) => details.fill(uid, exitedOnly(lobby.peek(uid)))));
}

/** Pods of an earlier agent that run, as the metrics count them. */
export const runningGuests = (lobby: Lobby): number =>
  lobby.strangers().filter(({ uid }) => lobby.peek(uid).sandboxes.some(({ state }) => state === "ready")).length;
