import type { IncomingMessage, ServerResponse } from "node:http";
import type { Meter } from "../pod/metrics.ts";

const PATHS = new Set(["healthz", "livez", "readyz", "metrics", "metrics/probes", "metrics/resource"]);
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

/** What is told of a request besides its method; each one of a few words (node.md 7.1). */
export type RequestLabels = {
  readonly path: string;
  readonly server_type: "readwrite" | "readonly";
  readonly long_running: "true" | "false";
};

/** Requests under way, by the text of their labels. @bound Methods times paths. */
const inflight = new Map<string, number>();

/** Counts one request on a port until its answer is out. What a client may choose freely is one series (`other`). */
export function countRequest(meter: Meter, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? "").split("?")[0]?.replace(/^\//, "") ?? "";
  const known = PATHS.has(path) ? path : "other";
  const done = countUntil(meter, request.method, { path: known, server_type: "readwrite", long_running: "false" });
  response.once("close", done);
}

/** Counts one request until the answer is called. */
export function countUntil(meter: Meter, asked: string | undefined, about: RequestLabels): () => void {
  const labels = { method: METHODS.has(asked ?? "") ? (asked ?? "") : "other", ...about };
  const key = Object.values(labels).join(" ");
  const begunMs = performance.now();
  const change = (by: number): void => {
    const now = (inflight.get(key) ?? 0) + by;
    inflight.set(key, now);
    meter.set("kubelet_http_inflight_requests", labels, now);
  };
  meter.add("kubelet_http_requests_total", labels);
  change(1);
  return () => {
    change(-1);
    meter.observe("kubelet_http_requests_duration_seconds", labels, (performance.now() - begunMs) / 1000);
  };
}
