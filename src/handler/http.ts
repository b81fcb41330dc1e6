import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type * as v1 from "../pod/v1.ts";
import { bracketed, type Target } from "./target.ts";

/** Bytes of the body of an answer (R15). @limit The connection is closed; the rest is not read. */
const BODY_LIMIT_BYTES = 10 * 1024;
/** Redirects that are followed (R15). @limit The attempt has failed. */
const MOST_REDIRECTS = 10;

/** What one GET came to. `stopped`: it led to another host name, and was not followed (R15). */
export type HttpAnswer = { readonly status: number; readonly body: string; readonly stopped: boolean };

/** The address that a handler asks for. */
export function httpUrl(get: v1.HTTPGetAction, target: Target): URL {
  const scheme = (get.scheme ?? "HTTP").toLowerCase();
  const path = get.path ?? "/";
  return new URL(`${scheme}://${bracketed(target.host)}:${target.port}${path.startsWith("/") ? path : `/${path}`}`);
}

/**
 * One GET, with redirects to the same host name followed (R14, R15). Certificates are not verified. Throws what the
 * connection threw, or the signal's reason.
 */
export async function httpGet(
  first: URL,
  written: readonly v1.HTTPHeader[],
  userAgent: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers = headersOf(written, userAgent);
  let url = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await getOnce(url, headers, signal);
    const next = redirectOf(answer, url);
    if (next === undefined) return { status: answer.status, body: answer.body, stopped: false };
    if (next.hostname !== first.hostname) return { status: answer.status, body: answer.body, stopped: true };
    if (redirects === MOST_REDIRECTS) throw new Error(`stopped after ${MOST_REDIRECTS} redirects`);
    url = next;
  }
}

/** Written headers replace the usual ones; an empty Accept removes it (R14). */
function headersOf(written: readonly v1.HTTPHeader[], userAgent: string): Map<string, [string, string[]]> {
  const headers = new Map<string, [string, string[]]>([
    ["user-agent", ["User-Agent", [userAgent]]],
    ["accept", ["Accept", ["*/*"]]],
    ["connection", ["Connection", ["close"]]],
  ]);
  const own = new Set<string>();
  for (const { name, value } of written) {
    const key = name.toLowerCase();
    const values = own.has(key) ? (headers.get(key)?.[1] ?? []) : [];
    own.add(key);
    headers.set(key, [name, [...values, value]]);
  }
  if (headers.get("accept")?.[1].join("") === "") headers.delete("accept");
  return headers;
}

type Answer = { readonly status: number; readonly body: string; readonly location: string | undefined };

function redirectOf(answer: Answer, base: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status) || answer.location === undefined) return undefined;
  return new URL(answer.location, base);
}

function getOnce(url: URL, headers: ReadonlyMap<string, [string, string[]]>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    // `agent: false`: a connection of its own for each attempt, closed at its end.
    const call = request(url, { agent: false, signal, rejectUnauthorized: false, insecureHTTPParser: false });
    for (const [name, values] of headers.values())
      call.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        const body = Buffer.concat(chunks).subarray(0, BODY_LIMIT_BYTES).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location });
        hangUp(response.socket);
      };
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= BODY_LIMIT_BYTES) finish();
      });
      // Before Node.js's own listener, which would close the connection in the slow way.
      response.prependListener("end", finish);
      response.on("error", reject);
    });
    call.end();
  });
}

/** A reset leaves no socket behind in TIME_WAIT. One that is being closed cannot be reset: it would stay open for good. */
function hangUp(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
