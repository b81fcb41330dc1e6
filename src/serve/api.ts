import type { IncomingMessage, ServerResponse } from "node:http";
import { asBerthError, BerthError } from "../base/errors.ts";
import type { ClusterContact } from "../pod/cluster.ts";
import type { DocumentSummary } from "../pod/document.ts";
import type { CountedEvent } from "../pod/event.ts";
import type { ImageGarbage } from "../pod/image-store.ts";
import type { NodeFacts } from "../pod/node.ts";
import type * as v1 from "../pod/v1.ts";
import type { Logs, PodChange, Usage, View } from "../ports.ts";
import { sendError, sendJson, sendLines, sendList } from "./answer.ts";
import { answerLog } from "./answer-log.ts";
import { usageAnswer } from "./answer-usage.ts";
import { findContainer, findPod, isCalled, keyOf } from "./find-pod.ts";
import { readFlag, readWord } from "./queries.ts";
import { redactPod } from "./redact.ts";
import { type Asked, findRoute, type Role, type RouteName } from "./routes.ts";
import { documentToV1, eventToV1, nodeToV1 } from "./to-v1.ts";

/** What the sockets' API answers from. */
export type ApiSources = {
  readonly view: View;
  readonly logs: Logs;
  readonly facts: NodeFacts;
  readonly maxPods: number;
  readonly version: string;
  readonly about: AboutAgent;
  readonly usage: Usage;
  readonly drain: Drain;
  /** Undefined where the host is no node of a cluster. */
  cluster(): ClusterContact | undefined;
  collectImages(dryRun: boolean, signal: AbortSignal): Promise<ImageGarbage>;
};

/** What `berth` must know to work beside berthd. */
export type AboutAgent = {
  readonly staticPodPath: string;
  readonly rootDir: string;
  readonly containerRuntimeEndpoint: string;
  readonly imageServiceEndpoint: string;
  readonly unknownFields: "error" | "warn";
  readonly cgroupDriver: "cgroupfs" | "systemd";
};

/** Whether pods are kept away from the host. */
export type Drain = { isOn(): boolean; set(on: boolean): Promise<void> };

type Answering = {
  readonly sources: ApiSources;
  readonly role: Role;
  readonly asked: Asked;
  readonly response: ServerResponse;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
};

/** Answers one request on a socket of this role. Never throws. */
export async function answerApi(
  sources: ApiSources,
  role: Role,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  response.on("close", () => left.abort());
  request.resume(); // no request has a body that matters
  try {
    const asked = ask(role, request);
    await ANSWERS[asked.route]({ sources, role, asked, response, signal: left.signal });
  } catch (error) {
    if (!left.signal.aborted) sendError(response, asBerthError(error, `answering ${request.method} ${request.url}`));
  }
}

/** The route of a request. Throws NotFound or BadRequest. */
export function ask(role: Role, request: IncomingMessage): Asked {
  const asked = findRoute(role, request.method ?? "", request.url ?? "");
  if ("route" in asked) return asked;
  throw new BerthError(asked.kind === "unknown" ? "NotFound" : "BadRequest", asked.message);
}

const ANSWERS: { readonly [R in RouteName]: (answering: Answering) => Promise<void> | void } = {
  version: ({ response, sources }) => sendJson(response, { version: sources.version, api: "v1" }),
  agent: ({ response, sources: { about, drain, facts, version } }) =>
    sendJson(response, { version, nodeName: facts.nodeName, drained: drain.isOn(), ...about }),
  usage: async ({ response, sources: { usage, view, facts }, signal }) =>
    sendJson(response, await usageAnswer(usage, view, facts, signal)),
  drain: (answering) => answerDrain(answering, true),
  uncordon: (answering) => answerDrain(answering, false),
  gc: async ({ response, sources, asked, signal }) =>
    sendJson(response, await sources.collectImages(readFlag(asked.query, "dryRun"), signal)),
  node: ({ response, sources: { facts, maxPods, view, version, drain, cluster } }) =>
    sendJson(response, nodeToV1(facts, maxPods, view.health().ready, version, drain.isOn(), cluster())),
  pods: answerPods,
  pod: ({ sources: { view }, role, asked, response }) => {
    const pod = podOf(view, asked);
    sendJson(response, role === "reader" ? redactPod(pod) : pod);
  },
  holds: answerHolds,
  probes: ({ sources: { view }, asked, response }) => {
    const key = keyOf(podOf(view, asked));
    sendJson(response, { pod: key, probes: view.probes(key) });
  },
  problems: ({ response, sources: { view }, asked, signal }) =>
    readFlag(asked.query, "watch")
      ? sendLines(response, view.watchProblems(signal))
      : sendJson(response, { items: view.problems() }),
  configmaps: (answering) => answerDocuments("ConfigMap", answering),
  secrets: (answering) => answerDocuments("Secret", answering),
  events: answerEvents,
  log: ({ sources, asked, response, signal }) =>
    answerLog(sources, podOf(sources.view, asked), asked.query, response, signal),
  restart: answerRestart,
  exec: needsUpgrade,
  attach: needsUpgrade,
  portForward: needsUpgrade,
};

function needsUpgrade({ asked }: Answering): never {
  const message = `${asked.route} needs \`Connection: Upgrade\` and \`Upgrade: berth-stream/1\``;
  throw new BerthError("BadRequest", message);
}

async function answerPods({ sources: { view }, role, asked, response, signal }: Answering): Promise<void> {
  const namespace = readWord(asked.query, "namespace");
  const name = readWord(asked.query, "name");
  const wanted = (pod: v1.Pod): boolean =>
    (namespace === undefined || pod.metadata?.namespace === namespace) && (name === undefined || isCalled(pod, name));
  const shown = (pod: v1.Pod): v1.Pod => (role === "reader" ? redactPod(pod) : pod);
  if (!readFlag(asked.query, "watch")) return sendList(response, "PodList", view.pods().filter(wanted).map(shown));
  return sendLines(response, selectChanges(view.watchPods(signal), wanted, shown));
}

/** Only the changes of wanted pods; of a pod that was never shown, its end is not told either. */
async function* selectChanges(
  changes: AsyncIterable<PodChange>,
  wanted: (pod: v1.Pod) => boolean,
  shown: (pod: v1.Pod) => v1.Pod,
): AsyncGenerator<PodChange> {
  /** @bound Pods that a watching reader was shown: those that there are. */
  const told = new Set<string>();
  for await (const change of changes) {
    switch (change.kind) {
      case "put":
        if (!wanted(change.pod)) continue;
        told.add(keyOf(change.pod));
        yield { kind: "put", pod: shown(change.pod) };
        continue;
      case "gone":
        if (told.delete(change.key)) yield change;
        continue;
      case "synced":
        yield change;
    }
  }
}

function answerDocuments(kind: DocumentSummary["kind"], { sources: { view }, asked, response }: Answering): void {
  const namespace = readWord(asked.query, "namespace");
  const wanted = view
    .documents()
    .filter((one) => one.kind === kind && (namespace === undefined || one.namespace === namespace));
  sendList(response, `${kind}List`, wanted.map(documentToV1));
}

function answerEvents({ sources: { view }, asked, response, signal }: Answering): Promise<void> | void {
  const namespace = readWord(asked.query, "namespace");
  const isInside = ({ object }: CountedEvent): boolean =>
    namespace === undefined || (object.kind === "Pod" && object.namespace === namespace);
  if (readFlag(asked.query, "watch")) return sendLines(response, selectEvents(view.watchEvents(signal), isInside));
  return sendList(response, "EventList", view.events().filter(isInside).map(eventToV1));
}

async function* selectEvents(
  events: AsyncIterable<CountedEvent>,
  isInside: (event: CountedEvent) => boolean,
): AsyncGenerator<unknown> {
  for await (const event of events) if (isInside(event)) yield eventToV1(event);
}

function answerHolds({ sources: { view }, asked, response }: Answering): void {
  const pod = podOf(view, asked);
  const holds = (view.holds(keyOf(pod)) ?? []).map(({ until, ...hold }) =>
    // moments of this process's own clock tell others nothing
    until === undefined ? hold : { ...hold, waitsMs: Math.max(0, Math.round(until - performance.now())) },
  );
  sendJson(response, { pod: keyOf(pod), holds });
}

async function answerDrain({ response, sources: { drain } }: Answering, on: boolean): Promise<void> {
  const changed = drain.isOn() !== on;
  await drain.set(on);
  sendJson(response, { drained: on, changed });
}

function answerRestart({ sources: { view }, asked, response }: Answering): void {
  const pod = podOf(view, asked);
  const named = readWord(asked.query, "container");
  const containers =
    named === undefined ? (pod.spec?.containers ?? []).map((container) => container.name) : [findContainer(pod, named)];
  const restarted = containers.filter((container) => view.restart(keyOf(pod), container));
  if (restarted.length === 0) {
    throw new BerthError("NotFound", `pod "${keyOf(pod)}" has no container that could be restarted now`);
  }
  sendJson(response, { pod: keyOf(pod), restarted });
}

/** The pod that the path names. */
export function podOf(view: View, asked: Asked): v1.Pod {
  return findPod(view.pods(), asked.parts.namespace ?? "", asked.parts.name ?? "");
}
