import type { ClusterContact } from "../pod/cluster.ts";
import type { DocumentSummary } from "../pod/document.ts";
import type { CountedEvent } from "../pod/event.ts";
import type { NodeFacts } from "../pod/node.ts";

/** An event in the shape of a v1 Event, as far as it is known here. */
export function eventToV1(event: CountedEvent): Record<string, unknown> {
  const [first, last] = [event.firstWallMs, event.atWallMs].map((wallMs) => new Date(wallMs).toISOString());
  const { object, name, count } = event;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace: object.kind === "Pod" ? object.namespace : "default", creationTimestamp: first },
    type: event.type,
    reason: event.reason,
    message: event.message,
    involvedObject: { apiVersion: "v1", ...object },
    firstTimestamp: first,
    lastTimestamp: last,
    count,
    source: { component: "berth" },
  };
}

/** A ConfigMap or Secret in the shape of its v1 type, with `sizes` in place of its data. */
export function documentToV1(document: DocumentSummary): Record<string, unknown> {
  const { kind, name, namespace, type, immutable, sizes, path, seenWallMs } = document;
  return {
    apiVersion: "v1",
    kind,
    metadata: { name, namespace, creationTimestamp: new Date(seenWallMs).toISOString() },
    ...(kind === "Secret" ? { type } : {}),
    ...(immutable ? { immutable } : {}),
    sizes,
    file: path,
  };
}

/** The node in the shape of a v1 Node, as far as it is known here; `cluster` is how it stands with its API server, if it has one. */
export function nodeToV1(
  facts: NodeFacts,
  maxPods: number,
  ready: boolean,
  version: string,
  drained: boolean,
  contact: ClusterContact | undefined,
): Record<string, unknown> {
  const resources = {
    cpu: String(facts.cpuMillis / 1000),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    pods: String(maxPods),
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: facts.nodeName, labels: facts.labels },
    ...(drained ? { spec: { unschedulable: true } } : {}),
    ...(contact === undefined ? {} : { cluster: contactToJson(contact) }),
    status: {
      addresses: [
        ...facts.ips.map((address) => ({ type: "InternalIP", address })),
        { type: "Hostname", address: facts.hostname },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      nodeInfo: {
        architecture: facts.arch,
        bootID: facts.bootId,
        kubeletVersion: `berth-${version}`,
        operatingSystem: "linux",
      },
    },
  };
}

function contactToJson({
  connected,
  leaseRenewedMs,
  statusSentMs,
  lastError,
}: ClusterContact): Record<string, unknown> {
  const time = (wallMs: number): string => new Date(wallMs).toISOString();
  return {
    connected,
    ...(leaseRenewedMs === undefined ? {} : { leaseRenewed: time(leaseRenewedMs) }),
    ...(statusSentMs === undefined ? {} : { statusSent: time(statusSentMs) }),
    ...(lastError === undefined ? {} : { lastError: { message: lastError.message, at: time(lastError.atMs) } }),
  };
}
