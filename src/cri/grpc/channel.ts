/**
 * Unary calls and streams of gRPC at a unix socket, over one connection that is made again by itself.
 *
 * The library for it costs a probe's call more than all else that the agent does for the probe: many objects and ticks of
 * the loop for each of its layers, none of which a local socket needs.
 */
import { connect } from "node:net";
import { type GrpcRequest, type Listener, sendCall } from "./call.ts";
import { type Connection, openConnection } from "./connection.ts";
import { NEVER_SENT, STATUS } from "./status.ts";

/** Where the channel stands. Down: the last attempt failed and the next one waits. */
export type Standing = "connecting" | "ready" | "down" | "closed";

export type Channel = {
  /** Waits for the first connection; fails at once while the channel is down. Returns the way to cancel. */
  call(request: GrpcRequest, listener: Listener): () => void;
  standing(): Standing;
  close(): void;
};

/** A server that accepts and says nothing for so long is given up. */
const CONNECT_MS = 20_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A connection that did not stand for so long counts as one that could not be made. */
const SHORT_LIFE_MS = 1_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3_000;

/** Connects to the socket at once. `onStanding` is told of every change. */
export function openChannel(path: string, messageLimit: number, onStanding: (standing: Standing) => void): Channel {
  /** @bound Calls that wait for the first connection: those that gates let in, stops, and one list. */
  const waiting = new Set<() => void>();
  /** @bound Connections that are not closed: one, and those before it that a server which goes still answers. */
  const dialled = new Set<Connection>();
  let standing: Standing = "connecting";
  let current: Connection | undefined;
  let retryMs = FIRST_RETRY_MS;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** Why there is no connection. */
  let fault = "";

  const change = (next: Standing): void => {
    if (next === standing || standing === "closed") return;
    standing = next;
    onStanding(next);
    if (next === "connecting") return;
    const begun = [...waiting];
    waiting.clear();
    for (const begin of begun) begin();
  };
  const dial = (): void => {
    const socket = connect(path);
    const late = setTimeout(() => socket.destroy(), CONNECT_MS);
    /** When it stood; a connection is done with once another one is to be made. */
    let upAtMs: number | undefined;
    let isDone = false;
    const done = (reason: string): void => {
      clearTimeout(late);
      if (isDone || standing === "closed") return;
      isDone = true;
      current = undefined;
      fault = reason;
      if (upAtMs !== undefined && performance.now() - upAtMs > SHORT_LIFE_MS) {
        retryMs = FIRST_RETRY_MS;
        change("connecting");
        dial();
      } else {
        change("down");
        retry = setTimeout(dial, retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    };
    const connection = openConnection(socket, {
      ready() {
        clearTimeout(late);
        upAtMs = performance.now();
        current = connection;
        change("ready");
      },
      leaving: () => done("the server goes away"),
      closed(reason) {
        dialled.delete(connection);
        done(reason);
      },
    });
    dialled.add(connection);
  };
  dial();

  return {
    standing: () => standing,
    call(request, listener) {
      let leave = (): void => {};
      const end = (status: number, details: string): void => {
        clearTimeout(timer);
        waiting.delete(begin);
        listener.end(status, details);
      };
      const begin = (): void => {
        if (current === undefined) end(STATUS.unavailable, `${NEVER_SENT}: ${fault}`);
        else leave = sendCall(current, request, messageLimit, { message: listener.message, end });
      };
      const cancel = (): void => {
        clearTimeout(timer);
        waiting.delete(begin);
        leave();
      };
      const late = (): void => {
        cancel();
        listener.end(STATUS.deadlineExceeded, "Deadline exceeded");
      };
      const { deadlineMs = Number.POSITIVE_INFINITY } = request;
      // of a longer one only the server is told: such a timer would fire at once
      const timer = deadlineMs < LONGEST_TIMER_MS ? setTimeout(late, deadlineMs) : undefined;
      if (standing === "connecting") waiting.add(begin);
      else begin();
      return cancel;
    },
    close() {
      change("closed");
      clearTimeout(retry);
      for (const connection of [...dialled]) connection.close();
    },
  };
}
