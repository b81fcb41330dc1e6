import type { Now } from "../base/clock.ts";
import type { ClusterNode, NodeAddress, NodeImage, NodeStatus, Taint } from "../pod/cluster.ts";
import { isExtendedResource } from "../pod/extended-resources.ts";
import type { MachineFacts, NodeFacts, Reserved } from "../pod/node.ts";
import { ceilUnits, formatQuantity, parseQuantity, quantityOfMillis, quantityOfUnits, ZERO } from "../pod/quantity.ts";
import { allocatableFor } from "../pod/reserved.ts";
import type { Standing } from "../pod/standing.ts";
import { nodeConditions } from "./node-conditions.ts";

/** What does not change while the agent runs. */
export type NodeIdentity = {
  readonly facts: NodeFacts;
  readonly machine: MachineFacts;
  readonly maxPods: number;
  /** Absent: nothing is kept back from pods. */
  readonly reserved?: Reserved;
  /** As `vX.Y.Z`: the version of Kubernetes whose behaviour the node has. */
  readonly kubeletVersion: string;
  readonly port: number;
  readonly taints: readonly Taint[];
  readonly providerId: string;
  /** -1: all of them. */
  readonly maxImages: number;
  /** What the scheduler and the API server may count on beyond the version (node.md 2.2); absent: nothing. */
  readonly declaredFeatures?: readonly string[];
  /** Present: a controller of the cloud tells where the machine is, and under which addresses (--cloud-provider=external). */
  readonly cloud?: {
    /** --node-ip without wildcards: what the controller is to go by; empty: nothing. */
    readonly givenIps: readonly string[];
  };
};

const ATTACH_DETACH = "volumes.kubernetes.io/controller-managed-attach-detach";
/** Labels that an agent brings up to date on a node that is there already; others count only at its creation (node.md 2.1). */
const KEPT_LABELS: readonly string[] = [
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/instance-type",
];
/** What the cloud's controller takes away once it has told what it knows of the machine. */
const UNINITIALIZED: Taint = {
  key: "node.cloudprovider.kubernetes.io/uninitialized",
  value: "true",
  effect: "NoSchedule",
};
const PROVIDED_IP = "alpha.kubernetes.io/provided-node-ip";
const NAMES_PER_IMAGE = 5;
/** In the version that Berth's nodes show. */
const OWN_VERSION = "+berth.";

/** The Node object of a node that the cluster does not know (node.md 2.1). */
export function newNode(identity: NodeIdentity, standing: Standing, now: Now): ClusterNode {
  const { facts, providerId } = identity;
  const taints = taintsOf(identity);
  return {
    metadata: {
      name: facts.nodeName,
      labels: { ...facts.labels },
      annotations: { ...providedIp(identity), [ATTACH_DETACH]: "true" },
    },
    spec: {
      ...(taints.length === 0 ? {} : { taints }),
      ...(providerId === "" ? {} : { providerID: providerId }),
    },
    status: nodeStatus({}, identity, standing, now),
  };
}

/** Those that the node begins with. What becomes of them is up to the cluster: they are never set again (node.md 2.1). */
function taintsOf({ taints, cloud }: NodeIdentity): Taint[] {
  const others = taints.filter(({ key, effect }) => key !== UNINITIALIZED.key || effect !== UNINITIALIZED.effect);
  return cloud === undefined ? [...taints] : [...others, UNINITIALIZED];
}

const providedIp = ({ cloud }: NodeIdentity): Record<string, string> =>
  cloud === undefined || cloud.givenIps.length === 0 ? {} : { [PROVIDED_IP]: cloud.givenIps.join(",") };

/** A node that is there already, with what an agent brings up to date when it joins (node.md 2.1). */
export function reconciled(node: ClusterNode, identity: NodeIdentity): ClusterNode {
  const { facts } = identity;
  const { [PROVIDED_IP]: _, ...others } = node.metadata.annotations ?? {};
  const kept = Object.entries(facts.labels).filter(([key]) => KEPT_LABELS.includes(key));
  return {
    ...node,
    metadata: {
      ...node.metadata,
      labels: { ...node.metadata.labels, ...Object.fromEntries(kept) },
      annotations: { ...others, ...providedIp(identity), [ATTACH_DETACH]: "true" },
    },
  };
}

/** The node's status as of now, on what it was before (node.md 2.2). */
export function nodeStatus(before: NodeStatus, identity: NodeIdentity, standing: Standing, now: Now): NodeStatus {
  const { facts, machine, kubeletVersion, port, declaredFeatures = [] } = identity;
  const capacity = capacityOf(identity);
  const missing = ["cpu", "memory", "pods", "ephemeral-storage"].filter(
    (name) => !(Number.parseInt(capacity[name] ?? "", 10) > 0),
  );
  return {
    ...keptOf(before, standing),
    addresses: addressesOf(before, identity),
    capacity: { ...extended(before), ...capacity },
    allocatable: { ...extended(before), ...allocatableOf(identity, capacity) },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: facts.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: runtimeVersion(before, standing),
      kubeletVersion,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: facts.arch,
      ...(machine.totalSwapBytes > 0 ? { swap: { capacity: machine.totalSwapBytes } } : {}),
    },
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    images: imagesOf(identity, standing),
    ...(standing.handlers.length === 0
      ? {}
      : { runtimeHandlers: standing.handlers.toSorted((one, other) => (one.name < other.name ? -1 : 1)) }),
    ...(standing.supplementalGroupsPolicy ? { features: { supplementalGroupsPolicy: true } } : {}),
    ...(declaredFeatures.length === 0 ? {} : { declaredFeatures: declaredFeatures.toSorted() }),
    conditions: nodeConditions(before.conditions ?? [], standing, missing, now),
  };
}

/** What others have told of the node, and what its runtime told until it tells anew; not what an earlier agent alone could say. */
function keptOf(before: NodeStatus, { runtime }: Standing): NodeStatus {
  const stale = ["declaredFeatures", "volumesInUse", ...(runtime === undefined ? [] : ["runtimeHandlers", "features"])];
  return Object.fromEntries(Object.entries(before).filter(([name]) => !stale.includes(name)));
}

/**
 * The node's addresses, on what its status was before. Those that the cloud's controller has told stay; until then only a
 * given one is surely the node's.
 */
export function addressesOf({ addresses = [] }: NodeStatus, { facts, cloud }: NodeIdentity): NodeAddress[] {
  if (cloud !== undefined && addresses.length > 0) return addresses;
  const { hostname } = facts;
  const ips = cloud === undefined ? facts.ips : cloud.givenIps;
  return [...ips.map((address) => ({ type: "InternalIP", address })), { type: "Hostname", address: hostname }];
}

/** As an API server writes them: it would answer any other text with this one. */
function capacityOf({ facts, machine, maxPods }: NodeIdentity): Record<string, string> {
  const huge = Object.entries(facts.hugePageBytes ?? {}).map(([name, bytes]) => [name, bytesText(bytes)] as const);
  return {
    cpu: countText(Math.floor(facts.cpuMillis / 1000)),
    memory: wholeKibText(facts.memoryBytes),
    "ephemeral-storage": wholeKibText(machine.rootDiskBytes),
    pods: countText(maxPods),
    ...Object.fromEntries(huge),
  };
}

/** As much as admission here gives away: decide/admission.ts. What nothing is kept back of is told as the capacity is. */
function allocatableOf(
  { facts, machine, reserved }: NodeIdentity,
  capacity: Record<string, string>,
): Record<string, string> {
  const { rootDiskBytes } = machine;
  const { cpuMillis, memoryBytes, storageBytes } = allocatableFor({ ...facts, rootDiskBytes }, reserved);
  return {
    ...capacity,
    ...(cpuMillis < facts.cpuMillis ? { cpu: formatQuantity(quantityOfMillis(cpuMillis)) } : {}),
    ...(memoryBytes < facts.memoryBytes ? { memory: wholeKibText(memoryBytes) } : {}),
    ...(storageBytes !== undefined && storageBytes < rootDiskBytes
      ? { "ephemeral-storage": countText(storageBytes) }
      : {}),
  };
}

const bytesText = (bytes: number): string => formatQuantity(quantityOfUnits(bytes, "binary"));
const wholeKibText = (bytes: number): string => bytesText(bytes - (bytes % 1024));
const countText = (count: number): string => formatQuantity(quantityOfUnits(count));

/**
 * Resources with a domain in their names. What an administrator tells of the node stays, and can be had. What a kubelet left
 * whose node this was is told as nothing, so that the scheduler learns that its device plugins are gone.
 */
function extended(status: NodeStatus): Record<string, string> {
  const { capacity = {} } = status;
  const isOwn = isOwnNode(status);
  return Object.fromEntries(
    Object.entries(capacity)
      .filter(([name]) => name.includes("/"))
      .map(([name, amount]) => [name, isOwn ? amount : "0"]),
  );
}

const isOwnNode = ({ nodeInfo }: NodeStatus): boolean => (nodeInfo?.kubeletVersion ?? "").includes(OWN_VERSION);

/** How many of each extended resource admission may give away of a node that is shown so (node.md 4); one of 0 is known, too. */
export function extendedAllocatable(status: NodeStatus): Record<string, number> {
  const amounts = isOwnNode(status) ? (status.allocatable ?? {}) : extended(status);
  return Object.fromEntries(
    Object.entries(amounts)
      .filter(([name]) => isExtendedResource(name))
      .map(([name, amount]) => [name, ceilUnits(parseQuantity(amount) ?? ZERO)]),
  );
}

function runtimeVersion(before: NodeStatus, { runtime }: Standing): string {
  if (runtime !== undefined) return `${runtime.name}://${runtime.version}`;
  const name = (before.nodeInfo?.containerRuntimeVersion ?? "").split("://")[0];
  return `${name || "containerd"}://Unknown`;
}

function imagesOf({ maxImages }: NodeIdentity, { images }: Standing): NodeImage[] {
  const sorted = images.toSorted((one, other) => other.sizeBytes - one.sizeBytes);
  const most = maxImages < 0 ? sorted : sorted.slice(0, maxImages);
  return most.map(({ names, sizeBytes }) => ({ names: names.slice(0, NAMES_PER_IMAGE), sizeBytes }));
}
