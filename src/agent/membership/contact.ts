import type { Clock } from "../../base/clock.ts";
import { asBerthError, type BerthError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { ClusterContact } from "../../pod/cluster.ts";
import type { Meter } from "../../pod/metrics.ts";

/** What is talked about with the API server, each by a loop of its own. */
export type Topic =
  | "lease"
  | "node"
  | "node watch"
  | "pod watch"
  | "pod status"
  | "mirror pods"
  | "events"
  | "documents"
  | "tokens"
  | "services"
  | "certificate"
  | "serving certificate";

/** Keeps how the node stands with its cluster: for people, for metrics, and for the log, which hears of changes only. */
export type Contact = {
  show(): ClusterContact;
  /** It went well. */
  well(topic: Topic): void;
  /**
   * The listener hears, until the signal aborts, whenever the lease is taken (again): what was refused until then may have been
   * so for no fault of its own.
   */
  onBack(listener: () => void, signal: AbortSignal): void;
  /** It failed: the failure, for whoever has to wait after it. Logged once until it goes well again or fails otherwise. */
  failed(topic: Topic, thrown: unknown): BerthError;
};

/** No contact yet. */
export function makeContact({ clock, log, meter }: { clock: Clock; log: Log; meter: Meter }): Contact {
  /** @bound Topics: a fixed number. */
  const failing = new Map<Topic, string>();
  let contact: ClusterContact = { connected: false };
  /** @bound Loops of the membership: a fixed number, and one for each document that is followed. */
  const listeners = new Set<() => void>();
  meter.set("berth_cluster_connected", {}, 0);

  const note = (change: Partial<ClusterContact>): void => {
    contact = { ...contact, ...change };
    meter.set("berth_cluster_connected", {}, contact.connected ? 1 : 0);
  };

  return {
    show: () => contact,
    onBack(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    well(topic) {
      const { wallMs } = clock.now();
      if (failing.delete(topic)) log.info("the API server answers again", { topic });
      if (topic === "lease") {
        meter.set("berth_cluster_lease_renewed_timestamp_seconds", {}, wallMs / 1000);
        const isBack = !contact.connected;
        note({ connected: true, leaseRenewedMs: wallMs });
        if (isBack) for (const listener of listeners) listener();
      }
      if (topic === "node") {
        meter.set("berth_cluster_status_sent_timestamp_seconds", {}, wallMs / 1000);
        note({ statusSentMs: wallMs });
      }
      if (failing.size > 0 || contact.lastError === undefined) return;
      const { lastError: _, ...rest } = contact;
      contact = rest;
    },
    failed(topic, thrown) {
      const error = asBerthError(thrown, "talking to the API server");
      meter.add("berth_cluster_failures_total", { topic, code: error.code }, 1);
      if (failing.get(topic) !== error.code) log.warn(error.message, { topic, code: error.code });
      failing.set(topic, error.code);
      note({
        lastError: { message: error.message, atMs: clock.now().wallMs },
        ...(topic === "lease" ? { connected: false } : {}),
      });
      return error;
    },
  };
}
