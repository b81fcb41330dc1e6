import type { ServerResponse } from "node:http";
import { allStatuses } from "../../pod/all-containers.ts";
import type * as v1 from "../../pod/v1.ts";
import type { InstanceView } from "../../pod/view.ts";
import type { Logs, View } from "../../ports.ts";
import { sendBytes } from "../answer.ts";
import type { Refusal } from "./guard.ts";
import { readLogQuery } from "./log-query.ts";
import type { NodeRoute } from "./routes.ts";
import { type Target, targetOfPath } from "./target.ts";

/**
 * Sends the log of one instance of a container (node.md 6.6), or says why it cannot. A follower goes on over rotations until
 * the instance has ended and all is told.
 */
export async function answerContainerLogs(
  { view, logs }: { readonly view: View; readonly logs: Logs },
  route: NodeRoute,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const query = readLogQuery(route.query, Date.now());
  if ("status" in query) return query;
  const target = targetOfPath(view, route);
  if ("status" in target) return target;
  const instance = instanceOf(view, target, query.previous);
  if ("status" in instance) return instance;
  const running = (): boolean => {
    const newest = view.instance(target.key, target.container.name, "newest");
    return newest !== undefined && newest.id === instance.id && newest.running;
  };
  const chunks = logs.read(instance.logPath, { ...query.options, running }, signal);
  await sendBytes(response, chunks, "text/plain");
  return undefined;
}

/** The instance that runs or ran last; with `previous` the one before it. One that was only made has no log yet. */
function instanceOf(view: View, { pod, key, container }: Target, previous: boolean): InstanceView | Refusal {
  const which = (age: "newest" | "previous"): InstanceView | undefined => {
    const found = view.instance(key, container.name, age);
    return found !== undefined && (found.running || found.ended) ? found : undefined;
  };
  const names = `container "${container.name}" in pod "${pod.metadata?.name}"`;
  const found = previous ? which("previous") : (which("newest") ?? which("previous"));
  if (found !== undefined) return found;
  if (previous) return { status: 400, text: `previous terminated ${names} not found` };
  return { status: 400, text: `${names} is waiting to start: ${waitingReason(pod, container.name)}` };
}

const IMAGE_REASONS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: "trying and failing to pull image",
};

function waitingReason({ status }: v1.Pod, container: string): string {
  const reason =
    allStatuses(status).find(({ name }) => name === container)?.state?.waiting?.reason ?? "ContainerCreating";
  return IMAGE_REASONS[reason] ?? reason;
}
