import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { BerthError } from "../../base/errors.ts";

/** Connecting to the runtime's streaming server for the node's own API. @limit The session is refused. */
const CONNECT_MS = 10_000;

/** What the runtime's streaming server says to a request for an upgrade. */
export type RelayAnswer =
  | { readonly kind: "taken"; readonly head: string; readonly socket: Duplex; readonly first: Buffer }
  | { readonly kind: "refused"; readonly status: number; readonly text: string };

/** What of a client's request is told to the runtime: how to speak, never who speaks. */
const TOLD = new Set([
  "x-stream-protocol-version",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "origin",
]);
const TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io.";
/** Words of a refusal that are passed on. @limit The rest is left out. */
const LONGEST_REFUSAL_BYTES = 4096;

/** Asks the runtime's URL for the same upgrade as the client did. Throws RuntimeUnavailable. */
export async function relayUpgrade(url: string, client: IncomingMessage, signal: AbortSignal): Promise<RelayAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RelayAnswer>();
  const headers: string[] = ["Host", new URL(url).host, "Connection", "Upgrade", ...toldHeaders(client)];
  const asked: ClientRequest = request(url, { method: client.method, headers, signal, timeout: CONNECT_MS });
  asked.on("upgrade", (answer: IncomingMessage, socket: Socket, first: Buffer) => {
    socket.setTimeout(0);
    resolve({ kind: "taken", head: headOf(answer), socket, first });
  });
  asked.on("response", (answer) => void readRefusal(answer).then(resolve, reject));
  asked.on("timeout", () => asked.destroy(new Error("it does not answer")));
  asked.on("error", reject);
  asked.end();
  try {
    return await promise;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BerthError("RuntimeUnavailable", `connecting to the runtime's streaming server: ${reason}`, { cause });
  }
}

function toldHeaders({ headers: { upgrade = "" }, rawHeaders }: IncomingMessage): string[] {
  const told = ["Upgrade", upgrade];
  for (let place = 0; place + 1 < rawHeaders.length; place += 2) {
    const [name = "", value = ""] = rawHeaders.slice(place, place + 2);
    if (!TOLD.has(name.toLowerCase())) continue;
    const kept = name.toLowerCase() === "sec-websocket-protocol" ? withoutToken(value) : value;
    if (kept !== "") told.push(name, kept);
  }
  return told;
}

function withoutToken(protocols: string): string {
  const all = protocols.split(",").map((each) => each.trim());
  return all.filter((each) => !each.startsWith(TOKEN_PROTOCOL)).join(", ");
}

/** The runtime's own words, as they came. */
function headOf({ statusMessage, rawHeaders }: IncomingMessage): string {
  const lines: string[] = [];
  for (let place = 0; place + 1 < rawHeaders.length; place += 2)
    lines.push(`${rawHeaders[place]}: ${rawHeaders[place + 1]}\r\n`);
  return `HTTP/1.1 101 ${statusMessage || "Switching Protocols"}\r\n${lines.join("")}\r\n`;
}

/** An answer that is neither an upgrade nor a refusal makes no sense (node.md 6.4). */
async function readRefusal(answer: IncomingMessage): Promise<RelayAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (bytes < LONGEST_REFUSAL_BYTES) chunks.push(chunk.subarray(0, LONGEST_REFUSAL_BYTES - bytes));
    bytes += chunk.length;
  }
  const { statusCode = 0 } = answer;
  if (statusCode < 400)
    return { kind: "refused", status: 500, text: `the runtime answered ${statusCode} to an upgrade` };
  return { kind: "refused", status: statusCode, text: Buffer.concat(chunks).toString("utf8").trim() };
}

/** Carries bytes both ways, each side at the pace of the other, until one of them closes; what it said last still arrives. */
export function carry(client: Socket, runtime: Duplex, idleMs: number): void {
  const end = (other: Duplex) => (): void => {
    if (other.writable) other.end(() => other.destroy());
    else other.destroy();
  };
  for (const [own, other] of [
    [client, runtime],
    [runtime, client],
  ] as const) {
    own.on("error", () => own.destroy());
    own.pipe(other, { end: false });
    own.on("end", end(other));
    own.on("close", end(other));
  }
  client.setTimeout(idleMs, () => client.destroy());
}
