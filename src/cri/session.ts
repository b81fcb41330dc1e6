/**
 * The life of the connection to the runtime.
 *
 * 1. Each time that the connection stands, the runtime is asked who it is before anyone is told; until it answers in full,
 *    as while containerd still loads, it is asked again and again.
 * 2. The event stream is opened before those questions. A runtime without it refuses at once, so that it has refused by
 *    the time that the last question is answered; otherwise it has it. The open stream is kept for the first reader,
 *    because the stream of containerd 1.7 has one reader, and a stream closed too soon would swallow an event.
 *    For the same reason there is never a second one: nobody is given events before the questions are answered, and a
 *    stream ends with the connection on which it was opened, whether or not the transport let it live on.
 * 3. What was learnt stays known while the runtime is away.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { CriClient } from "./client.ts";
import type { ContainerEventResponse } from "./generated/types.ts";
import { lookUp, type RuntimeFacts } from "./lookup.ts";

export type SessionOptions = { readonly client: CriClient; readonly clock: Clock; readonly log: Log };

/** A client together with what is known of the runtime behind it. */
export type Session = {
  /** Undefined until the runtime has told for the first time. */
  facts(): RuntimeFacts | undefined;
  /** Called after each connection, the first one too, once the facts are known. Returns the way to stop listening. */
  onConnected(listener: () => void): () => void;
  /**
   * The events since the connection was made for the first reader, and from now on for later ones. Undefined where the
   * runtime has none, and until a listener to the connection is called.
   */
  events(signal: AbortSignal): AsyncIterable<ContainerEventResponse> | undefined;
  close(): void;
};

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3000;

/** Follows the client's connection until closed. Closing leaves the client open. */
export function openSession({ client, clock, log }: SessionOptions): Session {
  /** @bound Listeners to the connection: a fixed number. */
  const listeners = new Set<() => void>();
  let facts: RuntimeFacts | undefined;
  let waiting: OpenStream | undefined;
  let current = new AbortController();
  /** Whether the runtime has answered on the current connection. */
  let standing = false;

  async function begin(signal: AbortSignal): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; !signal.aborted; delayMs = Math.min(2 * delayMs, LONGEST_RETRY_MS)) {
      const stream = openEvents(client, signal);
      try {
        const told = await lookUp(client, signal);
        if (!signal.aborted) return learn(told, stream);
      } catch (error) {
        if (!signal.aborted) log.warn("the container runtime does not say who it is yet", { error });
      }
      stream.close();
      await clock.sleep(delayMs, signal);
    }
  }

  function learn(told: RuntimeFacts, stream: OpenStream): void {
    facts = told;
    waiting = stream;
    standing = true;
    log.info("connected to the container runtime", { runtime: told.name, version: told.version });
    for (const listener of [...listeners]) listener();
  }

  function end(): void {
    standing = false;
    waiting = undefined;
    current.abort();
  }

  const unfollow = client.onConnection((connection) => {
    end();
    if (connection !== "ready") return;
    current = new AbortController();
    void begin(current.signal);
  });

  return {
    facts: () => facts,
    onConnected(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    events(signal) {
      if (!standing || client.lacks("GetContainerEvents")) return undefined;
      const stream = waiting ?? openEvents(client, current.signal);
      waiting = undefined;
      return readUntil(stream, signal);
    },
    close() {
      unfollow();
      end();
    },
  };
}

type OpenStream = { readonly events: AsyncIterable<ContainerEventResponse>; close(): void };

/** A stream that ends with its connection, if it is not closed before. */
function openEvents(client: CriClient, connection: AbortSignal): OpenStream {
  const closing = new AbortController();
  const close = (): void => {
    connection.removeEventListener("abort", close);
    closing.abort();
  };
  connection.addEventListener("abort", close);
  return { events: client.stream("GetContainerEvents", {}, closing.signal), close };
}

async function* readUntil(stream: OpenStream, signal: AbortSignal): AsyncGenerator<ContainerEventResponse> {
  signal.addEventListener("abort", stream.close);
  try {
    if (!signal.aborted) yield* stream.events;
  } finally {
    signal.removeEventListener("abort", stream.close);
    stream.close();
  }
}
