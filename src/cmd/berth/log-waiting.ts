import type * as v1 from "../../pod/v1.ts";
import type { PodChange } from "../../ports.ts";
import type { Call } from "./command.ts";
import { containerStatus } from "./pod-status.ts";
import { whileWaiting } from "./progress.ts";

/**
 * Says after a second what a container waits for whose log is followed, until it has begun. Never throws: this is talk
 * beside the log. The signal ends it.
 */
export async function tellWaiting(call: Call, pod: v1.Pod, container: string, signal: AbortSignal): Promise<void> {
  if (hasBegun(pod, container)) return;
  const { namespace = "", name = "" } = pod.metadata ?? {};
  let reason = reasonOf(pod, container);
  const follow = async (): Promise<void> => {
    for await (const change of call.client.lines<PodChange>("/v1/pods", { namespace, name, watch: true }, signal)) {
      if (change.kind === "gone" || (change.kind === "put" && hasBegun(change.pod, container))) return;
      if (change.kind === "put") reason = reasonOf(change.pod, container);
    }
  };
  const words = (): string => `container ${container} of ${name} has not begun${reason === "" ? "" : `: ${reason}`}`;
  await whileWaiting(call.terminal, words, follow()).catch(() => undefined);
}

function hasBegun(pod: v1.Pod, container: string): boolean {
  const status = containerStatus(pod, container);
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") return true;
  return (
    status?.state?.running !== undefined || status?.state?.terminated !== undefined || (status?.restartCount ?? 0) > 0
  );
}

function reasonOf(pod: v1.Pod, container: string): string {
  const { reason, message } = containerStatus(pod, container)?.state?.waiting ?? {};
  return message ?? reason ?? "";
}
