import type { View } from "../../ports.ts";
import type { Refusal } from "./guard.ts";

/** The checks behind /healthz of the node's own API (node.md 6.3), each with whether it is well. */
const CHECKS: Readonly<Record<string, (view: View) => boolean>> = {
  ping: () => true,
  log: () => true,
  syncloop: (view) => view.health().live,
};

/** All checks, or the named one. `?verbose` lists them, `?exclude=<check>` leaves one out. */
export function healthAnswer(view: View, named: string | undefined, query: URLSearchParams): Refusal {
  if (named !== undefined && !Object.hasOwn(CHECKS, named)) return { status: 404, text: "404 page not found" };
  const left = new Set(query.getAll("exclude"));
  const wanted = Object.entries(CHECKS).filter(([name]) => (named === undefined ? !left.has(name) : name === named));
  const results = wanted.map(([name, check]) => ({ name, good: check(view) }));
  const isGood = results.every(({ good }) => good);
  if (isGood && !query.has("verbose")) return { status: 200, text: "ok" };
  const lines = results.map(({ name, good }) => (good ? `[+]${name} ok` : `[-]${name} failed: reason withheld`));
  return { status: isGood ? 200 : 500, text: `${lines.join("\n")}\nhealthz check ${isGood ? "passed" : "failed"}` };
}
