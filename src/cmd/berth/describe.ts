import { allStatuses } from "../../pod/all-containers.ts";
import type * as v1 from "../../pod/v1.ts";
import type { ProbeView } from "../../pod/view.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { containerLines } from "./describe-container.ts";
import { volumeLines } from "./describe-volumes.ts";
import { type EventItem, foldEvents } from "./get-events.ts";
import { listPods } from "./get-pods.ts";
import { field, type Line, list, nested, printLines } from "./lines.ts";
import { ageCell } from "./pod-cells.ts";
import { tableText } from "./print-table.ts";
import { usageFailure } from "./terminal.ts";

export const describe: Command = {
  usage: "pod NAME...",
  help: "Show everything about a pod, its events included.",
  flags: ["namespace"],
  examples: ["berth describe pod web"],
  async run(call) {
    const [kind, ...words] = call.words;
    const names = kind !== undefined && /^(?:pods?|po)\/./.test(kind) ? [podName(kind), ...words.map(podName)] : words;
    if (kind === undefined || !/^(?:pods?|po)(?:\/.+)?$/.test(kind))
      throw usageFailure("describe what? berth describe pod NAME");
    const { items, missing } = await listPods(call, namespaceOf(call), names);
    const events = items.length === 0 ? [] : await eventsOf(call);
    const texts = await Promise.all(items.map(async (pod) => podText(call, pod, events, await probesOf(call, pod))));
    await call.terminal.out.write(texts.join("\n\n"));
    for (const message of missing) await call.terminal.err.write(`error: ${message}\n`);
    return missing.length > 0 ? 1 : 0;
  },
};

async function eventsOf(call: Call): Promise<EventItem[]> {
  const { items } = await call.client.get<{ items: EventItem[] }>("/v1/events", { namespace: namespaceOf(call) });
  return items;
}

/** A pod that went meanwhile has no probes left to show. */
async function probesOf(call: Call, { metadata }: v1.Pod): Promise<readonly ProbeView[]> {
  const path = podPath(metadata?.namespace ?? "", metadata?.name ?? "");
  const { probes } = await call.client
    .get<{ probes: readonly ProbeView[] }>(`${path}/probes`)
    .catch(() => ({ probes: [] }));
  return probes;
}

function podText(call: Call, pod: v1.Pod, events: readonly EventItem[], probes: readonly ProbeView[]): string {
  const own = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata?.uid);
  return printLines(podLines(pod, probes, call.terminal.now())) + eventText(own, call.terminal.now());
}

function podLines(pod: v1.Pod, probes: readonly ProbeView[], nowMs: number): Line[] {
  const { metadata = {}, status = {} } = pod;
  const spec: v1.PodSpec = pod.spec ?? { containers: [] };
  const statuses = allStatuses(status);
  const containers = (of: readonly v1.Container[]): Line[] =>
    of.map((container) => nested(`${container.name}:`, containerLines(container, statuses, probes, nowMs)));
  return [
    field("Name", metadata.name),
    field("Namespace", metadata.namespace),
    field("Priority", String(spec.priority ?? 0)),
    field("Node", [spec.nodeName, status.hostIP].filter(Boolean).join("/")),
    field("Start Time", status.startTime),
    list("Labels", pairs(metadata.labels, "=")),
    list("Annotations", pairs(metadata.annotations, ": ")),
    field("Status", metadata.deletionTimestamp === undefined ? status.phase : "Terminating"),
    ...(status.reason ? [field("Reason", status.reason)] : []),
    ...(status.message ? [field("Message", status.message)] : []),
    field("IP", status.podIP),
    nested(
      "IPs:",
      (status.podIPs ?? []).map(({ ip }) => field("IP", ip)),
    ),
    ...(spec.initContainers?.length ? [nested("Init Containers:", containers(spec.initContainers))] : []),
    nested("Containers:", containers(spec.containers)),
    ...(spec.ephemeralContainers?.length
      ? [nested("Ephemeral Containers:", containers(spec.ephemeralContainers))]
      : []),
    nested("Conditions:", conditionLines(status.conditions ?? [])),
    nested(
      "Volumes:",
      (spec.volumes ?? []).map((volume) => nested(`${volume.name}:`, volumeLines(volume))),
    ),
    field("QoS Class", status.qosClass),
    list("Node-Selectors", pairs(spec.nodeSelector, "=")),
    list("Tolerations", (spec.tolerations ?? []).map(tolerationText)),
  ];
}

function conditionLines(conditions: readonly v1.PodCondition[]): Line[] {
  const width = Math.max(4, ...conditions.map(({ type }) => type.length)) + 1;
  return [
    { text: `${"Type".padEnd(width)} Status` },
    ...conditions.map(({ type, status, reason }) => ({
      text: `${type.padEnd(width)} ${status.padEnd(7)} ${reason ?? ""}`.trimEnd(),
    })),
  ];
}

function pairs(map: Readonly<Record<string, string>> | undefined, sign: string): string[] {
  return Object.entries(map ?? {})
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}${sign}${value}`);
}

function tolerationText({ key = "", operator, value, effect, tolerationSeconds }: v1.Toleration): string {
  const what = `${key}${value ? `=${value}` : ""}${effect ? `:${effect}` : ""}`;
  const how = operator === "Exists" && !value ? " op=Exists" : "";
  return `${what}${how}${tolerationSeconds === undefined ? "" : ` for ${tolerationSeconds}s`}`;
}

function eventText(events: readonly EventItem[], nowMs: number): string {
  if (events.length === 0) return "Events:  <none>\n";
  const rows = foldEvents(events).map((event) => {
    const last = ageCell(event.lastTimestamp, nowMs);
    const age = event.count > 1 ? `${last} (x${event.count} over ${ageCell(event.firstTimestamp, nowMs)})` : last;
    return [event.type, event.reason, age, event.involvedObject.fieldPath ?? "pod", event.message];
  });
  const columns = ["Type", "Reason", "Age", "Object", "Message"].map((heading) => ({ heading }));
  const table = tableText(columns, rows, undefined);
  return `Events:\n${table.replace(/^(?=.)/gm, "  ")}`;
}
