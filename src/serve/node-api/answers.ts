import type { IncomingMessage, ServerResponse } from "node:http";
import { asBerthError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { MetricPage } from "../../pod/metrics.ts";
import type { NodeFacts } from "../../pod/node.ts";
import type { Logs, Usage, View } from "../../ports.ts";
import { sendJson, sendList, sendText } from "../answer.ts";
import type { Metrics } from "../metrics.ts";
import { RESOURCE_TYPE, resourcePage } from "../resource-page.ts";
import { answerContainerLogs } from "./container-logs.ts";
import { containerMetrics } from "./container-metrics.ts";
import { healthAnswer } from "./health.ts";
import type { Endpoint, NodeRoute } from "./routes.ts";
import { runningPods } from "./running-pods.ts";
import { summaryAnswer } from "./summary.ts";

/** What the node's own API answers from. */
export type NodeSources = {
  readonly view: View;
  readonly logs: Logs;
  readonly usage: Usage;
  readonly metrics: Metrics;
  readonly facts: NodeFacts;
  readonly rootDir: string;
  /** The KubeletConfiguration in effect, with all defaults. */
  config(): object;
  readonly log: Log;
};

/** One request that may be answered. */
export type NodeAsk = {
  readonly sources: NodeSources;
  readonly route: NodeRoute;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
};

/** A runtime that does not answer sooner says nothing about now. */
const USAGE_MS = 10_000;

/** Answers one request that was let in. Never throws. */
export async function answerNode(ask: NodeAsk): Promise<void> {
  const { request, response, signal } = ask;
  try {
    await ANSWERS[ask.route.endpoint](ask);
  } catch (error) {
    if (signal.aborted) return;
    const { message } = asBerthError(error, `answering ${request.method} ${ask.route.label}`);
    if (response.headersSent) response.destroy();
    else sendText(response, `Internal Error: ${message}\n`, 500);
  }
}

const ANSWERS: { readonly [E in Endpoint]: (ask: NodeAsk) => Promise<void> | void } = {
  health: ({ sources: { view }, route: { parts, query }, response }) => {
    const { status, text } = healthAnswer(view, parts.check, query);
    sendText(response, text, status);
  },
  pods: ({ sources: { view }, response }) => sendList(response, "PodList", view.pods()),
  runningPods: ({ sources: { view }, response }) => sendList(response, "PodList", runningPods(view.pods())),
  config: ({ sources, response }) => sendJson(response, { kubeletconfig: sources.config() }),
  metrics: (ask) => sendMetrics(ask, "main"),
  probeMetrics: (ask) => sendMetrics(ask, "probes"),
  resourceMetrics: async ({ sources: { usage, view }, response, signal }) =>
    sendText(response, await resourcePage(usage, view, within(signal)), 200, RESOURCE_TYPE),
  containerMetrics: async ({ sources: { usage, view, facts }, response, signal }) =>
    sendText(
      response,
      containerMetrics(facts, view.pods(), await usage.containers(within(signal))),
      200,
      RESOURCE_TYPE,
    ),
  summary: async ({ sources, route: { query }, response, signal }) => {
    const isShort = ["true", "1"].includes(query.get("only_cpu_and_memory") ?? "");
    sendJson(response, await summaryAnswer(sources, sources.view.pods(), isShort, within(signal)));
  },
  containerLogs: async ({ sources, route, response, signal }) => {
    const refusal = await answerContainerLogs(sources, route, response, signal);
    if (refusal !== undefined) sendText(response, refusal.text, refusal.status);
  },
  exec: refuse(400, "Upgrade request required"),
  attach: refuse(400, "Upgrade request required"),
  portForward: refuse(400, "Upgrade request required"),
  run: refuse(501, "Berth does not serve /run: use exec"),
  checkpoint: refuse(501, "Berth does not checkpoint containers"),
  hostLogs: refuse(405, "logs endpoint is disabled."),
  profile: refuse(405, "Berth is not a Go program: there is nothing to profile here"),
  unknown: refuse(404, "404 page not found"),
};

function refuse(status: number, text: string): (ask: NodeAsk) => void {
  return ({ response }) => sendText(response, `${text}\n`, status);
}

async function sendMetrics({ sources: { metrics }, response }: NodeAsk, page: MetricPage): Promise<void> {
  const { text, type } = await metrics.page(page);
  sendText(response, text, 200, type);
}

const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(USAGE_MS)]);
