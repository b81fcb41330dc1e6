import { parseDurationMs } from "../../pod/parse-duration.ts";
import { parseTime } from "../../pod/time.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Query } from "./client.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { chosenContainer } from "./default-container.ts";
import { followLog } from "./follow-log.ts";
import { listPods } from "./get-pods.ts";
import { makeLinePrefix } from "./line-prefix.ts";
import { tellWaiting } from "./log-waiting.ts";
import { readSelector } from "./selector.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const logs: Command = {
  usage: "POD...",
  help: "Print logs of one container, or of several with a prefix; -f goes on over restarts.",
  flags: [
    "namespace",
    "all-namespaces",
    "selector",
    "container",
    "all-containers",
    "follow",
    "previous",
    "tail",
    "since",
    "since-time",
    "timestamps",
    "limit-bytes",
    "prefix",
  ],
  examples: [
    "berth logs web",
    "berth logs -f web -c nginx --tail 20",
    "berth logs -p web",
    "berth logs -f -l app=web --all-containers",
  ],
  async run(call) {
    const query = readQuery(call);
    const streams = await streamsOf(call);
    if (streams.length === 0) {
      await call.terminal.err.write("No pod fits the selector.\n");
      return 0;
    }
    const isMarked = streams.length > 1 ? call.value("prefix") !== "false" : call.has("prefix");
    const print = (stream: Stream): Promise<void> => printLog(call, stream, query, isMarked);
    const failures: unknown[] = [];
    if (query.follow) {
      const ends = await Promise.allSettled(streams.map(print));
      failures.push(...ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : [])));
    } else {
      for (const stream of streams) await print(stream).catch((error: unknown) => failures.push(error));
    }
    return tellFailures(call, failures);
  },
};

/** One container's log. */
type Stream = { readonly pod: string; readonly container: string; readonly path: string; readonly shown: v1.Pod };

/** More at once would leave no connection for anybody else. */
const MOST_STREAMS = 48;

async function streamsOf(call: Call): Promise<Stream[]> {
  const labels = call.value("selector");
  const named = call.words.map(podName);
  if (named.length === 0 && labels === undefined) throw usageFailure("which pod? give its name, or labels with -l");
  if (named.length > 0 && labels !== undefined) throw usageFailure("names of pods and -l exclude each other");
  const selects = readSelector(labels);
  const { items, missing } = await listPods(call, namespaceOf(call), named);
  const [gone] = missing;
  if (gone !== undefined) throw new CommandFailure(gone);
  const pods = items.filter((pod) => selects(pod.metadata?.labels));
  const streams: Stream[] = [];
  for (const pod of pods) {
    const path = `${podPath(pod.metadata?.namespace ?? "", pod.metadata?.name ?? "")}/log`;
    for (const container of await containersOf(call, pod)) {
      streams.push({ pod: pod.metadata?.name ?? "", container, path, shown: pod });
    }
  }
  if (streams.length > MOST_STREAMS) {
    throw new CommandFailure(
      `${streams.length} containers fit, at most ${MOST_STREAMS} can be read at once: name fewer`,
    );
  }
  return streams;
}

async function containersOf(call: Call, pod: v1.Pod): Promise<readonly string[]> {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (call.has("all-containers")) return all;
  const named = call.values("container");
  if (named.length === 0) {
    const taken = await chosenContainer(call, pod);
    return taken === undefined ? [] : [taken];
  }
  const unknown = named.find((name) => !all.includes(name));
  if (unknown === undefined) return named;
  throw new CommandFailure(`pod "${pod.metadata?.name}" has no container "${unknown}"; it has ${all.join(", ")}`);
}

async function printLog(call: Call, stream: Stream, query: LogQuery, isMarked: boolean): Promise<void> {
  const { terminal } = call;
  const over = new AbortController();
  const talk = query.follow
    ? tellWaiting(call, stream.shown, stream.container, AbortSignal.any([terminal.signal, over.signal]))
    : undefined;
  try {
    await passLog(call, stream, query, isMarked);
  } finally {
    over.abort();
    await talk;
  }
}

async function passLog(call: Call, stream: Stream, query: LogQuery, isMarked: boolean): Promise<void> {
  const { terminal, client } = call;
  const wish = { ...query, container: stream.container };
  // Where bytes are counted, a log that begins anew in the middle would be counted wrongly.
  const isOnce = !query.follow || query.limitBytes !== undefined;
  const answer: AsyncIterable<Buffer> = isOnce
    ? await client.bytes(stream.path, wish, terminal.signal)
    : followLog(call, stream.path, wish);
  const lines = isMarked ? makeLinePrefix(`[pod/${stream.pod}/${stream.container}] `) : undefined;
  try {
    for await (const chunk of answer) {
      const shown = lines === undefined ? chunk : lines.take(chunk);
      if (shown !== undefined) await terminal.out.write(shown);
    }
    const rest = lines?.end();
    if (rest !== undefined) await terminal.out.write(rest);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    if (!terminal.signal.aborted)
      throw new CommandFailure(`the log broke off: ${error instanceof Error ? error.message : error}`);
  }
}

async function tellFailures(call: Call, failures: readonly unknown[]): Promise<number> {
  for (const failure of failures) {
    call.terminal.signal.throwIfAborted();
    if (!(failure instanceof CommandFailure)) throw failure;
    await call.terminal.err.write(`error: ${failure.message}\n`);
  }
  return failures.length > 0 ? 1 : 0;
}

type LogQuery = Query & { readonly follow: boolean; readonly limitBytes: number | undefined };

function readQuery(call: Call): LogQuery {
  const [since, sinceTime] = [call.value("since"), call.value("since-time")];
  if (since !== undefined && sinceTime !== undefined) throw usageFailure("--since and --since-time exclude each other");
  if (sinceTime !== undefined && parseTime(sinceTime) === undefined) {
    throw usageFailure(`--since-time is a time such as 2026-01-02T03:04:05Z, not ${JSON.stringify(sinceTime)}`);
  }
  return {
    follow: call.has("follow") && !call.has("previous"), // the past does not grow
    previous: call.has("previous"),
    timestamps: call.has("timestamps"),
    tailLines: tailLines(call.value("tail")),
    sinceSeconds: sinceSeconds(since),
    sinceTime,
    limitBytes: wholeNumber("limit-bytes", call.value("limit-bytes")),
  };
}

function tailLines(written: string | undefined): number | undefined {
  return written === "-1" ? undefined : wholeNumber("tail", written);
}

function wholeNumber(flag: string, written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (/^\d+$/.test(written)) return Number(written);
  throw usageFailure(`--${flag} is a whole number, not ${JSON.stringify(written)}`);
}

function sinceSeconds(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const sinceMs = parseDurationMs(written);
  if (sinceMs !== undefined && sinceMs > 0) return Math.ceil(sinceMs / 1000);
  throw usageFailure(`--since is a duration such as 5m or 1h30m, not ${JSON.stringify(written)}`);
}
