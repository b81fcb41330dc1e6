import type { Draft } from "../base/protobuf.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { type IDMapping, NamespaceMode, type NamespaceOption, type UserNamespace } from "./generated/types.ts";
import { cannotBeMade, type Surroundings } from "./surroundings.ts";

/**
 * The same of a container that is to see the processes of another one. A pod that shares its processes, or those of the host,
 * shows them anyway (cri-mapping 1.7).
 */
export function namespacesBeside(
  targetId: string | undefined,
  pod: DesiredPod,
  surroundings: Surroundings,
): Draft<NamespaceOption> {
  const plain = namespaces(pod, surroundings);
  if (targetId === undefined || plain.pid !== NamespaceMode.CONTAINER) return plain;
  return { ...plain, pid: NamespaceMode.TARGET, target_id: targetId };
}

/**
 * Which namespaces a pod's sandbox and all its containers share with whom (cri-mapping 1.7). The mode for processes is always
 * sent: left out it would mean that the pod's containers see each other. Throws ContainerConfigInvalid.
 */
export function namespaces(pod: DesiredPod, surroundings: Surroundings): Draft<NamespaceOption> {
  return {
    network: pod.hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: pod.spec.hostIPC === true ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: processMode(pod),
    userns_options: users(pod, surroundings),
  };
}

function processMode({ spec }: DesiredPod): NamespaceMode {
  if (spec.hostPID === true) return NamespaceMode.NODE;
  return spec.shareProcessNamespace === true ? NamespaceMode.POD : NamespaceMode.CONTAINER;
}

function users(pod: DesiredPod, surroundings: Surroundings): Draft<UserNamespace> {
  const mappings = userMappings(pod, surroundings);
  if (mappings === undefined) return { mode: NamespaceMode.NODE };
  return { mode: NamespaceMode.POD, uids: mappings, gids: mappings };
}

/** How the pod's user ids lie on the host, for users and groups alike; undefined when they are the host's own. */
export function userMappings(pod: DesiredPod, { capabilities, users }: Surroundings): Draft<IDMapping>[] | undefined {
  if (pod.spec.hostUsers !== false) return undefined;
  if (!capabilities.userNamespaces) throw cannotBeMade(pod, "the container runtime has no user namespaces");
  if (users === undefined) throw cannotBeMade(pod, "there are no user ids of the host for it");
  return [{ container_id: 0, host_id: users.firstHostId, length: users.length }];
}
