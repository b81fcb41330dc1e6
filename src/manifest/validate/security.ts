import type * as v1 from "../../pod/v1.ts";
import { duplicate, type Faults, forbidden, invalid, NO_FAULTS, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkInside, checkRange, checkWord, doubles } from "./check.ts";

const LARGEST_ID = 2 ** 31 - 1;
const SECCOMP = ["Localhost", "RuntimeDefault", "Unconfined"];

/** V24 for the pod: ids, sysctls, namespaces that exclude each other. */
export function podSecurityFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const security = spec.securityContext ?? {};
  const at = `${path}.securityContext`;
  return [
    ...idFaults(security, at),
    ...checkRange(`${at}.fsGroup`, security.fsGroup, 0, LARGEST_ID),
    ...(security.supplementalGroups ?? []).flatMap((id, index) =>
      checkRange(`${at}.supplementalGroups[${index}]`, id, 0, LARGEST_ID),
    ),
    ...checkWord(`${at}.supplementalGroupsPolicy`, security.supplementalGroupsPolicy, ["Merge", "Strict"]),
    ...checkWord(`${at}.fsGroupChangePolicy`, security.fsGroupChangePolicy, ["OnRootMismatch", "Always"]),
    ...checkWord(`${at}.seLinuxChangePolicy`, security.seLinuxChangePolicy, ["MountOption", "Recursive"]),
    ...profileFaults(security, at),
    ...sysctlFaults(spec, `${at}.sysctls`),
    ...when(spec.shareProcessNamespace === true && spec.hostPID === true, () =>
      invalid(`${path}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled"),
    ),
    ...(spec.hostUsers === false ? userNamespaceFaults(spec, path) : NO_FAULTS),
  ];
}

function userNamespaceFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  return (["hostNetwork", "hostPID", "hostIPC"] as const).flatMap((field) =>
    when(spec[field] === true, () => forbidden(`${path}.${field}`, "when `hostUsers` is false")),
  );
}

/** V24 for a container. */
export function containerSecurityFaults(
  security: Loose<v1.SecurityContext>,
  path: string,
  hostUsers: boolean | undefined,
): Faults {
  const capabilities = security.capabilities?.add ?? [];
  const noEscalation = security.allowPrivilegeEscalation === false;
  return [
    ...idFaults(security, path),
    ...profileFaults(security, path),
    ...checkWord(`${path}.procMount`, security.procMount || undefined, ["Default", "Unmasked"]),
    ...when(security.procMount === "Unmasked" && hostUsers !== false, () =>
      invalid(`${path}.procMount`, "Unmasked", "`hostUsers` must be false to use `Unmasked`"),
    ),
    ...when(noEscalation && security.privileged === true, () =>
      invalid(
        path,
        false,
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        "drop one of them",
      ),
    ),
    ...when(noEscalation && capabilities.some((name) => name === "CAP_SYS_ADMIN"), () =>
      invalid(
        path,
        false,
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        "drop one of them",
      ),
    ),
  ];
}

function idFaults(security: Loose<v1.SecurityContext & v1.PodSecurityContext>, path: string): Faults {
  return [
    ...checkRange(`${path}.runAsUser`, security.runAsUser, 0, LARGEST_ID),
    ...checkRange(`${path}.runAsGroup`, security.runAsGroup, 0, LARGEST_ID),
  ];
}

/** Seccomp and AppArmor: a local profile needs its name, the others forbid one. */
function profileFaults(security: Loose<v1.SecurityContext>, path: string): Faults {
  return (["seccompProfile", "appArmorProfile"] as const).flatMap((field): Faults => {
    const profile = security[field];
    if (profile === undefined) return NO_FAULTS;
    const at = `${path}.${field}`;
    if (!profile.type) return [required(`${at}.type`, "type is required when the profile is set")];
    const wrongWord = checkWord(`${at}.type`, profile.type, SECCOMP);
    const local = profile.type === "Localhost";
    return [
      ...wrongWord,
      ...when(local && !profile.localhostProfile, () =>
        required(`${at}.localhostProfile`, "must be set when profile type is Localhost"),
      ),
      ...(field === "seccompProfile" ? checkInside(`${at}.localhostProfile`, profile.localhostProfile) : NO_FAULTS),
      ...when(!local && profile.localhostProfile !== undefined, () =>
        invalid(`${at}.localhostProfile`, profile.localhostProfile ?? "", "can only be set when type is Localhost"),
      ),
    ];
  });
}

const SYSCTL = /^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;
const IPC_SYSCTLS = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];

function sysctlFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const sysctls = spec.securityContext?.sysctls ?? [];
  const found = sysctls.flatMap((sysctl, at): Faults => {
    const name = sysctl.name ?? "";
    const where = `${path}[${at}].name`;
    if (name === "") return [required(where)];
    if (name.length > 253 || !SYSCTL.test(name)) {
      return [
        invalid(where, name, "must have at most 253 characters and consist of lower case words with dots between"),
      ];
    }
    const dotted = name.replaceAll("/", ".");
    const net = dotted.startsWith("net.") && spec.hostNetwork === true;
    const ipc = IPC_SYSCTLS.some((prefix) => dotted.startsWith(prefix)) && spec.hostIPC === true;
    return [
      ...when(net, () => invalid(where, name, "may not be specified when 'hostNetwork' is set to true")),
      ...when(ipc, () => invalid(where, name, "may not be specified when 'hostIPC' is set to true")),
    ];
  });
  const names = sysctls.map(({ name }) => name);
  return [...found, ...doubles(names, (at, name) => duplicate(`${path}[${at}].name`, name))];
}
