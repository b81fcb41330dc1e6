import { unlessAborted } from "../base/unless-aborted.ts";
import type { Credentials } from "./credentials.ts";
import { dial } from "./dial.ts";
import { openHttp1 } from "./http1.ts";
import { openSession, type Session } from "./http2.ts";
import type { Transport } from "./transport.ts";

/** A server that closes each connection before it can be used is not asked for ever. */
const MOST_DIALS = 3;

/**
 * Connections to one server under one identity: HTTP/2, as few as the requests at hand need; HTTP/1.1 where the server, or
 * what stands before it, speaks nothing newer.
 */
export function openConnections(credentials: Credentials): Transport {
  /** @bound As many as the requests under way need: another one is opened only when all are full. */
  let sessions: Session[] = [];
  let older: Transport | undefined;
  let dialling: Promise<void> | undefined;
  let ended = new AbortController();
  let retired = false;
  /** Requests that wait for a connection. */
  let waiting = 0;

  const open = async (signal: AbortSignal): Promise<void> => {
    const { socket, protocol } = await dial(credentials, signal);
    if (protocol === "h2") {
      const session = openSession(credentials.server.origin, socket);
      sessions = [...sessions.filter((session) => session.isOpen()), session];
      if (retired) session.retire(waiting > 0);
      return;
    }
    socket.destroy();
    older ??= openHttp1(credentials.server, async (end) => (await dial(credentials, end)).socket);
    if (retired) older.retire();
  };

  return {
    async send(request, sent, signal) {
      for (let dials = 0; dials <= MOST_DIALS; dials += 1) {
        if (older !== undefined) return older.send(request, sent, signal);
        const session = sessions.find((one) => one.hasRoom());
        if (session !== undefined) return session.send(request, sent, signal);
        // One connection is dialled at a time, for all who wait; who gives up waiting does not end it for the others.
        dialling ??= open(ended.signal).finally(() => {
          dialling = undefined;
        });
        waiting += 1;
        await unlessAborted(dialling, signal).finally(() => {
          waiting -= 1;
        });
      }
      throw new Error("the server closes its connections at once");
    },
    disconnect() {
      ended.abort();
      ended = new AbortController();
      for (const session of sessions) session.close();
      sessions = [];
      older?.disconnect();
      older = undefined;
    },
    retire() {
      retired = true;
      for (const session of sessions) session.retire(waiting > 0);
      older?.retire();
    },
  };
}
