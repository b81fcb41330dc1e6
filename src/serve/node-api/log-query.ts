import type { LogOptions } from "../../pod/log-options.ts";
import { parseTime } from "../../pod/time.ts";

import type { Refusal } from "./guard.ts";

/** What a request for a log asks for (node.md 6.6). */
export type LogQuery = { readonly previous: boolean; readonly options: Omit<LogOptions, "running"> };

const UNREADABLE: Refusal = { status: 400, text: '{"message": "Unable to decode query."}' };
const INVALID: Refusal = { status: 422, text: '{"message": "Invalid request."}' };
const ONE_STREAM: Refusal = { status: 400, text: '{"message": "stream: only All is supported."}' };

/** Reads the query as the kubelet does, or says why it cannot. */
export function readLogQuery(query: URLSearchParams, nowWallMs: number): LogQuery | Refusal {
  const tail = query.get("tailLines") ?? query.get("tail");
  const numbers = {
    tailLines: tail === "all" ? undefined : readNumber(tail),
    sinceSeconds: readNumber(query.get("sinceSeconds")),
    limitBytes: readNumber(query.get("limitBytes")),
  };
  const since = query.get("sinceTime") || undefined;
  const sinceTimeMs = since === undefined ? undefined : parseTime(since);
  if (Object.values(numbers).some(Number.isNaN) || (since !== undefined && sinceTimeMs === undefined))
    return UNREADABLE;
  const { tailLines = 0, sinceSeconds = 1, limitBytes = 1 } = numbers;
  const isTwice = numbers.sinceSeconds !== undefined && since !== undefined;
  if (tailLines < 0 || sinceSeconds < 1 || limitBytes < 1 || isTwice) return INVALID;
  if ((query.get("stream") || "All") !== "All") return ONE_STREAM;
  const sinceWallMs = numbers.sinceSeconds === undefined ? sinceTimeMs : nowWallMs - sinceSeconds * 1000;
  return {
    previous: isTrue(query, "previous"),
    options: {
      follow: isTrue(query, "follow"),
      timestamps: isTrue(query, "timestamps"),
      ...(numbers.tailLines === undefined ? {} : { tailLines }),
      ...(sinceWallMs === undefined ? {} : { sinceWallMs }),
      ...(numbers.limitBytes === undefined ? {} : { limitBytes }),
    },
  };
}

/** A whole number; NaN for what is none, undefined for nothing. */
function readNumber(written: string | null): number | undefined {
  if (written === null || written === "") return undefined;
  return /^[+-]?\d{1,15}$/.test(written) ? Number(written) : Number.NaN;
}

/** Any word but these means yes, as in the API server's own queries. */
function isTrue(query: URLSearchParams, name: string): boolean {
  const written = query.get(name);
  return written !== null && !["false", "0"].includes(written.toLowerCase());
}
