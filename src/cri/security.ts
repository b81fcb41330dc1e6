import type { Draft } from "../base/protobuf.ts";
import type { SeenImage } from "../pod/action.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import type { ContainerRequest, RuntimeCapabilities } from "../ports.ts";
import {
  type Capability,
  type Int64Value,
  type LinuxContainerSecurityContext,
  type LinuxSandboxSecurityContext,
  ProfileType,
  type SELinuxOption,
  SupplementalGroupsPolicy,
} from "./generated/types.ts";
import { namespaces, namespacesBeside } from "./namespaces.ts";
import { appArmorProfile, seccompProfile } from "./profiles.ts";
import { cannotBeMade, type Surroundings } from "./surroundings.ts";

/** Places of /proc and /sys that tell too much of the host (cri-mapping 2.6). */
const MASKED = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];

/** Places of /proc that may be seen but not written. */
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/**
 * Rights of a sandbox (cri-mapping 1.7). Its seccomp profile is always the runtime's own, whatever the pod asks for its
 * containers. Throws ContainerConfigInvalid.
 */
export function sandboxSecurity(pod: DesiredPod, surroundings: Surroundings): Draft<LinuxSandboxSecurityContext> {
  const own = pod.spec.securityContext ?? {};
  return {
    privileged: pod.containers.some(({ spec }) => spec.securityContext?.privileged === true),
    seccomp: { profile_type: ProfileType.RuntimeDefault },
    namespace_options: namespaces(pod, surroundings),
    selinux_options: seLinux(own.seLinuxOptions),
    run_as_user: int64(own.runAsUser),
    run_as_group: int64(own.runAsGroup),
    ...groups(pod, surroundings.capabilities),
  };
}

/** Rights of a container: field by field its own wish, else the pod's (cri-mapping 2.6). Throws ContainerConfigInvalid. */
export function containerSecurity(
  pod: DesiredPod,
  container: DesiredContainer,
  { image, targetId }: Pick<ContainerRequest, "image" | "targetId">,
  surroundings: Surroundings,
): Draft<LinuxContainerSecurityContext> {
  const own = container.spec.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  return {
    capabilities: capabilitiesOf(own.capabilities),
    privileged: own.privileged === true,
    namespace_options: namespacesBeside(targetId, pod, surroundings),
    selinux_options: seLinux(own.seLinuxOptions ?? ofPod.seLinuxOptions),
    ...user(own.runAsUser ?? ofPod.runAsUser, image),
    run_as_group: int64(own.runAsGroup ?? ofPod.runAsGroup),
    readonly_rootfs: own.readOnlyRootFilesystem === true,
    no_new_privs: own.allowPrivilegeEscalation === false,
    ...procPaths(own.procMount, surroundings),
    seccomp: seccompProfile(pod, container, surroundings),
    ...appArmorProfile(pod, container),
    ...groups(pod, surroundings.capabilities),
  };
}

/** Without a wish it is the image's user, by number or name; an image that has none runs as root, which is said. */
function user(wish: number | undefined, image: SeenImage): Draft<LinuxContainerSecurityContext> {
  const uid = wish ?? image.uid;
  if (uid === undefined && image.username) return { run_as_username: image.username };
  return { run_as_user: int64(uid ?? 0) };
}

function groups(pod: DesiredPod, capabilities: RuntimeCapabilities): GroupFields {
  const { fsGroup, supplementalGroups = [], supplementalGroupsPolicy = "Merge" } = pod.spec.securityContext ?? {};
  const ids = fsGroup === undefined ? supplementalGroups : [fsGroup, ...supplementalGroups];
  return {
    supplemental_groups: ids.map(BigInt),
    supplemental_groups_policy: groupsPolicy(pod, supplementalGroupsPolicy, capabilities),
  };
}

type GroupFields = {
  readonly supplemental_groups: readonly bigint[];
  readonly supplemental_groups_policy: SupplementalGroupsPolicy;
};

function groupsPolicy(pod: DesiredPod, policy: string, capabilities: RuntimeCapabilities): SupplementalGroupsPolicy {
  switch (policy) {
    case "Merge":
      return SupplementalGroupsPolicy.Merge;
    case "Strict":
      if (capabilities.supplementalGroupsPolicy) return SupplementalGroupsPolicy.Strict;
      throw cannotBeMade(pod, "the container runtime knows no strict supplementalGroupsPolicy");
    default:
      throw cannotBeMade(pod, `there is no supplementalGroupsPolicy ${policy}`);
  }
}

/** Lists as written: whether a name exists is the runtime's to say. */
function capabilitiesOf(wish: v1.Capabilities | undefined): Draft<Capability> | undefined {
  return wish && { add_capabilities: wish.add ?? [], drop_capabilities: wish.drop ?? [] };
}

function procPaths(procMount: string | undefined, { facts }: Surroundings): Draft<LinuxContainerSecurityContext> {
  if (procMount === "Unmasked") return {};
  return { masked_paths: [...MASKED, ...(facts.maskedPaths ?? [])], readonly_paths: READ_ONLY };
}

const seLinux = (wish: v1.SELinuxOptions | undefined): Draft<SELinuxOption> | undefined =>
  wish && { user: wish.user ?? "", role: wish.role ?? "", type: wish.type ?? "", level: wish.level ?? "" };

const int64 = (value: number | undefined): Draft<Int64Value> | undefined =>
  value === undefined ? undefined : { value: BigInt(value) };
