import type { RuntimeView } from "./cri.ts";

/** A pod that somebody else made: a sandbox with one running container. */
export type BarePod = { readonly sandboxId: string; readonly containerId: string };

/** Makes a pod by bare CRI calls, as another tool or a kubelet would; the labels stand on both objects. */
export async function makeBarePod(
  view: RuntimeView,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<BarePod> {
  const config = {
    metadata: { name, namespace: "elsewhere", uid: `uid-of-${name}`, attempt: 0 },
    labels,
    linux: { security_context: { namespace_options: { pid: 1 } } },
  };
  const { pod_sandbox_id: sandboxId } = await view.call("RunPodSandbox", { config });
  const { container_id: containerId } = await view.call("CreateContainer", {
    pod_sandbox_id: sandboxId,
    config: {
      metadata: { name: "stranger", attempt: 0 },
      image: { image: "docker.io/library/busybox:1.36" },
      command: ["sleep", "1000000"],
      labels,
    },
    sandbox_config: config,
  });
  await view.call("StartContainer", { container_id: containerId });
  return { sandboxId, containerId };
}

/** Ends and removes it. */
export async function removeBarePod(view: RuntimeView, pod: BarePod): Promise<void> {
  await view.call("StopPodSandbox", { pod_sandbox_id: pod.sandboxId });
  await view.call("RemovePodSandbox", { pod_sandbox_id: pod.sandboxId });
}
