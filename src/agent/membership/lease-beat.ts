import type { Chance, Clock } from "../../base/clock.ts";
import { BerthError } from "../../base/errors.ts";
import { HEARTBEAT_PATIENCE, mendsByReconnecting, patienceMs, restOfWait } from "../../decide/api-patience.ts";
import { LEASE_NAMESPACE, renewedLease } from "../../decide/lease.ts";
import type { Lease } from "../../pod/cluster.ts";
import type { Cluster } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";

/** Tries of one renewal that met others' changes, and failures in a row after which what was read counts no more. */
const MOST_TRIES = 5;
/** A renewal comes after a quarter of the lease's duration, and up to so much of it later. */
const RENEWALS = 4;
const JITTER = 0.04;

/**
 * The node's sign of life (node.md 2.5).
 *
 * L1  It waits for nothing but its own connection: not for the runtime, the node's status, or pods.
 * L2  A renewal writes on what the server last answered and reads nothing; only a conflict reads again, or a lease that is
 *     gone, or five failures in a row.
 * L3  A failed renewal is tried again ever more slowly; from the second failure in a row on, on a new connection, unless
 *     the server itself answered that it does not want it. Time that the server asks for is given as long as a lease lasts.
 * L4  A lease is made only with its node as owner, so that it goes with the node.
 * L5  When the server is back after such failures, whoever else waits for it is told so: an answer may never come.
 */
export function makeLeaseBeat(tools: {
  readonly cluster: Cluster;
  readonly nodeName: string;
  readonly durationSeconds: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  /** Throws when the node is not known to the server. */
  nodeUid(signal: AbortSignal): Promise<string>;
  onReturn?(): void;
}): { readonly run: Round; readonly beatWithinMs: number } {
  const { cluster, nodeName, durationSeconds, clock, chance, contact } = tools;
  const place = { kind: "leases" as const, namespace: LEASE_NAMESPACE };
  const object = { ...place, name: nodeName };
  const lastsMs = durationSeconds * 1000;
  const periodMs = lastsMs / RENEWALS;
  let held: Lease | undefined;

  const renewed = (uid?: string): Lease => renewedLease({ nodeName, durationSeconds }, uid, held, clock.now().wallMs);
  const read = async (signal: AbortSignal): Promise<Lease | undefined> => {
    try {
      return await cluster.get(object, signal);
    } catch (error) {
      if (isCode(error, "ApiNotFound")) return undefined;
      throw error;
    }
  };
  const renew = async (signal: AbortSignal): Promise<void> => {
    held ??= await read(signal);
    if (held === undefined) {
      held = await cluster.create(place, renewed(await tools.nodeUid(signal)), signal);
      return;
    }
    const owned = (held.metadata.ownerReferences ?? []).length > 0;
    held = await cluster.replace(object, renewed(owned ? undefined : await tools.nodeUid(signal)), signal);
  };
  /** Throws the last failure; what the server answered before stays good unless it says that it is not. */
  const renewOrRead = async (signal: AbortSignal): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await renew(signal);
        return;
      } catch (error) {
        if (!isCode(error, "ApiConflict", "ApiExists", "ApiNotFound")) throw error;
        held = undefined;
        if (tries >= MOST_TRIES) throw error;
        if (isCode(error, "ApiNotFound") && tries > 1) throw error; // its node is not there: that does not change at once
      }
    }
  };

  return {
    beatWithinMs: lastsMs * 3 + 60_000,
    async run(signal, beat) {
      let failures = 0;
      let hung = false;
      while (!signal.aborted) {
        let pauseMs = periodMs * (1 + JITTER * chance.fraction());
        const begunMonoMs = clock.now().monoMs;
        try {
          await renewOrRead(signal);
          if (hung) tools.onReturn?.();
          failures = 0;
          hung = false;
          contact.well("lease");
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          const error = contact.failed("lease", thrown);
          if (failures >= MOST_TRIES) held = undefined;
          if (failures > 1 && mendsByReconnecting(error)) {
            cluster.disconnect();
            hung = true;
          }
          pauseMs = Math.min(pauseMs, patienceMs(HEARTBEAT_PATIENCE, failures, error, chance));
          pauseMs = restOfWait(pauseMs, clock.now().monoMs - begunMonoMs);
          if (error.retryAfterMs !== undefined) pauseMs = Math.max(pauseMs, Math.min(error.retryAfterMs, lastsMs));
        }
        beat();
        await clock.sleep(pauseMs, signal);
      }
    },
  };
}

function isCode(error: unknown, ...codes: readonly BerthError["code"][]): boolean {
  return error instanceof BerthError && codes.includes(error.code);
}
