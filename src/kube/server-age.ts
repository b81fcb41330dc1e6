import { parseJson } from "./body.ts";
import type { Calls } from "./calls.ts";

/** Servers before 1.27 approve and sign a node's certificate only if it may also encipher keys, whatever its own key. */
const FIRST_MINOR = 27;

/**
 * Whether the server is that old. One that was built without a version counts as old, since newer ones accept the usage too;
 * one that does not tell at all counts as new.
 */
export async function wantsKeyEncipherment(calls: Calls, signal: AbortSignal): Promise<boolean> {
  const doing = "reading the server's version";
  try {
    const text = await calls.whole({ doing, method: "GET", path: "/version" }, signal);
    const { major, minor } = parseJson<{ major?: unknown; minor?: unknown }>(doing, text);
    const isKnown = String(major) === "1" && Number.parseInt(String(minor), 10) >= FIRST_MINOR;
    return !isKnown;
  } catch {
    return false;
  }
}
