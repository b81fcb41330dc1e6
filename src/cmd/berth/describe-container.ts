import type * as v1 from "../../pod/v1.ts";
import type { ProbeView } from "../../pod/view.ts";
import { field, type Line, list, nested } from "./lines.ts";
import { ageCell } from "./pod-cells.ts";

/** What `describe` says about one container. */
export function containerLines(
  container: v1.Container,
  statuses: readonly v1.ContainerStatus[],
  probes: readonly ProbeView[],
  nowMs: number,
): Line[] {
  const status = statuses.find(({ name }) => name === container.name);
  const ports = container.ports ?? [];
  return [
    field("Container ID", status?.containerID),
    field("Image", container.image),
    field("Image ID", status?.imageID),
    field("Ports", ports.map((port) => `${port.containerPort}/${port.protocol ?? "TCP"}`).join(", ")),
    field("Host Ports", ports.map((port) => `${port.hostPort ?? 0}/${port.protocol ?? "TCP"}`).join(", ")),
    ...(container.command?.length ? [list("Command", container.command)] : []),
    ...(container.args?.length ? [list("Args", container.args)] : []),
    ...stateLines("State", status?.state ?? { waiting: {} }),
    ...(hasState(status?.lastState) ? stateLines("Last State", status?.lastState ?? {}) : []),
    field("Ready", String(status?.ready ?? false)),
    field("Restart Count", String(status?.restartCount ?? 0)),
    ...resourceLines("Limits", container.resources?.limits),
    ...resourceLines("Requests", container.resources?.requests),
    ...probeLines(
      container,
      probes.filter((probe) => probe.container === container.name),
      nowMs,
    ),
    nested("Environment:", (container.env ?? []).map(variableLine)),
    ...((container.envFrom?.length ?? 0) > 0
      ? [list("Environment Sources", (container.envFrom ?? []).map(sourceText))]
      : []),
    nested(
      "Mounts:",
      (container.volumeMounts ?? []).map((mount) => ({ text: mountText(mount) })),
    ),
  ];
}

function hasState(state: v1.ContainerState | undefined): boolean {
  return state?.running !== undefined || state?.terminated !== undefined || state?.waiting !== undefined;
}

function stateLines(name: string, state: v1.ContainerState): Line[] {
  const { running, terminated, waiting } = state;
  if (running !== undefined) return [field(name, "Running"), indented("Started", running.startedAt)];
  if (terminated !== undefined) {
    return [
      field(name, "Terminated"),
      ...(terminated.reason ? [indented("Reason", terminated.reason)] : []),
      ...(terminated.message ? [indented("Message", terminated.message.trimEnd())] : []),
      indented("Exit Code", String(terminated.exitCode)),
      ...(terminated.signal ? [indented("Signal", String(terminated.signal))] : []),
      indented("Started", terminated.startedAt),
      indented("Finished", terminated.finishedAt),
    ];
  }
  return [
    field(name, "Waiting"),
    ...(waiting?.reason ? [indented("Reason", waiting.reason)] : []),
    ...(waiting?.message ? [indented("Message", waiting.message)] : []),
  ];
}

const indented = (name: string, value: string | undefined): Line => field(`  ${name}`, value);

function resourceLines(name: string, resources: Readonly<Record<string, v1.Quantity>> | undefined): Line[] {
  const entries = Object.entries(resources ?? {});
  return entries.length === 0
    ? []
    : [
        nested(
          `${name}:`,
          entries.map(([key, value]) => field(key, String(value))),
        ),
      ];
}

const PROBES = { liveness: "Liveness", readiness: "Readiness", startup: "Startup" } as const;

function probeLines(container: v1.Container, views: readonly ProbeView[], nowMs: number): Line[] {
  return (["liveness", "readiness", "startup"] as const).flatMap((kind) => {
    const probe = container[`${kind}Probe`];
    const view = views.find((one) => one.probe === kind);
    if (probe === undefined) return [];
    return [field(PROBES[kind], probeText(probe)), ...(view === undefined ? [] : resultLines(view, nowMs))];
  });
}

/** What the probe has shown of the instance that runs. */
function resultLines({ result, streak, last }: ProbeView, nowMs: number): Line[] {
  if (last === undefined) return [indented("Result", `${result}, not asked yet`)];
  const ago = ageCell(new Date(last.atWallMs).toISOString(), nowMs);
  const count = streak === undefined || streak.count < 2 ? "" : `, ${streak.count} times in a row`;
  const output = last.output === "" ? "" : `: ${last.output.trim().replaceAll(/\s+/g, " ").slice(0, LONGEST_OUTPUT)}`;
  const attempt = `${last.attempt} ${ago} ago in ${last.tookMs} ms${count}${output}`;
  return [indented("Result", result), indented("Last", attempt)];
}

const LONGEST_OUTPUT = 200;

function probeText(probe: v1.Probe): string {
  const times = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 1}s period=${probe.periodSeconds ?? 10}s`;
  return `${handlerText(probe)} ${times} #success=${probe.successThreshold ?? 1} #failure=${probe.failureThreshold ?? 3}`;
}

function handlerText({ exec, httpGet, tcpSocket, grpc }: v1.Probe): string {
  if (exec !== undefined) return `exec [${(exec.command ?? []).join(" ")}]`;
  if (httpGet !== undefined) {
    return `http-get ${(httpGet.scheme ?? "HTTP").toLowerCase()}://${httpGet.host ?? ""}:${httpGet.port}${httpGet.path ?? ""}`;
  }
  if (tcpSocket !== undefined) return `tcp-socket ${tcpSocket.host ?? ""}:${tcpSocket.port}`;
  return `grpc <pod>:${grpc?.port ?? ""}`;
}

function variableLine({ name, value, valueFrom }: v1.EnvVar): Line {
  if (valueFrom === undefined) return field(name, value);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return field(name, ` (${fieldRef.apiVersion ?? "v1"}:${fieldRef.fieldPath})`);
  if (resourceFieldRef !== undefined) return field(name, `(${resourceFieldRef.resource})`);
  if (configMapKeyRef !== undefined) {
    return field(name, `<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name ?? ""}'>`);
  }
  return field(name, `<set to the key '${secretKeyRef?.key ?? ""}' in secret '${secretKeyRef?.name ?? ""}'>`);
}

function sourceText({ configMapRef, secretRef }: v1.EnvFromSource): string {
  return configMapRef !== undefined ? `${configMapRef.name}  ConfigMap` : `${secretRef?.name ?? ""}  Secret`;
}

function mountText(mount: v1.VolumeMount): string {
  const path = mount.subPath ? `,path="${mount.subPath}"` : "";
  return `${mount.mountPath} from ${mount.name} (${mount.readOnly ? "ro" : "rw"}${path})`;
}
