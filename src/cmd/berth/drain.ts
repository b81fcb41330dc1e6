import { setTimeout } from "node:timers/promises";
import { parseDurationMs } from "../../pod/parse-duration.ts";
import type { Problem } from "../../pod/problem.ts";
import type * as v1 from "../../pod/v1.ts";
import { askAbout } from "./about.ts";
import type { Call, Command } from "./command.ts";
import { whileWaiting } from "./progress.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const drain: Command = {
  usage: "[NODE]",
  help: "For maintenance: end all pods with their grace, and start none until berth uncordon, also after a reboot.",
  flags: ["timeout", "wait"],
  flagHelp: { timeout: "Give up waiting after this; default 10m. The host stays drained." },
  examples: ["berth drain --timeout 5m && reboot"],
  async run(call) {
    await checkName(call);
    const timeoutMs = parseDurationMs(call.value("timeout") ?? "10m");
    if (timeoutMs === undefined) throw usageFailure("--timeout is a duration such as 30s or 5m");
    const { items } = await call.client.get<{ items: readonly Problem[] }>("/v1/problems");
    const broken = [...new Set(items.filter(({ severity }) => severity === "error").map(({ file }) => file))];
    if (broken.length > 0) {
      await call.terminal.err.write(
        `These manifests are broken; what they ran will only come back when they are mended: ${broken.join(", ")}\n`,
      );
    }
    const { changed } = await call.client.post<{ changed: boolean }>("/v1/drain");
    if (!changed) await call.terminal.err.write("It was drained before.\n");
    if (call.value("wait") !== "false") await untilEmpty(call, timeoutMs);
    await call.terminal.out.write("the host is drained\n");
    return 0;
  },
};

export const uncordon: Command = {
  usage: "[NODE]",
  help: "Let pods run again after berth drain.",
  flags: [],
  async run(call) {
    await checkName(call);
    const { changed } = await call.client.post<{ changed: boolean }>("/v1/uncordon");
    await call.terminal.out.write(changed ? "pods run again\n" : "the host was not drained\n");
    return 0;
  },
};

/** Who is used to kubectl names the node: it can only be this one. Throws a usage failure. */
async function checkName(call: Call): Promise<void> {
  if (call.words.length === 0) return;
  const { nodeName } = await askAbout(call);
  const [written = "", ...more] = call.words;
  if (more.length > 0 || written.replace(/^(?:nodes?|no)\//, "") !== nodeName)
    throw usageFailure(`this is about node ${nodeName} alone, not ${call.words.join(" ")}`);
}

/** How often it is asked what is still there. */
const LOOK_EVERY_MS = 250;

async function untilEmpty(call: Call, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  let left: string[] = [];
  const look = async (): Promise<void> => {
    for (;;) {
      const { items } = await call.client.get<{ items: v1.Pod[] }>("/v1/pods");
      // pods of a cluster's API server are that cluster's to drain
      const own = items.filter(({ metadata }) => metadata?.annotations?.["kubernetes.io/config.source"] === "file");
      left = own.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
      if (left.length === 0) return;
      if (performance.now() > end) {
        throw new CommandFailure(`after ${timeoutMs / 1000} s these pods are still ending: ${left.join(", ")}`);
      }
      await setTimeout(LOOK_EVERY_MS, undefined, { signal: call.terminal.signal });
    }
  };
  const words = (): string =>
    `waiting for ${left.length} ${left.length === 1 ? "pod" : "pods"} to end: ${left.slice(0, SHOWN).join(", ")}`;
  await whileWaiting(call.terminal, words, look());
}

const SHOWN = 5;
