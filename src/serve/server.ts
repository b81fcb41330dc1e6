import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../base/log.ts";
import { type ApiSources, answerApi } from "./api.ts";
import { closeDoor, type Door, listen } from "./listen.ts";
import type { Metrics } from "./metrics.ts";
import { answerPort } from "./ports.ts";
import type { Role } from "./routes.ts";
import { answerUpgrade } from "./streams.ts";

export type ServeOptions = ApiSources & {
  readonly metrics: Metrics;
  readonly doors: readonly ServedDoor[];
  readonly maxConnections: number;
  readonly execIdleTimeoutMs: number;
  readonly log: Log;
};

/** What is served behind a door: the API for one role, health and numbers, or numbers alone. */
export type ServedDoor = { readonly door: Door; readonly serves: Role | "health" | "metrics" };

/** Open sockets and ports. */
export type Serving = {
  /** Ends listening and every connection. */
  close(): Promise<void>;
};

/** Bytes of the head of a request: a long exec command travels in it. @limit The connection is closed. */
const LONGEST_HEAD_BYTES = 64 * 1024;
/** The head of a request. @limit The connection is closed. */
const HEAD_MS = 10_000;
/** A whole request; its body is read and thrown away. @limit The connection is closed. */
const REQUEST_MS = 30_000;
const LIMITS = {
  maxHeaderSize: LONGEST_HEAD_BYTES,
  headersTimeout: HEAD_MS,
  requestTimeout: REQUEST_MS,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 30_000,
};

/** Opens every door. Throws SocketTaken or FileFailed with no door left open. */
export async function startServing(options: ServeOptions): Promise<Serving> {
  /** @bound Doors: those of the configuration. */
  const open: { server: Server; door: Door; upgraded: Set<Socket> }[] = [];
  const close = async (): Promise<void> => {
    for (const { server, door, upgraded } of open.toReversed()) {
      for (const socket of upgraded) socket.destroy();
      await closeDoor(server, door);
    }
    open.length = 0;
  };
  try {
    for (const { door, serves } of options.doors) {
      /** @bound Exec sessions: within the connections of their socket. */
      const upgraded = new Set<Socket>();
      const server = makeServer(options, serves, upgraded);
      await listen(server, door, options.log);
      open.push({ server, door, upgraded });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** A server that keeps its upgraded sockets, which Node.js no longer counts among the server's, in `upgraded`. */
function makeServer(options: ServeOptions, serves: ServedDoor["serves"], upgraded: Set<Socket>): Server {
  const server = createServer(LIMITS, (request, response) => void answer(options, serves, request, response));
  server.maxConnections = options.maxConnections;
  server.on("clientError", (_error, socket) => socket.destroy());
  if (serves === "operator" || serves === "reader") {
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      upgraded.add(socket);
      socket.on("close", () => upgraded.delete(socket));
      const { view, execIdleTimeoutMs: idleTimeoutMs } = options;
      void answerUpgrade({ view, idleTimeoutMs }, serves, request, socket, head);
    });
  }
  return server;
}

function answer(
  options: ServeOptions,
  serves: ServedDoor["serves"],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (serves) {
    case "operator":
    case "reader":
      return answerApi(options, serves, request, response);
    case "health":
      return answerPort(options, "all", request, response);
    case "metrics":
      return answerPort(options, "metrics", request, response);
  }
}
