import type { Draft } from "../base/protobuf.ts";
import { podCgroup } from "../pod/cgroup.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { podDns } from "../pod/dns.ts";
import { logFolder } from "../pod/log-folder.ts";
import { qosClass } from "../pod/resources.ts";
import { sysctlName } from "../pod/sysctl.ts";
import { formatNanoTime } from "../pod/time.ts";
import type { LinuxPodSandboxConfig, PodSandboxConfig } from "./generated/types.ts";
import { kernelHostname } from "./hostname.ts";
import { ANNOTATION, LABEL } from "./names.ts";
import { portMappings } from "./port-mappings.ts";
import { sandboxOverhead, sandboxResources } from "./resources.ts";
import { sandboxSecurity } from "./security.ts";
import { cannotBeMade, type Surroundings } from "./surroundings.ts";

/**
 * All that makes the sandbox of a pod (cri-mapping 1). The same pod, attempt and surroundings give the same config, which has to
 * go with every container and pull of it. Throws ContainerConfigInvalid.
 */
export function sandboxConfig(pod: DesiredPod, attempt: number, surroundings: Surroundings): Draft<PodSandboxConfig> {
  const { settings, facts } = surroundings;
  // Handlers of runtime classes are known to an API server only.
  if (pod.spec.runtimeClassName && pod.origin.kind === "file")
    throw cannotBeMade(pod, `there is no runtime class ${pod.spec.runtimeClassName}`);
  const { servers, searches, options } = podDns(pod, settings, facts);
  return {
    metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid, attempt },
    hostname: kernelHostname(pod, settings.clusterDomain),
    log_directory: `${settings.podLogsDir}/${logFolder(pod)}`,
    dns_config: { servers, searches, options },
    port_mappings: portMappings(pod),
    labels: { ...pod.labels, ...podLabels(pod, settings.ownerId) },
    annotations: { ...originAnnotations(pod), ...pod.annotations },
    linux: linux(pod, surroundings),
  };
}

/** Labels that say whose an object is: on sandboxes and containers alike (cri-mapping 1.5). */
export const podLabels = (pod: DesiredPod, ownerId: string): Readonly<Record<string, string>> => ({
  [LABEL.podName]: pod.name,
  [LABEL.podNamespace]: pod.namespace,
  [LABEL.podUid]: pod.uid,
  [LABEL.owner]: ownerId,
});

function linux(pod: DesiredPod, surroundings: Surroundings): Draft<LinuxPodSandboxConfig> {
  const { cgroupDriver: driver, cgroupRoot: root, cgroupsPerQos: perQos } = surroundings.settings;
  return {
    cgroup_parent: podCgroup({ driver, root, perQos }, qosClass(pod.spec), pod.uid),
    security_context: sandboxSecurity(pod, surroundings),
    sysctls: Object.fromEntries(
      (pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value]),
    ),
    resources: sandboxResources(pod, surroundings),
    overhead: sandboxOverhead(pod, surroundings),
  };
}

/** What the kubelet notes on static pods. */
function originAnnotations(pod: DesiredPod): Readonly<Record<string, string>> {
  if (pod.origin.kind !== "file") return {};
  return {
    [ANNOTATION.configHash]: pod.uid,
    [ANNOTATION.configSource]: "file",
    [ANNOTATION.configSeen]: formatNanoTime(pod.seenWallMs),
  };
}
