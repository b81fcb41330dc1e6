import type { IncomingMessage, ServerResponse } from "node:http";
import { asBerthError } from "../base/errors.ts";
import type { MetricPage } from "../pod/metrics.ts";
import type { Usage, View } from "../ports.ts";
import { sendError, sendText } from "./answer.ts";
import { countRequest } from "./count-request.ts";
import type { Metrics } from "./metrics.ts";
import { RESOURCE_TYPE, resourcePage } from "./resource-page.ts";

/** What the loopback port answers from. */
export type PortSources = {
  readonly view: View;
  readonly metrics: Metrics;
  readonly usage: Usage;
};

/** Answers a request on the port of health and numbers. `only` keeps an open port to the numbers alone. Never throws. */
export async function answerPort(
  { view, metrics, usage }: PortSources,
  only: "metrics" | "all",
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  countRequest(metrics.meter, request, response);
  const path = (request.url ?? "").split("?")[0] ?? "";
  const allowed = request.method === "GET" || request.method === "HEAD";
  try {
    if (!allowed) sendText(response, "method not allowed\n", 405);
    else if (path === "/metrics") await sendMetrics(metrics, "main", response);
    else if (path === "/metrics/probes") await sendMetrics(metrics, "probes", response);
    else if (path === "/metrics/resource") await sendResources(usage, view, response);
    else if (only === "all" && Object.hasOwn(HEALTH, path)) sendHealth(view, path, response);
    else sendText(response, "not found\n", 404);
  } catch (error) {
    sendError(response, asBerthError(error, `answering ${request.url}`));
  }
}

async function sendMetrics(metrics: Metrics, page: MetricPage, response: ServerResponse): Promise<void> {
  const { text, type } = await metrics.page(page);
  sendText(response, text, 200, type);
}

/** A runtime that does not answer sooner says nothing about now. */
const USAGE_MS = 10_000;

async function sendResources(usage: Usage, view: View, response: ServerResponse): Promise<void> {
  const text = await resourcePage(usage, view, AbortSignal.timeout(USAGE_MS));
  sendText(response, text, 200, RESOURCE_TYPE);
}

/** /healthz is the kubelet's name for being alive. */
const HEALTH: Readonly<Record<string, "live" | "ready">> = { "/healthz": "live", "/livez": "live", "/readyz": "ready" };

function sendHealth(view: View, path: string, response: ServerResponse): void {
  const health = view.health();
  const good = health[HEALTH[path] ?? "live"];
  sendText(
    response,
    good ? "ok" : `not ok\n${health.reasons.map((reason) => `- ${reason}\n`).join("")}`,
    good ? 200 : 503,
  );
}
