import type { ContainerConfig, PodSandboxConfig } from "../../../src/cri/generated/types.ts";
import type { Container, RuntimeState, Sandbox } from "./state.ts";

/** What a served fake keeps of the requests that made its objects. */
export type KeptConfigs = {
  /** Kept from before the call takes effect, since its caller may have left by then. Those of objects that are there stay. */
  keepSandbox(config: PodSandboxConfig): void;
  keepContainer(podUid: string, config: ContainerConfig): void;
  ofSandbox(sandbox: Sandbox): PodSandboxConfig;
  ofContainer(container: Container): ContainerConfig;
};

/** Nothing is kept yet. */
export function makeKeptConfigs(state: RuntimeState): KeptConfigs {
  const sandboxes = new Map<string, PodSandboxConfig>();
  const containers = new Map<string, ContainerConfig>();
  const boxKey = (uid: string, attempt: number): string => `${uid}/${attempt}`;
  const containerKey = (uid: string, name: string, attempt: number): string => `${uid}/${name}/${attempt}`;

  return {
    keepSandbox(config) {
      const { uid = "", attempt = 0 } = config.metadata ?? {};
      const isThere = [...state.sandboxes.values()].some((one) => one.pod.uid === uid && one.attempt === attempt);
      if (!isThere) sandboxes.set(boxKey(uid, attempt), config);
    },
    keepContainer(podUid, config) {
      const { name = "", attempt = 0 } = config.metadata ?? {};
      const isThere = [...state.containers.values()].some(
        (one) => one.pod.uid === podUid && one.name === name && one.attempt === attempt,
      );
      if (!isThere) containers.set(containerKey(podUid, name, attempt), config);
    },
    ofSandbox: ({ pod, attempt }) => found(sandboxes.get(boxKey(pod.uid, attempt))),
    ofContainer: ({ pod, name, attempt }) => found(containers.get(containerKey(pod.uid, name, attempt))),
  };
}

function found<T>(config: T | undefined): T {
  if (config === undefined) throw new Error("an object without a request");
  return config;
}
