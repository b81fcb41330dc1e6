import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { sendText } from "../answer.ts";
import { countUntil } from "../count-request.ts";
import { closeDoor, type Door, listen } from "../listen.ts";
import { answerNode, type NodeSources } from "./answers.ts";
import { type AuthenticationRules, makeAuthentication } from "./authenticate.ts";
import { type AuthorizationRules, makeAuthorization } from "./authorize.ts";
import { type Guard, makeGuard, type Refusal } from "./guard.ts";
import { LONGEST_BODY_BYTES, MOST_CONNECTIONS, NODE_LIMITS } from "./limits.ts";
import { findNodeRoute, type NodeRoute } from "./routes.ts";
import { makeSecureServer, type TlsRules } from "./secure-server.ts";
import { shareUsage } from "./shared-usage.ts";
import { makeUpgrades } from "./upgrade.ts";

/** The node's own API: what is behind TLS, and what is open to all where that is asked for. */
export type NodeApiOptions = NodeSources & {
  readonly secure?: {
    readonly address: string;
    readonly port: number;
    readonly tls: TlsRules;
    readonly authentication: AuthenticationRules;
    readonly authorization: AuthorizationRules;
  };
  readonly readOnly?: { readonly address: string; readonly port: number };
  /** Logs, exec and the like (node.md 6.3). */
  readonly debugging: boolean;
  /** A session of exec and the like without traffic is closed after this; 0 is never. */
  readonly streamIdleMs: number;
};

/** The node's own API at work. */
export type NodeApi = {
  /** Where it listens: what was asked for, or what the kernel chose for port 0. */
  readonly ports: { readonly secure?: number; readonly readOnly?: number };
  /** Looks at the files of the certificates now. */
  look(): Promise<void>;
  /** Ends listening and every connection. */
  close(): Promise<void>;
};

/** A count of the runtime. */
const COUNT_MS = 10_000;

/** Opens the ports. Throws ConfigInvalid for unusable certificates, SocketTaken; then nothing is left open. */
export async function startNodeApi(options: NodeApiOptions): Promise<NodeApi> {
  const { secure, readOnly, log } = options;
  const sources = { ...options, usage: shareUsage(options.usage, COUNT_MS) };
  const closing = new AsyncDisposableStack();
  const ports: { secure?: number; readOnly?: number } = {};
  let look = async (): Promise<void> => {};
  try {
    if (secure !== undefined) {
      const guard = makeGuard(makeAuthentication(secure.authentication), makeAuthorization(secure.authorization), log);
      const own = await makeSecureServer(secure.tls, log);
      closing.defer(() => own.stop());
      look = own.look;
      own.server.on("request", (request, response) => {
        if (own.isCurrent(request.socket)) void answer({ sources, guard }, request, response);
        else request.socket.destroy();
      });
      const { view, metrics, debugging, streamIdleMs: idleMs } = options;
      const upgrades = makeUpgrades({ view, meter: metrics.meter, guard, debugging, idleMs, log });
      own.server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
        if (own.isCurrent(socket)) upgrades.take(request, socket, head);
        else socket.destroy();
      });
      ports.secure = await open(own.server, secure, options, closing);
      closing.defer(() => upgrades.close()); // first: Node.js no longer counts them among the server's
    }
    if (readOnly !== undefined) {
      const server = createServer(NODE_LIMITS, (request, response) => void answer({ sources }, request, response));
      ports.readOnly = await open(server, readOnly, options, closing);
    }
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
  return { ports, look, close: () => closing.disposeAsync() };
}

async function open(
  server: Server,
  { address, port }: { readonly address: string; readonly port: number },
  { log }: NodeApiOptions,
  closing: AsyncDisposableStack,
): Promise<number> {
  const door: Door = { kind: "tcp", address, port };
  server.maxConnections = MOST_CONNECTIONS;
  server.on("clientError", (_error, socket) => socket.destroy());
  await listen(server, door, log);
  closing.defer(() => closeDoor(server, door));
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : port;
}

/** A listener with a guard is the one behind TLS. */
type Listener = { readonly sources: NodeApiOptions; readonly guard?: Guard };

async function answer(listener: Listener, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { sources } = listener;
  const left = new AbortController();
  response.on("close", () => left.abort());
  dropBody(request);
  const route = findNodeRoute(request.url ?? "");
  const isLong = route.endpoint === "containerLogs" && route.query.get("follow") === "true";
  const done = countUntil(sources.metrics.meter, request.method, {
    path: route.label,
    server_type: listener.guard === undefined ? "readonly" : "readwrite",
    long_running: isLong ? "true" : "false",
  });
  response.once("close", done);
  const refusal = await refusalOf(listener, request, route);
  if (refusal === undefined) return answerNode({ sources, route, request, response, signal: left.signal });
  // Who is not let in keeps no connection either.
  if (refusal.status === 401) response.setHeader("connection", "close");
  sendText(response, `${refusal.text}\n`, refusal.status);
}

/** Why the request is not answered, if so: first who it is from, and only then what it asks. */
async function refusalOf(
  { sources, guard }: Listener,
  request: IncomingMessage,
  route: NodeRoute & { readonly row: { readonly methods: readonly string[]; readonly debugging?: true } | undefined },
): Promise<Refusal | undefined> {
  const refusal = await guard?.(request, route);
  if (refusal !== undefined) return refusal;
  if (route.row === undefined) return undefined;
  const isClosed = route.row.debugging === true && (guard === undefined || !sources.debugging);
  if (isClosed) return { status: 405, text: "Debug endpoints are disabled." };
  return route.row.methods.includes(request.method ?? "") ? undefined : { status: 405, text: "Method not allowed" };
}

/** No request has a body that matters. */
function dropBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY_BYTES) request.socket.destroy();
  });
}
