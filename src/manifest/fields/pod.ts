import type * as v1 from "../../pod/v1.ts";
import { idle, type Rows, reference, unsupported, yes } from "./row.ts";

const scheduler = "it is for schedulers, and the pod is on its node already";
const server = idle("an API server sets it");
const account = reference("serviceaccounts", "remove it: there is no API server here");
const claims = reference("resourceclaims", "remove it: there is no API server to allocate devices");
export const onlyLinux = unsupported("remove it: it is for Windows nodes");

/** The pod as a whole: its life, names, network and place. */
export const POD_ROWS = {
  Pod: { apiVersion: yes, kind: yes, metadata: yes, spec: yes, status: idle("it is what the node tells") },
  ObjectMeta: {
    annotations: yes,
    creationTimestamp: server,
    deletionGracePeriodSeconds: server,
    deletionTimestamp: server,
    finalizers: server,
    generateName: server,
    generation: server,
    labels: yes,
    managedFields: server,
    name: yes,
    namespace: yes,
    ownerReferences: server,
    resourceVersion: server,
    selfLink: server,
    uid: yes,
  },
  LocalObjectReference: { name: yes },
  PodSpec: {
    activeDeadlineSeconds: yes,
    affinity: yes,
    automountServiceAccountToken: idle("there are no service account tokens here"),
    containers: yes,
    dnsConfig: yes,
    dnsPolicy: yes,
    enableServiceLinks: idle("there are no services without an API server"),
    ephemeralContainers: unsupported("remove it: debug with berth exec", "cannot be set on create"),
    hostAliases: yes,
    hostIPC: yes,
    hostNetwork: yes,
    hostPID: yes,
    hostUsers: yes,
    hostname: yes,
    hostnameOverride: yes,
    imagePullSecrets: yes,
    initContainers: yes,
    nodeName: idle("every pod of a manifest is on this node"),
    nodeSelector: yes,
    os: yes,
    overhead: unsupported("remove it: it belongs to a runtime class, and there are none here"),
    preemptionPolicy: idle(scheduler),
    priority: idle("a pod of a manifest is critical, whatever its priority"),
    priorityClassName: yes,
    readinessGates: yes,
    resourceClaims: claims,
    resources: yes,
    restartPolicy: yes,
    runtimeClassName: unsupported("remove it: runtime classes need an API server"),
    schedulerName: idle(scheduler),
    schedulingGates: unsupported("remove it", "cannot be set together with nodeName, which every static pod has"),
    schedulingGroup: unsupported("remove it: there is no scheduler here"),
    securityContext: yes,
    serviceAccount: account,
    serviceAccountName: account,
    setHostnameAsFQDN: yes,
    shareProcessNamespace: yes,
    subdomain: yes,
    terminationGracePeriodSeconds: yes,
    tolerations: idle("a static pod tolerates every taint that evicts, and nothing else looks at taints here"),
    topologySpreadConstraints: idle(scheduler),
    volumes: yes,
  },
  PodDNSConfig: { nameservers: yes, options: yes, searches: yes },
  PodDNSConfigOption: { name: yes, value: yes },
  HostAlias: { hostnames: yes, ip: yes },
  PodOS: { name: yes },
  PodReadinessGate: { conditionType: yes },
  Affinity: { nodeAffinity: yes, podAffinity: idle(scheduler), podAntiAffinity: idle(scheduler) },
  NodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: idle(scheduler),
    requiredDuringSchedulingIgnoredDuringExecution: yes,
  },
  NodeSelector: { nodeSelectorTerms: yes },
  NodeSelectorTerm: { matchExpressions: yes, matchFields: yes },
  NodeSelectorRequirement: { key: yes, operator: yes, values: yes },
  PodSecurityContext: {
    appArmorProfile: yes,
    fsGroup: yes,
    fsGroupChangePolicy: idle(
      "it is for volumes of storage drivers; all that Berth makes are given to the group each time",
    ),
    runAsGroup: yes,
    runAsNonRoot: yes,
    runAsUser: yes,
    seLinuxChangePolicy: idle("it is for volumes of storage drivers; the runtime labels those of Berth"),
    seLinuxOptions: yes,
    seccompProfile: yes,
    supplementalGroups: yes,
    supplementalGroupsPolicy: yes,
    sysctls: yes,
    windowsOptions: onlyLinux,
  },
  Sysctl: { name: yes, value: yes },
  ResourceRequirements: { claims, limits: yes, requests: yes },
} as const satisfies {
  readonly Pod: Rows<v1.Pod>;
  readonly ObjectMeta: Rows<v1.ObjectMeta>;
  readonly LocalObjectReference: Rows<v1.LocalObjectReference>;
  readonly PodSpec: Rows<v1.PodSpec>;
  readonly PodDNSConfig: Rows<v1.PodDNSConfig>;
  readonly PodDNSConfigOption: Rows<v1.PodDNSConfigOption>;
  readonly HostAlias: Rows<v1.HostAlias>;
  readonly PodOS: Rows<v1.PodOS>;
  readonly PodReadinessGate: Rows<v1.PodReadinessGate>;
  readonly Affinity: Rows<v1.Affinity>;
  readonly NodeAffinity: Rows<v1.NodeAffinity>;
  readonly NodeSelector: Rows<v1.NodeSelector>;
  readonly NodeSelectorTerm: Rows<v1.NodeSelectorTerm>;
  readonly NodeSelectorRequirement: Rows<v1.NodeSelectorRequirement>;
  readonly PodSecurityContext: Rows<v1.PodSecurityContext>;
  readonly Sysctl: Rows<v1.Sysctl>;
  readonly ResourceRequirements: Rows<v1.ResourceRequirements>;
};
