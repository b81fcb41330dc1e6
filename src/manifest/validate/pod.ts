import type * as v1 from "../../pod/v1.ts";
import { duplicate, type Faults, forbidden, invalid, NO_FAULTS, notSupported, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkName, checkRange, checkText, checkWord } from "./check.ts";
import { type Around, containerFaults } from "./container.ts";
import { labelFaults } from "./metadata.ts";
import { dnsLabel, dnsSubdomain, ipAddress, qualifiedName } from "./names.ts";
import { resourceFaults } from "./resources.ts";
import { podSecurityFaults } from "./security.ts";
import { volumesFaults } from "./volumes.ts";

/** V2 and V4 to V39 for a defaulted spec. All faults together; Go-style paths below `path`. */
export function specFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  return [
    ...containersFaults(spec, path),
    ...volumesFaults(spec, `${path}.volumes`),
    ...checkWord(`${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]),
    ...dnsFaults(spec, path),
    ...deadlineFaults(spec, path),
    ...hostnameFaults(spec, path),
    ...aliasFaults(spec.hostAliases ?? [], `${path}.hostAliases`),
    ...(spec.readinessGates ?? []).flatMap((gate, at) =>
      checkText(`${path}.readinessGates[${at}].conditionType`, gate.conditionType ?? "", qualifiedName),
    ),
    ...(spec.tolerations ?? []).flatMap((one, at) => tolerationFaults(one, `${path}.tolerations[${at}]`)),
    ...labelFaults(spec.nodeSelector ?? {}, `${path}.nodeSelector`),
    ...podSecurityFaults(spec, path),
    ...(spec.resources ? resourceFaults(spec.resources, `${path}.resources`, "pod") : NO_FAULTS),
    ...(spec.os ? checkWord(`${path}.os.name`, spec.os.name ?? "", ["linux"]) : NO_FAULTS),
  ];
}

function containersFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const containers = spec.containers ?? [];
  const inits = spec.initContainers ?? [];
  const around = {
    graceSeconds: spec.terminationGracePeriodSeconds ?? 0,
    os: spec.os?.name,
    hostUsers: spec.hostUsers,
    podRestartPolicy: spec.restartPolicy ?? "Always",
    volumes: new Map((spec.volumes ?? []).flatMap((volume) => (volume.name ? [[volume.name, volume] as const] : []))),
  } satisfies Omit<Around, "init">;
  return [
    ...when(containers.length === 0, () => required(`${path}.containers`, "", "list at least one container")),
    ...containers.flatMap((one, at) => containerFaults(one, `${path}.containers[${at}]`, { ...around, init: false })),
    ...inits.flatMap((one, at) => containerFaults(one, `${path}.initContainers[${at}]`, { ...around, init: true })),
    ...nameFaults(containers, inits, path),
    ...hostPortFaults(containers, `${path}.containers`),
    ...inits.flatMap((one, at) => hostPortFaults([one], `${path}.initContainers`, at)),
    ...(spec.hostNetwork === true ? hostNetworkFaults(containers, `${path}.containers`) : NO_FAULTS),
  ];
}

/** V4: a clash is reported at the later container, init containers counting as later. */
function nameFaults(
  containers: readonly Loose<v1.Container>[],
  inits: readonly Loose<v1.Container>[],
  path: string,
): Faults {
  const seen = new Set<string>();
  const visit = (list: readonly Loose<v1.Container>[], at: string): Faults =>
    list.flatMap(({ name }, index) => {
      if (!name) return NO_FAULTS;
      if (seen.has(name)) return [duplicate(`${at}[${index}].name`, name)];
      seen.add(name);
      return NO_FAULTS;
    });
  return [...visit(containers, `${path}.containers`), ...visit(inits, `${path}.initContainers`)];
}

/** V9 */
function hostPortFaults(containers: readonly Loose<v1.Container>[], path: string, from = 0): Faults {
  const seen = new Set<string>();
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap((port, at) => {
      if (!port.hostPort) return NO_FAULTS;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (seen.has(key)) return [duplicate(`${path}[${from + index}].ports[${at}].hostPort`, key)];
      seen.add(key);
      return NO_FAULTS;
    }),
  );
}

/** V10 */
const hostNetworkFaults = (containers: readonly Loose<v1.Container>[], path: string): Faults =>
  containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap((port, at) =>
      when(Boolean(port.hostPort) && port.hostPort !== port.containerPort, () =>
        invalid(
          `${path}[${index}].ports[${at}].containerPort`,
          port.containerPort ?? 0,
          "must match `hostPort` when `hostNetwork` is true",
        ),
      ),
    ),
  );

const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
const MOST_NAMESERVERS = 3;
const MOST_SEARCHES = 32;
const MOST_SEARCH_CHARACTERS = 2048;

/** V18, V19 */
function dnsFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const { nameservers = [], searches = [], options = [] } = spec.dnsConfig ?? {};
  const at = `${path}.dnsConfig`;
  return [
    ...checkWord(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...when(spec.dnsPolicy === "None" && nameservers.length === 0, () =>
      required(`${at}.nameservers`, "must provide at least one DNS nameserver when `dnsPolicy` is None"),
    ),
    ...when(nameservers.length > MOST_NAMESERVERS, () =>
      invalid(`${at}.nameservers`, nameservers.length, `must not have more than ${MOST_NAMESERVERS} nameservers`),
    ),
    ...nameservers.flatMap((address, index) => checkText(`${at}.nameservers[${index}]`, address, ipAddress)),
    ...when(searches.length > MOST_SEARCHES, () =>
      invalid(`${at}.searches`, searches.length, `must not have more than ${MOST_SEARCHES} search paths`),
    ),
    ...when(searches.join(" ").length > MOST_SEARCH_CHARACTERS, () =>
      invalid(`${at}.searches`, searches.length, `must not have more than ${MOST_SEARCH_CHARACTERS} characters`),
    ),
    ...searches.flatMap((search, index) => searchFaults(search, `${at}.searches[${index}]`)),
    ...options.flatMap((option, index) =>
      when(!option.name, () => required(`${at}.options[${index}]`, "must not be empty")),
    ),
  ];
}

/** A search path may end with a dot, be one dot, and have underscores. */
const searchFaults = (search: string, path: string): Faults =>
  search === "."
    ? NO_FAULTS
    : checkText(path, search, (value) => dnsSubdomain(value.replace(/\.$/, "").replaceAll("_", "x")));

/** V20; a grace period below zero is refused too. */
function deadlineFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  return [
    ...checkRange(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, 2 ** 31 - 1),
    ...when(grace < 0, () =>
      invalid(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0"),
    ),
  ];
}

/** V21 */
function hostnameFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const override = spec.hostnameOverride;
  const at = `${path}.hostnameOverride`;
  return [
    ...checkText(`${path}.hostname`, spec.hostname || undefined, dnsLabel),
    ...checkText(`${path}.subdomain`, spec.subdomain || undefined, dnsLabel),
    ...checkText(at, override, dnsSubdomain),
    ...when((override?.length ?? 0) > 64, () => invalid(at, override ?? "", "must be no more than 64 characters")),
    ...when(override !== undefined && spec.hostNetwork === true, () =>
      forbidden(at, "may not be set when `hostNetwork` is true"),
    ),
    ...when(override !== undefined && spec.setHostnameAsFQDN === true, () =>
      forbidden(at, "may not be set when `setHostnameAsFQDN` is true"),
    ),
  ];
}

/** V22 */
const aliasFaults = (aliases: readonly Loose<v1.HostAlias>[], path: string): Faults =>
  aliases.flatMap((alias, at) => [
    ...checkName(`${path}[${at}].ip`, alias.ip, ipAddress),
    ...(alias.hostnames ?? []).flatMap((name, index) =>
      checkText(`${path}[${at}].hostnames[${index}]`, name, dnsSubdomain),
    ),
  ]);

const OPERATORS = ["Equal", "Exists", "Gt", "Lt"];
const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

/** V23 */
function tolerationFaults(toleration: Loose<v1.Toleration>, path: string): Faults {
  const { key = "", value = "", effect = "", tolerationSeconds } = toleration;
  const operator = toleration.operator || "Equal";
  return [
    ...checkText(`${path}.key`, key || undefined, qualifiedName),
    ...when(key === "" && operator !== "Exists", () =>
      invalid(`${path}.operator`, operator, "operator must be Exists when `key` is empty, which means match all keys"),
    ),
    ...when(tolerationSeconds !== undefined && effect !== "NoExecute", () =>
      invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    ),
    ...when(operator === "Exists" && value !== "", () =>
      invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"),
    ),
    ...when(!OPERATORS.includes(operator), () => notSupported(`${path}.operator`, operator, OPERATORS)),
    ...when(effect !== "" && !EFFECTS.includes(effect), () => notSupported(`${path}.effect`, effect, EFFECTS)),
  ];
}
