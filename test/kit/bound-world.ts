import { silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { makeWorld, type World } from "./world.ts";

/** A pod as an API server has bound it to the node of the world. */
export const bound = (name: string, metadata: Partial<v1.ObjectMeta> = {}, spec: Partial<v1.PodSpec> = {}): v1.Pod => ({
  metadata: { name, namespace: "default", uid: `uid-${name}`, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
  spec: { nodeName: "node", containers: [{ name: "app", image: "app:1" }], ...spec },
  status: { phase: "Pending" },
});

/** The same, being deleted. */
export const deleted = (pod: v1.Pod, seconds: number): v1.Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T01:00:00Z", deletionGracePeriodSeconds: seconds },
});

/** All containers that the runtime knows. */
export const names = (from: World): string[] =>
  [...from.runtime.state.containers.values()].map(({ pod, attempt, state }) => `${pod.name}#${attempt} ${state}`);

/** The pod as people are shown it. */
export const shown = (from: World, uid: string): v1.Pod | undefined =>
  from
    .agent()
    .view.pods()
    .find(({ metadata }) => metadata?.uid === uid);

/** Where the API server tells of its pods. */
export const server = (from: World) => {
  const { bound } = from.agent();
  if (bound === undefined) throw new Error("no API server binds pods here");
  return bound;
};

/** A host whose API server has bound this one pod to it, a second ago. */
export async function withWeb(pod = bound("web"), meter = silentMeter): Promise<World> {
  const host = makeWorld({ bound: true, meter });
  await host.start();
  server(host).follower.onSet([pod]);
  await host.clock.advance(1000);
  return host;
}
