import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { BerthError, type ErrorCode } from "../base/errors.ts";

/** The body of every answer that is not a success. */
export type ErrorBody = { readonly error: { readonly code: ErrorCode; readonly message: string } };

const STATUS: Partial<Record<ErrorCode, number>> = {
  NotFound: 404,
  Ambiguous: 409,
  BadRequest: 400,
  RuntimeUnavailable: 503,
  RuntimeTimeout: 504,
};

/** A reader of a socket that takes nothing. @limit It is cut off; whatever it reads waits for it and holds no more than a block. */
const SLOWEST_READER_MS = 60_000;
const LINES_AT_ONCE = 64;

/** Sends one JSON value. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Sends text as it is. */
export function sendText(
  response: ServerResponse,
  text: string,
  status = 200,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** Sends what went wrong, or cuts the connection when an answer has begun already. */
export function sendError(response: ServerResponse, error: BerthError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, errorBody(error), statusOf(error));
}

export function statusOf(error: BerthError): number {
  return STATUS[error.code] ?? 500;
}

export function errorBody(error: BerthError): ErrorBody {
  return { error: { code: error.code, message: error.message } };
}

/** Sends a v1 list without ever holding all of it as text, leaving the event loop to others in between. */
export async function sendList(response: ServerResponse, kind: string, items: readonly unknown[]): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(`{"apiVersion":"v1","kind":${JSON.stringify(kind)},"items":[`);
  for (let from = 0; from < items.length; from += LINES_AT_ONCE) {
    const some = items.slice(from, from + LINES_AT_ONCE).map((item) => JSON.stringify(item));
    await writeAll(response, (from > 0 ? "," : "") + some.join(","));
    await setImmediate();
  }
  response.end("]}\n");
}

/** Sends each value as a line of JSON when it comes. The source waits while the reader does not take more. */
export async function sendLines(response: ServerResponse, values: AsyncIterable<unknown>): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  for await (const value of values) await writeAll(response, `${JSON.stringify(value)}\n`);
  response.end();
}

/** Sends bytes as they come. */
export async function sendBytes(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  type = "application/octet-stream",
): Promise<void> {
  response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
  response.flushHeaders();
  for await (const chunk of chunks) await writeAll(response, chunk);
  response.end();
}

/** Resolves when the reader has room again. Throws when it has gone or takes nothing for too long. */
async function writeAll(response: ServerResponse, chunk: string | Uint8Array): Promise<void> {
  if (response.destroyed) throw gone();
  if (response.write(chunk)) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const slow = setTimeout(() => response.destroy(), SLOWEST_READER_MS);
  const onDrain = (): void => resolve();
  const onClose = (): void => reject(gone());
  response.once("drain", onDrain);
  response.once("close", onClose);
  try {
    await promise;
  } finally {
    clearTimeout(slow);
    response.off("drain", onDrain);
    response.off("close", onClose);
  }
}

const gone = (): BerthError => new BerthError("BadRequest", "the reader has gone");
