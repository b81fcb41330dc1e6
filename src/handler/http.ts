import http from "node:http";
import https from "node:https";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectSecurely, type TLSSocket } from "node:tls";
import type * as v1 from "../pod/v1.ts";
import { bracketed, type Target } from "./target.ts";

/** Bytes of the body of an answer (R15). @limit The connection is closed; the rest is not read. */
const BODY_LIMIT_BYTES = 10 * 1024;
/** Redirects that are followed (R15). @limit The attempt has failed. */
const MOST_REDIRECTS = 10;

/** What one GET came to; from 300 to 399 it led elsewhere and was not followed (R15). */
export type HttpAnswer = { readonly status: number; readonly body: string };

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
    if (next?.hostname !== first.hostname) return answer;
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

type Answer = HttpAnswer & { readonly location: string | undefined };

function redirectOf(answer: Answer, base: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status) || answer.location === undefined) return undefined;
  return new URL(answer.location, base);
}

function getOnce(url: URL, headers: ReadonlyMap<string, [string, string[]]>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === "https:";
    const { request } = isSecure ? https : http;
    const defaultPort = isSecure ? 443 : 80;
    // A connection of its own for each attempt, closed at its end.
    const line = makeLine(url, Number(url.port || defaultPort), isSecure, signal);
    const call = request(url, { createConnection: line.open, defaultPort, signal });
    for (const [name, values] of headers.values())
      call.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        const body = Buffer.concat(chunks).subarray(0, BODY_LIMIT_BYTES).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body, location: response.headers.location });
        line.hangUp();
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

type Open = NonNullable<http.RequestOptions["createConnection"]>;

/** The connection of one attempt. It is opened here because only a plain one can be reset, not the secure one around it. */
function makeLine(url: URL, port: number, isSecure: boolean, signal: AbortSignal): { open: Open; hangUp(): void } {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  let plain: Socket | undefined;
  let secure: TLSSocket | undefined;

  const open: Open = (_options, ready) => {
    const socket = connect({ host, port, signal });
    plain = socket;
    // Heard by somebody at any moment: the request listens only from the next tick on, and not after its end.
    socket.on("error", (error) => isSecure && ready(error, socket));
    if (!isSecure) return socket;
    // Only now: until then its handle may be another one for each address of the host.
    socket.once("connect", () => {
      secure = connectSecurely({
        socket,
        rejectUnauthorized: false,
        ...(isIP(host) === 0 ? { servername: host } : {}),
      });
      secure.on("error", () => {});
      ready(null, secure);
    });
    return undefined;
  };
  /** A reset leaves no socket behind in TIME_WAIT. One that is being closed cannot be reset: it would stay open for good. */
  const hangUp = (): void => {
    if ((secure ?? plain)?.writableEnded) plain?.destroy();
    else plain?.resetAndDestroy();
    secure?.destroy();
  };
  return { open, hangUp };
}
