import type { DesiredPod } from "../pod/desired.ts";
import { podHostName } from "../pod/host-name.ts";
import { cannotBeMade } from "./surroundings.ts";

/** What the kernel has room for. */
const LONGEST_KERNEL_NAME = 64;

/**
 * The name that the kernel shows in a pod; empty on the host's network (cri-mapping 1.2). Throws ContainerConfigInvalid,
 * on the host's network too.
 */
export function kernelHostname(pod: DesiredPod, clusterDomain: string): string {
  const name = podHostName(pod, clusterDomain);
  if (name.kind === "invalid") throw cannotBeMade(pod, name.problem);
  if (pod.hostNetwork) return "";
  if (pod.spec.setHostnameAsFQDN !== true || name.domain === "") return name.host;
  const whole = `${name.host}.${name.domain}`;
  if (whole.length > LONGEST_KERNEL_NAME) {
    throw cannotBeMade(pod, `the host name ${whole} has more than ${LONGEST_KERNEL_NAME} characters`);
  }
  return whole;
}
