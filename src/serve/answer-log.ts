import type { ServerResponse } from "node:http";
import { BerthError } from "../base/errors.ts";
import type { PodKey } from "../pod/desired.ts";
import type { LogOptions } from "../pod/log-options.ts";
import { parseTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";
import type { InstanceView } from "../pod/view.ts";
import type { Logs, View } from "../ports.ts";
import { sendBytes } from "./answer.ts";
import { findContainer, keyOf } from "./find-pod.ts";
import { readCount, readFlag, readWord } from "./queries.ts";

/** What a log is read from. */
export type LogSources = { readonly view: View; readonly logs: Logs };

/** Which container's log, and how it is read. */
type LogWish = LogSources & {
  readonly key: PodKey;
  readonly container: string;
  readonly options: Omit<LogOptions, "running">;
  readonly signal: AbortSignal;
};

/** Sends a container's log. Throws NotFound when there is none, BadRequest for a query that makes no sense. */
export async function answerLog(
  sources: LogSources,
  pod: v1.Pod,
  query: URLSearchParams,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(pod);
  const container = findContainer(pod, readWord(query, "container"));
  const wish = { ...sources, key, container, options: readOptions(query), signal };
  const which = readFlag(query, "previous") ? "previous" : "newest";
  const instance = sources.view.instance(key, container, which);
  if (instance === undefined && !(wish.options.follow && which === "newest")) {
    const what = which === "previous" ? "has no earlier instance" : "has not been created yet";
    throw new BerthError("NotFound", `container "${container}" of pod "${key}" ${what}`);
  }
  const isFollowed = wish.options.follow && which === "newest";
  await sendBytes(response, isFollowed ? followLives(wish) : readLife(wish, instance));
}

function readOptions(query: URLSearchParams): Omit<LogOptions, "running"> {
  const tailLines = readCount(query, "tailLines");
  const limitBytes = readCount(query, "limitBytes");
  const sinceWallMs = readSince(query);
  return {
    follow: readFlag(query, "follow"),
    timestamps: readFlag(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceWallMs === undefined ? {} : { sinceWallMs }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function readSince(query: URLSearchParams): number | undefined {
  const seconds = readCount(query, "sinceSeconds");
  const time = readWord(query, "sinceTime");
  if (time === undefined) return seconds === undefined ? undefined : Date.now() - seconds * 1000;
  if (seconds !== undefined) throw new BerthError("BadRequest", "sinceSeconds and sinceTime exclude each other");
  const sinceWallMs = parseTime(time);
  if (sinceWallMs === undefined)
    throw new BerthError("BadRequest", `sinceTime must be a time such as 2026-01-02T03:04:05Z`);
  return sinceWallMs;
}

/** One instance; `running` ends a follower with it. */
function readLife({ view, logs, key, container, options, signal }: LogWish, instance: InstanceView | undefined) {
  const running = (): boolean => {
    const newest = view.instance(key, container, "newest");
    return newest !== undefined && newest.id === instance?.id && newest.running;
  };
  return logs.read(instance?.logPath ?? "", { ...options, running }, signal);
}

/**
 * One instance after the other, from the newest one on, until the last one has ended, the pod is gone, or so many bytes are
 * sent. What was written before only counts for the first one.
 */
async function* followLives(wish: LogWish): AsyncGenerator<Uint8Array> {
  const { view, key, container, signal } = wish;
  let options = wish.options;
  let told: string | undefined;
  let leftBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const _ of changesOf(view, key, signal)) {
    let instance = view.instance(key, container, "newest");
    while (instance !== undefined && instance.id !== told && hasBegun(instance)) {
      told = instance.id;
      const limit = Number.isFinite(leftBytes) ? { limitBytes: leftBytes } : {};
      for await (const chunk of readLife({ ...wish, options: { ...options, ...limit } }, instance)) {
        leftBytes -= chunk.length;
        yield chunk;
      }
      if (leftBytes <= 0) return;
      const { tailLines: _tail, ...later } = options;
      options = later;
      instance = view.instance(key, container, "newest");
    }
    if (instance?.last) return;
  }
}

/** An instance that was only made has no log yet. */
const hasBegun = ({ running, ended }: InstanceView): boolean => running || ended;

/** Once at the begin, then after each change of the pod, to its end. */
async function* changesOf(view: View, key: PodKey, signal: AbortSignal): AsyncGenerator<void> {
  for await (const change of view.watchPods(signal)) {
    switch (change.kind) {
      case "synced":
        yield;
        continue;
      case "put":
        if (keyOf(change.pod) === key) yield;
        continue;
      case "gone":
        if (change.key !== key) continue;
        yield;
        return;
    }
  }
}
