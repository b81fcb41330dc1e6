import type * as v1 from "../../pod/v1.ts";
import { duplicate, type Faults, forbidden, invalid, NO_FAULTS, required, tooMany, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkInside, checkName, checkRange, checkText, checkWord, doubles } from "./check.ts";
import { lifecycleFaults, type ProbeKind, probeFaults } from "./handlers.ts";
import { configKey, dnsLabel, dnsSubdomain, ipAddress, portName, variableName } from "./names.ts";
import { fieldRefFaults, resourceRefFaults } from "./references.ts";
import { resourceFaults } from "./resources.ts";
import { containerSecurityFaults } from "./security.ts";
import { mountsFaults } from "./volumes.ts";

/** What the rules of one container must know of its pod. */
export type Around = {
  readonly init: boolean;
  readonly graceSeconds: number;
  readonly os: string | undefined;
  readonly hostUsers: boolean | undefined;
  readonly podRestartPolicy: string;
  readonly volumes: ReadonlyMap<string, Loose<v1.Volume>>;
};

const PROBES: readonly ProbeKind[] = ["livenessProbe", "readinessProbe", "startupProbe"];

/** V4 to V8, V11 to V14, V16, V17, V24 to V35 for one container; defaults are filled in. */
export function containerFaults(container: Loose<v1.Container>, path: string, around: Around): Faults {
  return [
    ...checkName(`${path}.name`, container.name, dnsLabel),
    ...imageFaults(container.image ?? "", `${path}.image`),
    ...checkWord(`${path}.imagePullPolicy`, container.imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...checkWord(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      "FallbackToLogsOnError",
      "File",
    ]),
    ...portsFaults(container.ports ?? [], `${path}.ports`),
    ...(container.env ?? []).flatMap((one, at) => variableFaults(one, `${path}.env[${at}]`, around)),
    ...(container.envFrom ?? []).flatMap((one, at) => envFromFaults(one, `${path}.envFrom[${at}]`)),
    ...mountsFaults(container, path, around.volumes),
    ...(container.resources ? resourceFaults(container.resources, `${path}.resources`, "container") : NO_FAULTS),
    ...(container.securityContext
      ? containerSecurityFaults(container.securityContext, `${path}.securityContext`, around.hostUsers)
      : NO_FAULTS),
    ...handlersFaults(container, path, around),
    ...restartFaults(container, path),
    ...resizeFaults(container, `${path}.resizePolicy`, around),
  ];
}

function imageFaults(image: string, path: string): Faults {
  if (image === "") return [required(path)];
  return when(image.trim() !== image, () => invalid(path, image, "must not have leading or trailing whitespace"));
}

function portsFaults(ports: readonly Loose<v1.ContainerPort>[], path: string): Faults {
  return [
    ...ports.flatMap((port, at) => portFaults(port, `${path}[${at}]`)),
    ...doubles(
      ports.map(({ name }) => name),
      (at, name) => duplicate(`${path}[${at}].name`, name),
    ),
  ];
}

function portFaults(port: Loose<v1.ContainerPort>, path: string): Faults {
  return [
    ...checkText(`${path}.name`, port.name || undefined, portName),
    ...(port.containerPort
      ? checkRange(`${path}.containerPort`, port.containerPort, 1, 65_535)
      : [required(`${path}.containerPort`)]),
    ...(port.hostPort ? checkRange(`${path}.hostPort`, port.hostPort, 1, 65_535) : NO_FAULTS),
    ...checkWord(`${path}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]),
    // Nothing else could be listened on: the pod's network would fail with each try.
    ...checkText(`${path}.hostIP`, port.hostIP || undefined, ipAddress),
  ];
}

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] as const;

/** V11 to V14. Values are not repeated: they may be secret. */
function variableFaults(variable: Loose<v1.EnvVar>, path: string, around: Around): Faults {
  const { name, value, valueFrom } = variable;
  const named = name ? checkText(`${path}.name`, name, variableName) : [required(`${path}.name`)];
  if (valueFrom === undefined) return named;
  const at = `${path}.valueFrom`;
  const given = SOURCES.filter((source) => valueFrom[source] !== undefined);
  return [
    ...named,
    ...when(given.length === 0, () =>
      invalid(at, "", `must specify one of: ${SOURCES.map((one) => `\`${one}\``).join(", ")}`),
    ),
    ...when(given.length > 1, () =>
      invalid(at, "", "may not have more than one field specified at a time", "keep one"),
    ),
    ...when(Boolean(value), () =>
      invalid(at, "", "may not be specified when `value` is not empty", "keep one of the two"),
    ),
    ...(valueFrom.fieldRef ? fieldRefFaults(valueFrom.fieldRef, `${at}.fieldRef`, "variable") : NO_FAULTS),
    ...(valueFrom.resourceFieldRef
      ? resourceRefFaults(valueFrom.resourceFieldRef, `${at}.resourceFieldRef`, undefined)
      : NO_FAULTS),
    ...(valueFrom.configMapKeyRef ? keyRefFaults(valueFrom.configMapKeyRef, `${at}.configMapKeyRef`) : NO_FAULTS),
    ...(valueFrom.secretKeyRef ? keyRefFaults(valueFrom.secretKeyRef, `${at}.secretKeyRef`) : NO_FAULTS),
    ...(valueFrom.fileKeyRef ? fileRefFaults(valueFrom.fileKeyRef, `${at}.fileKeyRef`, around) : NO_FAULTS),
  ];
}

/** V12: one key of a ConfigMap or Secret. */
const keyRefFaults = (ref: Loose<v1.ConfigMapKeySelector>, path: string): Faults => [
  ...checkName(`${path}.name`, ref.name, dnsSubdomain),
  ...(ref.key ? checkText(`${path}.key`, ref.key, configKey) : [required(`${path}.key`)]),
];

function fileRefFaults(ref: Loose<v1.FileKeySelector>, path: string, { volumes }: Around): Faults {
  const volume = volumes.get(ref.volumeName ?? "");
  return [
    ...when(!ref.key, () => required(`${path}.key`)),
    ...when(!ref.path, () => required(`${path}.path`)),
    ...checkInside(`${path}.path`, ref.path),
    ...when(!volume?.emptyDir, () =>
      invalid(`${path}.volumeName`, ref.volumeName ?? "", "must be the name of an emptyDir volume of the pod"),
    ),
  ];
}

function envFromFaults(source: Loose<v1.EnvFromSource>, path: string): Faults {
  const given = [source.configMapRef, source.secretRef].filter((ref) => ref !== undefined).length;
  return [
    ...checkText(`${path}.prefix`, source.prefix, variableName),
    ...when(given === 0, () => invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")),
    ...when(given > 1, () => invalid(path, "", "may not have more than one field specified at a time", "keep one")),
    ...(source.configMapRef ? checkName(`${path}.configMapRef.name`, source.configMapRef.name, dnsSubdomain) : []),
    ...(source.secretRef ? checkName(`${path}.secretRef.name`, source.secretRef.name, dnsSubdomain) : []),
  ];
}

/** V32: plain init containers run to their end, so nothing probes or hooks them. */
function handlersFaults(container: Loose<v1.Container>, path: string, around: Around): Faults {
  const plainInit = around.init && container.restartPolicy !== "Always";
  if (plainInit) {
    return (["lifecycle", ...PROBES] as const).flatMap((field) =>
      when(container[field] !== undefined, () =>
        forbidden(
          `${path}.${field}`,
          "may not be set for init containers without restartPolicy=Always",
          "remove it, or make the container a sidecar with restartPolicy: Always",
        ),
      ),
    );
  }
  return [
    ...PROBES.flatMap((kind): Faults => {
      const probe = container[kind];
      return probe ? probeFaults(kind, probe, `${path}.${kind}`) : NO_FAULTS;
    }),
    ...(container.lifecycle ? lifecycleFaults(container.lifecycle, `${path}.lifecycle`, around) : NO_FAULTS),
  ];
}

const MOST_RULES = 20;
const MOST_EXIT_CODES = 255;

/** V33, V34 */
function restartFaults(container: Loose<v1.Container>, path: string): Faults {
  const rules = container.restartPolicyRules ?? [];
  const at = `${path}.restartPolicyRules`;
  return [
    ...checkWord(`${path}.restartPolicy`, container.restartPolicy, ["Always", "Never", "OnFailure"]),
    ...when(rules.length > 0 && container.restartPolicy === undefined, () =>
      required(`${path}.restartPolicy`, "must specify restartPolicy when restart rules are used"),
    ),
    ...when(rules.length > MOST_RULES, () => tooMany(at, rules.length, MOST_RULES)),
    ...rules.flatMap((rule, index) => ruleFaults(rule, `${at}[${index}]`)),
  ];
}

function ruleFaults(rule: Loose<v1.ContainerRestartRule>, path: string): Faults {
  const codes = rule.exitCodes;
  const values = codes?.values ?? [];
  return [
    ...when(!rule.action, () => required(`${path}.action`)),
    ...checkWord(`${path}.action`, rule.action, ["Restart", "RestartAllContainers"]),
    ...when(codes === undefined, () => required(`${path}.exitCodes`, "must be specified")),
    ...when(codes !== undefined && !codes.operator, () => required(`${path}.exitCodes.operator`)),
    ...checkWord(`${path}.exitCodes.operator`, codes?.operator, ["In", "NotIn"]),
    ...when(values.length > MOST_EXIT_CODES, () => tooMany(`${path}.exitCodes.values`, values.length, MOST_EXIT_CODES)),
  ];
}

/** V35 */
function resizeFaults(container: Loose<v1.Container>, path: string, around: Around): Faults {
  const policies = container.resizePolicy ?? [];
  const plainInit = around.init && container.restartPolicy !== "Always";
  return [
    ...policies.flatMap((policy, at) => [
      ...checkWord(`${path}[${at}].resourceName`, policy.resourceName ?? "", ["cpu", "memory"]),
      ...checkWord(`${path}[${at}].restartPolicy`, policy.restartPolicy ?? "", ["NotRequired", "RestartContainer"]),
      ...when(policy.restartPolicy === "RestartContainer" && (plainInit || around.podRestartPolicy === "Never"), () =>
        invalid(
          `${path}[${at}].restartPolicy`,
          "RestartContainer",
          plainInit
            ? "must be 'NotRequired' for init containers"
            : "must be 'NotRequired' when `restartPolicy` is 'Never'",
        ),
      ),
    ]),
    ...doubles(
      policies.map(({ resourceName }) => resourceName),
      (at, name) => duplicate(`${path}[${at}]`, name),
    ),
  ];
}
