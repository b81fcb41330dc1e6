import { BerthError, type Effect, type ErrorCode } from "../base/errors.ts";

/** What an API server answers in place of an object when it does not do what it was asked. */
type Status = {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
};

/**
 * An answer that is no success. The server's own words are kept: they name objects and fields, never contents of Secrets.
 * What it answered is what it did, so that the effect is "none"; but for a fault of its own, of which nothing is known.
 */
export function failureOf(doing: string, status: number, body: string, retryAfter: string | undefined): BerthError {
  const told = readStatus(body);
  const code = codeOf(status, String(told.reason ?? ""));
  const words = typeof told.message === "string" && told.message !== "" ? told.message : firstLine(body);
  const retryAfterMs = Math.min(Number(told.details?.retryAfterSeconds ?? retryAfter) * 1000, LONGEST_RETRY_AFTER_MS);
  return new BerthError(code, `${doing}: ${shortened(words) || "no reason given"} (status ${status})`, {
    effect: code === "ApiFailed" ? "unknown" : "none",
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  });
}

/** An ERROR event of a watch, which carries a Status. */
export function failureInStream(doing: string, status: unknown): BerthError {
  const { code } = (typeof status === "object" && status !== null ? status : {}) as Status;
  return failureOf(doing, Number(code ?? 500), JSON.stringify(status ?? {}), undefined);
}

/** A connection that broke or never came to be. `sent`: the request may have reached the server. */
export function brokenConnection(doing: string, error: unknown, sent: boolean): BerthError {
  if (error instanceof BerthError) return error;
  const reason =
    error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
  const effect: Effect = sent ? "unknown" : "none";
  return new BerthError("ApiUnreachable", `${doing}: ${reason}`, { cause: error, effect });
}

function codeOf(status: number, reason: string): ErrorCode {
  if (reason === "Expired" || reason === "Gone") return "ApiGone";
  if (reason === "AlreadyExists") return "ApiExists";
  const exact = CODES[status];
  if (exact !== undefined) return exact;
  if (status >= 500) return "ApiFailed";
  return status >= 400 ? "ApiRefused" : "ApiBadAnswer";
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "ApiUnauthorized",
  403: "ApiForbidden",
  404: "ApiNotFound",
  408: "ApiTimeout",
  409: "ApiConflict",
  410: "ApiGone",
  429: "ApiBusy",
  504: "ApiTimeout",
};

function readStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Patience that a server asks for. @limit It is asked again after so long: a wrong answer must not silence the node. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;
/** Characters of a server's reason. @limit The rest is left out: it stands in the log and in the node's status here. */
const LONGEST_WORDS = 1000;
const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
const shortened = (words: string): string =>
  words.length <= LONGEST_WORDS ? words : `${words.slice(0, LONGEST_WORDS)}...`;
