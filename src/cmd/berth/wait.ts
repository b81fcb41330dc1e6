import { setTimeout } from "node:timers/promises";
import { podColumns } from "../../decide/columns.ts";
import { parseDurationMs } from "../../pod/parse-duration.ts";
import type * as v1 from "../../pod/v1.ts";
import type { PodChange } from "../../ports.ts";
import { type Call, type Command, namespaceOf, podName } from "./command.ts";
import { followLines } from "./follow.ts";
import { jsonText, readJsonPath, unquoted } from "./json-path.ts";
import { whileWaiting } from "./progress.ts";
import { readSelector } from "./selector.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const wait: Command = {
  usage: "POD...|-l LABELS|--all --for=condition=Ready",
  help: "Wait until pods meet a condition, are there, or are gone.",
  flags: ["namespace", "selector", "all", "for", "timeout"],
  flagHelp: { timeout: "Give up after this; default 30s. 0 looks once, less than 0 waits a week." },
  examples: [
    "berth wait web --for=condition=Ready --timeout=60s",
    "berth wait web --for=delete",
    "berth wait -l app=web --for=condition=Ready",
  ],
  async run(call) {
    const { terminal } = call;
    const names = await namesOf(call);
    const goal = readGoal(call.value("for"));
    const timeoutMs = readTimeout(call.value("timeout"));
    const over = new AbortController();
    const signal = AbortSignal.any([terminal.signal, over.signal]);
    if (timeoutMs > 0)
      void setTimeout(timeoutMs, undefined, { signal, ref: false }).then(
        () => over.abort(),
        () => undefined,
      );
    const states = new Map<string, string>();
    const waits = names.map(async (name) => {
      const query = { namespace: namespaceOf(call), name, watch: true };
      const judge = makeJudge(goal, (pod) => void states.set(name, stateOf(pod, terminal.now())));
      const first = timeoutMs === 0 ? "now" : "soon";
      const changes = followLines<PodChange>(call, "/v1/pods", query, judge.again, signal, first);
      if (await isMet(changes, judge, timeoutMs === 0)) {
        states.delete(name);
        await terminal.out.write(`pod/${name} ${goal.words}\n`);
      } else throw new CommandFailure(`timed out: pod/${name} ${goal.missed} within ${timeoutMs / 1000} s`);
    });
    const said = (): string =>
      `waiting for ${names.length === 1 ? "it" : "them"}: ${[...states].map(([name, state]) => `${name} ${state}`).join(", ") || "there is no such pod yet"}`;
    const ends = await whileWaiting(terminal, said, Promise.allSettled(waits));
    const failed = ends.filter((end) => end.status === "rejected");
    over.abort();
    terminal.signal.throwIfAborted(); // a person has had enough: that is no timeout
    for (const { reason } of failed)
      await terminal.err.write(`error: ${reason instanceof Error ? reason.message : reason}\n`);
    return failed.length > 0 ? 1 : 0;
  },
};

/** In milliseconds; 0 looks once, and less than 0 is a week, as kubectl has it. Throws a usage failure. */
function readTimeout(written = "30s"): number {
  const timeoutMs = parseDurationMs(written);
  if (timeoutMs === undefined) throw usageFailure("--timeout is a duration such as 30s or 5m");
  return timeoutMs < 0 ? A_WEEK_MS : timeoutMs;
}

const A_WEEK_MS = 7 * 24 * 3600 * 1000;

/** The pods by their names, as NAME, pod/NAME or pod NAME, and those that a selector finds now. Throws a usage failure. */
async function namesOf(call: Call): Promise<readonly string[]> {
  const [first = "", ...more] = call.words;
  const names = (more.length > 0 && /^(pods?|po)$/.test(first) ? more : call.words).map(podName);
  const labels = call.value("selector");
  if (labels === undefined && !call.has("all")) {
    if (names.length === 0) throw usageFailure("wait for which pod?");
    return names;
  }
  if (names.some((name) => !/^(pods?|po)$/.test(name)))
    throw usageFailure("either names, or a selector, or --all: not both");
  const selects = readSelector(labels);
  const { items } = await call.client.get<{ items: v1.Pod[] }>("/v1/pods", { namespace: namespaceOf(call) });
  const found = items.flatMap(({ metadata }) => (selects(metadata?.labels) ? (metadata?.name ?? []) : []));
  if (found.length === 0)
    throw new CommandFailure(labels === undefined ? "there is no pod" : `no pod fits the selector ${labels}`);
  return found;
}

/** The word that `get pods` shows, and what its containers wait for. */
function stateOf(pod: v1.Pod, nowMs: number): string {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const message = statuses.map(({ state }) => state?.waiting?.message ?? "").find((text) => text !== "");
  return podColumns(pod, nowMs).status + (message === undefined ? "" : ` (${message})`);
}

type Goal = {
  readonly words: string;
  /** What is said where it took too long. */
  readonly missed: string;
  readonly kind: "gone" | "present";
  readonly holds: (pod: v1.Pod) => boolean;
};

function readGoal(written: string | undefined): Goal {
  if (written === "delete") return { kind: "gone", words: "deleted", missed: "was not deleted", holds: () => false };
  if (written === "create")
    return { kind: "present", words: "condition met", missed: "was not there", holds: () => true };
  const [, path, expected] = /^jsonpath=(\{.+\}|[^{=]+)(?:=(.*))?$/.exec(written ?? "") ?? [];
  if (path !== undefined) {
    const find = readJsonPath(path.replace(/^\{(.*)\}$/, "$1"));
    const wanted = expected === undefined ? undefined : unquoted(expected);
    const isWanted = (value: unknown): boolean => wanted === undefined || jsonText(value) === wanted;
    const holds = (pod: v1.Pod): boolean => find(pod).some(isWanted);
    return { kind: "present", words: "condition met", missed: `did not meet ${written}`, holds };
  }
  const [, type, value = "True"] = /^condition=([^=]+)(?:=(.+))?$/.exec(written ?? "") ?? [];
  if (type === undefined)
    throw usageFailure("--for is condition=NAME[=VALUE], jsonpath={PATH}[=VALUE], create, or delete");
  const fits = (one: v1.PodCondition): boolean =>
    one.type.toLowerCase() === type.toLowerCase() && one.status.toLowerCase() === value.toLowerCase();
  const holds = (pod: v1.Pod): boolean => pod.status?.conditions?.some(fits) ?? false;
  return { kind: "present", words: "condition met", missed: `did not meet ${written}`, holds };
}

/** Whether the goal was reached before the changes ended; with `once`, by what there is now. */
async function isMet(changes: AsyncIterable<PodChange>, judge: Judge, once: boolean): Promise<boolean> {
  for await (const change of changes) {
    if (judge.take(change)) return true;
    if (once && change.kind === "synced") return false;
  }
  return false;
}

/** Looks at one change after the other; `again` before everything there is comes anew. */
type Judge = { take(change: PodChange): boolean; again(): void };

function makeJudge(goal: Goal, note: (pod: v1.Pod) => void): Judge {
  let present = 0;
  return {
    again() {
      present = 0;
    },
    take(change) {
      switch (change.kind) {
        case "put":
          present += 1;
          note(change.pod);
          return goal.holds(change.pod);
        case "gone":
          return goal.kind === "gone";
        case "synced":
          return goal.kind === "gone" && present === 0;
      }
    },
  };
}
