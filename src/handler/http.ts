import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type * as v1 from "../pod/v1.ts";
import { type Answer, readAnswer } from "./http-answer.ts";
import { bracketed, type Target } from "./target.ts";

/** Redirects that are followed (R15). @limit The attempt has failed. */
const MOST_REDIRECTS = 10;

/** The address that a handler asks for. */
export function httpUrl(get: v1.HTTPGetAction, target: Target): URL {
  const scheme = (get.scheme ?? "HTTP").toLowerCase();
  const path = get.path ?? "/";
  return new URL(`${scheme}://${bracketed(target.host)}:${target.port}${path.startsWith("/") ? path : `/${path}`}`);
}

/**
 * One GET, with redirects to the same host name followed (R14, R15): an answer from 300 to 399 led elsewhere. Certificates
 * are not verified. Throws what the connection threw, or the signal's reason.
 *
 * A connection of its own for each, with nothing of node:http around it, whose objects and ticks cost more than the probe.
 */
export async function httpGet(
  first: URL,
  written: readonly v1.HTTPHeader[],
  userAgent: string,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = headersOf(written, userAgent);
  let url = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await getOnce(url, requestText(url, headers), signal);
    const next = redirectOf(answer, url);
    if (next?.hostname !== first.hostname) return answer;
    if (redirects === MOST_REDIRECTS) throw new Error(`stopped after ${MOST_REDIRECTS} redirects`);
    url = next;
  }
}

/** Written headers replace the usual ones; an empty Accept removes it (R14). */
function headersOf(written: readonly v1.HTTPHeader[], userAgent: string): readonly v1.HTTPHeader[] {
  const names = new Set(written.map(({ name }) => name.toLowerCase()));
  const usual = [
    { name: "User-Agent", value: userAgent },
    { name: "Accept", value: "*/*" },
    { name: "Connection", value: "close" },
  ].filter(({ name }) => !names.has(name.toLowerCase()));
  return [...usual, ...written.filter(({ name, value }) => name.toLowerCase() !== "accept" || value !== "")];
}

function requestText(url: URL, headers: readonly v1.HTTPHeader[]): string {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\n`;
  if (!headers.some(({ name }) => name.toLowerCase() === "host")) text += `Host: ${url.host}\r\n`;
  for (const { name, value } of headers) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they would make another line of the request
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw new Error(`invalid header field value for ${JSON.stringify(name)}`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}

function redirectOf(answer: Answer, base: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status) || answer.location === undefined) return undefined;
  return new URL(answer.location, base);
}

function getOnce(url: URL, request: string, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let received: Buffer = NOTHING;
    const leave = (): void => {
      signal.removeEventListener("abort", giveUp);
      hangUp();
    };
    const fail = (reason: unknown): void => {
      leave();
      reject(reason);
    };
    const giveUp = (): void => fail(signal.reason);
    const look = (ended: boolean): void => {
      try {
        const answer = readAnswer(received, ended);
        if (answer === undefined) return;
        leave();
        resolve(answer);
      } catch (error) {
        fail(error);
      }
    };
    const talk = (socket: Socket): void => {
      socket.on("data", (bytes: Buffer) => {
        received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
        look(false);
      });
      socket.on("end", () => look(true));
      socket.on("close", () => look(true));
      socket.write(request);
    };
    const hangUp = dial(url, talk, fail);
    signal.addEventListener("abort", giveUp);
  });
}

const NOTHING = Buffer.alloc(0);

/** Opens the connection of one attempt, and hands over what is spoken through. Returns the way to close it. */
function dial(url: URL, talk: (socket: Socket) => void, fail: (error: Error) => void): () => void {
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const tcp = connect({ host, port: Number(url.port || (isSecure ? 443 : 80)) });
  tcp.on("error", fail);
  if (!isSecure) talk(tcp);
  // Only then: until it stands its handle may be another one for each address of the host.
  else tcp.once("connect", () => talk(secure(tcp, host, fail)));
  return () => hangUp(tcp);
}

function secure(tcp: Socket, host: string, fail: (error: Error) => void): Socket {
  const servername = isIP(host) === 0 ? host : "";
  const tls = connectTls({ socket: tcp, servername, ALPNProtocols: ["http/1.1"], rejectUnauthorized: false });
  return tls.on("error", fail);
}

/** A reset leaves no socket behind in TIME_WAIT. One that is being closed cannot be reset: it would stay open for good. */
function hangUp(tcp: Socket): void {
  if (tcp.connecting || tcp.writableEnded || tcp.destroyed) tcp.destroy();
  else tcp.resetAndDestroy();
}
