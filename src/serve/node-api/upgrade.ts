import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { asBerthError, type ErrorCode } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Meter } from "../../pod/metrics.ts";
import type { View } from "../../ports.ts";
import { countUntil } from "../count-request.ts";
import type { Guard, Refusal } from "./guard.ts";
import { carry, relayUpgrade } from "./relay.ts";
import { findNodeRoute } from "./routes.ts";
import { STREAM_OPENERS } from "./stream-request.ts";
import { isTerminated, terminate } from "./terminate.ts";

/** What sessions of exec, attach and port-forward are made from. */
export type UpgradeSources = {
  readonly view: View;
  readonly meter: Meter;
  readonly guard: Guard;
  readonly debugging: boolean;
  /** A session without traffic is closed after this; 0 is never. */
  readonly idleMs: number;
  readonly log: Log;
};

/** Takes over connections; `close` ends those that were taken. */
export type Upgrades = {
  take(request: IncomingMessage, socket: Socket, head: Buffer): void;
  close(): void;
};

/** Sessions of exec, attach and port-forward through the node's own API at once. @limit The next one is answered with 429. */
const MOST_STREAMS = 128;

/** Answers requests for an upgrade: who may, is connected with the runtime's streaming server (node.md 6.4). */
export function makeUpgrades(sources: UpgradeSources): Upgrades {
  /** @bound Sessions: MOST_STREAMS, and those that are being refused, within the connections. */
  const taken = new Set<Socket>();
  return {
    take(request, socket, head) {
      const left = new AbortController();
      const route = findNodeRoute(request.url ?? "");
      const done = countUntil(sources.meter, request.method, {
        path: route.label,
        server_type: "readwrite",
        long_running: "true",
      });
      taken.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        taken.delete(socket);
        left.abort();
        done();
      });
      const isFull = taken.size > MOST_STREAMS;
      void answer(sources, isFull, request, socket, head, left.signal).then(
        (refusal) => refusal !== undefined && refuse(socket, refusal),
        (error: unknown) => {
          if (!left.signal.aborted) refuse(socket, failed(sources.log, route.label, error));
        },
      );
    },
    close() {
      for (const socket of taken) socket.destroy();
    },
  };
}

async function answer(
  { view, guard, debugging, idleMs, meter }: UpgradeSources,
  isFull: boolean,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const route = findNodeRoute(request.url ?? "");
  const refusal = await guard(request, route);
  if (refusal !== undefined) return refusal;
  const opener = Object.hasOwn(STREAM_OPENERS, route.endpoint) ? STREAM_OPENERS[route.endpoint] : undefined;
  if (opener === undefined) return { status: 400, text: "there is nothing to upgrade to here" };
  if (!debugging) return { status: 405, text: "Debug endpoints are disabled." };
  if (!route.row?.methods.includes(request.method ?? "")) return { status: 405, text: "Method not allowed" };
  if (/^websocket$/i.test(request.headers.upgrade ?? "")) {
    meter.add("kubelet_websocket_streaming_requests_total", { subresource: route.endpoint.toLowerCase() });
  }
  if (isFull) return { status: 429, text: "too many sessions are open" };
  const ready = await opener(view, route, request, signal);
  if ("status" in ready) return ready;
  if (isTerminated(request, ready)) return terminate(ready, request, socket, head, idleMs, signal);
  const relay = await relayUpgrade(ready.url, request, signal);
  if (relay.kind === "refused") return relay;
  if (socket.destroyed) {
    relay.socket.destroy();
    return undefined;
  }
  socket.write(relay.head);
  if (relay.first.length > 0) socket.write(relay.first);
  if (head.length > 0) relay.socket.write(head);
  carry(socket, relay.socket, idleMs);
  return undefined;
}

const STATUS: { readonly [C in ErrorCode]?: number } = { RuntimeNotFound: 404, NotFound: 404, RuntimeExhausted: 429 };

function failed(log: Log, label: string, error: unknown): Refusal {
  const failure = asBerthError(error, `opening ${label}`);
  log.warn("a session through the node's own API could not be opened", { error: failure });
  return { status: STATUS[failure.code] ?? 500, text: failure.message };
}

/** Before the upgrade a refusal is an ordinary answer, and the last one on its connection. */
function refuse(socket: Socket, { status, text }: Refusal): void {
  if (!socket.writable) return void socket.destroy();
  const retry = status === 429 ? "Retry-After: 60\r\n" : "";
  const body = `${text}\n`;
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  const type = "Content-Type: text/plain; charset=utf-8";
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${type}\r\n${length}\r\n${retry}Connection: close\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}
