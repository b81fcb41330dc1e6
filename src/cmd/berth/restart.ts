import { setTimeout } from "node:timers/promises";
import { parseDurationMs } from "../../pod/parse-duration.ts";
import type * as v1 from "../../pod/v1.ts";
import type { PodChange } from "../../ports.ts";
import { type Call, type Command, namespaceOf, podArgument, podPath } from "./command.ts";
import { containerStatus } from "./pod-status.ts";
import { whileWaiting } from "./progress.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const restart: Command = {
  usage: "POD",
  help: "Restart the containers of a pod, or one of them, with their grace period, and wait until they run again.",
  flags: ["namespace", "container", "wait", "timeout"],
  flagHelp: {
    container: "Only this container; else all app containers.",
    wait: "Whether to wait until they run again; default true.",
    timeout: "Give up waiting after this; default 5m.",
  },
  examples: ["berth restart web", "berth restart web -c nginx", "berth restart web --wait=false"],
  async run(call) {
    const timeoutMs = parseDurationMs(call.value("timeout") ?? "5m");
    if (timeoutMs === undefined) throw usageFailure("--timeout is a duration such as 30s or 5m");
    const path = podPath(namespaceOf(call) ?? "default", podArgument(call));
    const before = await call.client.get<v1.Pod>(path);
    const query = { container: call.value("container") };
    const { pod, restarted } = await call.client.post<{ pod: string; restarted: string[] }>(`${path}/restart`, query);
    if (call.value("wait") === "false") {
      await call.terminal.out.write(restarted.map((name) => `${pod} container ${name} will be restarted\n`).join(""));
      return 0;
    }
    await untilAnew(call, before, restarted, timeoutMs);
    await call.terminal.out.write(restarted.map((name) => `${pod} container ${name} restarted\n`).join(""));
    return 0;
  },
};

/** Waits until each container runs as another instance than before. Throws when that takes too long, or the pod goes. */
async function untilAnew(call: Call, before: v1.Pod, names: readonly string[], timeoutMs: number): Promise<void> {
  const { namespace = "", name = "" } = before.metadata ?? {};
  const over = new AbortController();
  const signal = AbortSignal.any([call.terminal.signal, over.signal]);
  void setTimeout(timeoutMs, undefined, { signal, ref: false }).then(
    () => over.abort(),
    () => undefined,
  );
  let left = [...names];
  const follow = async (): Promise<void> => {
    for await (const change of call.client.lines<PodChange>("/v1/pods", { namespace, name, watch: true }, signal)) {
      if (change.kind === "gone") throw new CommandFailure(`pod/${name} went away`);
      if (change.kind !== "put") continue;
      left = names.filter((each) => !runsAnew(containerStatus(before, each), containerStatus(change.pod, each)));
      if (left.length === 0) return;
    }
    throw new CommandFailure(`after ${timeoutMs / 1000} s these have not come back: ${left.join(", ")}`);
  };
  const words = (): string => `waiting for ${left.join(", ")} to end and to run again`;
  await whileWaiting(call.terminal, words, follow()).finally(() => over.abort());
}

/** An instance that has run and ended since counts too: what it does is not the restart's affair. */
function runsAnew(before: v1.ContainerStatus | undefined, now: v1.ContainerStatus | undefined): boolean {
  if (now === undefined || now.containerID === undefined || now.containerID === before?.containerID) return false;
  return now.state?.running !== undefined || now.state?.terminated !== undefined;
}
