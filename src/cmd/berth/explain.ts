import type { Problem } from "../../pod/problem.ts";
import type * as v1 from "../../pod/v1.ts";
import type { ProbeView } from "../../pod/view.ts";
import { askAbout } from "./about.ts";
import type { ToldHold } from "./cause.ts";
import { type Call, type Command, namespaceOf, podArgument, podPath } from "./command.ts";
import { explainBroken, explainPod } from "./explain-pod.ts";
import type { EventItem } from "./get-events.ts";
import { CommandFailure } from "./terminal.ts";
import { wrapText } from "./wrap-text.ts";

export const explain: Command = {
  usage: "POD",
  help: "Say in plain words why a pod is not ready, and what to try next.",
  flags: ["namespace"],
  examples: ["berth explain web"],
  async run(call) {
    const name = podArgument(call);
    const namespace = namespaceOf(call) ?? "default";
    const { items: problems } = await call.client.get<{ items: readonly Problem[] }>("/v1/problems");
    const path = podPath(namespace, name);
    const pod = await call.client.get<v1.Pod>(path).catch(async (error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      const own = problems.filter((problem) => problem.pod === `${namespace}/${name}`);
      if (own.length === 0) throw (await askAbout(call)).drained ? drainedFailure(error) : error;
      return own;
    });
    const text =
      "metadata" in pod ? explainPod(await knownOf(call, path, pod, problems)) : explainBroken(name, pod as Problem[]);
    await call.terminal.out.write(wrapText(text, Math.min(call.terminal.out.columns ?? WIDTH, WIDTH)));
    return 0;
  },
};

const drainedFailure = ({ message }: CommandFailure): CommandFailure =>
  new CommandFailure(`${message}: this host is drained, nothing runs until berth uncordon`);

const WIDTH = 100;

async function knownOf(call: Call, path: string, pod: v1.Pod, problems: readonly Problem[]) {
  const [{ holds }, { probes }, { items }] = await Promise.all([
    call.client.get<{ holds: readonly ToldHold[] }>(`${path}/holds`),
    call.client.get<{ probes: readonly ProbeView[] }>(`${path}/probes`),
    call.client.get<{ items: EventItem[] }>("/v1/events", { namespace: pod.metadata?.namespace }),
  ]);
  const events = items.filter(({ involvedObject }) => involvedObject.uid === pod.metadata?.uid);
  const suffix = `-${pod.spec?.nodeName ?? ""}`;
  const full = pod.metadata?.name ?? "";
  const manifestName = full.endsWith(suffix) ? full.slice(0, -suffix.length) : full;
  const keys = [full, manifestName].map((name) => `${pod.metadata?.namespace}/${name}`);
  const own = problems.filter((problem) => problem.severity === "error" && keys.includes(problem.pod ?? ""));
  return { pod, holds, probes, events, problems: own };
}
