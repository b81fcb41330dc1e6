import { makeBell } from "../../base/bell.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { asBerthError, BerthError } from "../../base/errors.ts";
import { apiEvent, eventNamespace, eventPatch } from "../../decide/api-event.ts";
import { patienceMs, WATCH_PATIENCE } from "../../decide/api-patience.ts";
import type { CountedEvent } from "../../pod/event.ts";
import type { Meter } from "../../pod/metrics.ts";
import type { Cluster } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { makePace, type Rate } from "./pace.ts";

/** Brings events to the API server. */
export type EventFeed = {
  /** Takes an event at once, whatever the server does. */
  offer(event: CountedEvent): void;
  readonly run: Round;
};

/** Events that wait. @limit A new one is dropped, and counted, while so many others wait. */
const MOST_WAITING = 1000;
/** Names of events that the server has. @limit The oldest is forgotten: its next telling costs a second request. */
const MOST_KNOWN = 4096;
/** An event that the server fails to take so often, though it answers, is dropped (node.md 3.7). */
const MOST_TRIES = 12;
/** After an outage what waits goes out at this part of the usual rate, and without a burst. */
const RECOVERING = 0.2;

/**
 * Tells events to the API server (node.md 3.7). They come correlated and rated for each object.
 *
 * E1  Offering never waits; of an event that happens again before it was sent only the newest count goes out.
 * E2  A first telling makes the event, a later one moves its count; where the server knows better the other one is tried.
 * E3  What the server rejects is dropped. What it could not take stays, in order; after an outage it goes out slowly.
 */
export function makeEventFeed(tools: {
  readonly cluster: Cluster;
  readonly nodeName: string;
  readonly rate: Rate;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly meter: Meter;
}): EventFeed {
  const { cluster, nodeName, rate, clock, chance, contact, meter } = tools;
  /** @bound MOST_WAITING */
  const waiting = new Map<string, CountedEvent>();
  /** @bound MOST_KNOWN */
  const known = new Set<string>();
  const bell = makeBell(clock);
  const pace = makePace(rate, clock);

  const create = async (event: CountedEvent, signal: AbortSignal): Promise<void> => {
    const namespace = eventNamespace(event.object);
    await cluster.create({ kind: "events", namespace }, apiEvent(event, nodeName), signal);
  };
  const move = async (event: CountedEvent, signal: AbortSignal): Promise<void> => {
    const namespace = eventNamespace(event.object);
    await cluster.patch({ kind: "events", namespace, name: event.name }, eventPatch(event), signal);
  };
  const send = async (event: CountedEvent, signal: AbortSignal): Promise<void> => {
    const isKnown = known.has(event.name);
    try {
      await (isKnown ? move : create)(event, signal);
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== (isKnown ? "ApiNotFound" : "ApiExists")) throw error;
      await (isKnown ? create : move)(event, signal);
    }
    known.delete(event.name);
    known.add(event.name); // as the newest
    const [oldest] = known;
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  };
  const over = (event: CountedEvent): void => {
    if (waiting.get(event.name) === event) waiting.delete(event.name);
    if (waiting.size === 0) pace.recovered();
  };
  const drop = (why: "full" | "rejected"): void => meter.add("berth_cluster_events_dropped_total", { reason: why }, 1);

  return {
    offer(event) {
      if (waiting.size >= MOST_WAITING && !waiting.has(event.name)) {
        drop("full");
        return;
      }
      waiting.set(event.name, event);
      bell.ring();
    },
    async run(signal) {
      let failures = 0;
      let refusals = 0;
      const well = (): void => {
        if (failures > 0) contact.well("events");
        failures = 0;
        refusals = 0;
      };
      while (!signal.aborted) {
        const [event] = waiting.values();
        const pauseMs = event === undefined ? 0 : pace.waitMs();
        if (event === undefined) {
          await bell.wait(undefined, signal);
          continue;
        }
        if (pauseMs > 0) {
          await clock.sleep(pauseMs, signal);
          continue;
        }
        pace.spend();
        try {
          await send(event, signal);
          over(event);
          well();
        } catch (thrown) {
          if (signal.aborted) return;
          const error = asBerthError(thrown, "telling an event");
          // A server that takes no lease either refuses everything: that says nothing of this event.
          const { connected } = contact.show();
          if (error.code === "ApiFailed" && connected) refusals += 1;
          if (isRejection(error, connected) || refusals >= MOST_TRIES) {
            drop("rejected");
            over(event);
            well();
            continue;
          }
          failures += 1;
          pace.recover(RECOVERING);
          contact.failed("events", error);
          await clock.sleep(patienceMs(WATCH_PATIENCE, failures, error, chance), signal);
        }
      }
    },
  };
}

/** The server has answered that it will not have this event: a namespace that ends, say. */
const isRejection = ({ code }: BerthError, connected: boolean): boolean =>
  (code === "ApiForbidden" && connected) || ["ApiRefused", "ApiNotFound", "ApiExists", "ApiConflict"].includes(code);
