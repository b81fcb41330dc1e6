import { BerthError } from "../base/errors.ts";

/** A yes or no of a query; absent means no. Throws BadRequest. */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const written = query.get(name);
  if (written === null || written === "false" || written === "0") return false;
  if (written === "true" || written === "1" || written === "") return true;
  throw new BerthError("BadRequest", `${name} must be true or false, not ${JSON.stringify(written)}`);
}

/** A whole number of a query, from 0. Throws BadRequest. */
export function readCount(query: URLSearchParams, name: string): number | undefined {
  const written = query.get(name);
  if (written === null) return undefined;
  const value = Number(written);
  if (/^\d+$/.test(written) && Number.isSafeInteger(value)) return value;
  throw new BerthError("BadRequest", `${name} must be a whole number, not ${JSON.stringify(written)}`);
}

/** A word of a query; empty counts as absent. */
export function readWord(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}
