import { uptime } from "node:os";
import type { Agent } from "../agent/agent.ts";
import { joinCluster, type Membership } from "../agent/membership/membership.ts";
import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { NodeIdentity } from "../decide/cluster-node.ts";
import { readMachineFacts } from "../host/machine.ts";
import { openCluster } from "../kube/connect.ts";
import type { Meter } from "../pod/metrics.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { Reviews } from "../ports.ts";
import type { Settings } from "./config/settings.ts";
import { reservedOf } from "./node-settings.ts";
import { asksServing, pkiOf } from "./pki.ts";

/** The version of Kubernetes whose node this is: what the control plane decides by. */
const KUBERNETES_VERSION = "v1.36.2";
/** What a rate of 0 means to a kubelet (node.md 8.2). */
const LIBRARY_RATE = { perSecond: 5, burst: 10 };
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Makes the host a node of the cluster that the kubeconfig names. This file and all that it imports are loaded only with a
 * kubeconfig. Throws ConfigInvalid for an unusable one.
 */
export async function join(
  settings: Settings,
  facts: NodeFacts,
  agent: Agent,
  version: string,
  onPodRange: (range: string) => void,
  means: { readonly clock: Clock; readonly chance: Chance; readonly log: Log; readonly meter: Meter },
): Promise<Membership & { readonly reviews: Reviews }> {
  const lookMs = settings.nodeStatusUpdateFrequency;
  const doors = await openCluster({
    kubeconfig: settings.kubeconfig,
    ...identityOf(settings),
    ...(asksServing(settings) ? { servingDirectory: pkiOf(settings) } : {}),
    environment: process.env,
    version,
    log: means.log,
    meter: means.meter,
    timeoutMs: REQUEST_TIMEOUT_MS,
    rate: {
      perSecond: settings.kubeAPIQPS || LIBRARY_RATE.perSecond,
      burst: settings.kubeAPIBurst || LIBRARY_RATE.burst,
    },
    heartbeatTimeoutMs: Math.min(lookMs, settings.nodeLeaseDurationSeconds * 1000),
  });
  const { monoMs } = means.clock.now();
  const membership = joinCluster(
    doors,
    agent,
    {
      identity: {
        facts,
        machine: await readMachineFacts(settings.rootDir),
        maxPods: settings.maxPods,
        reserved: reservedOf(settings, facts),
        kubeletVersion: `${KUBERNETES_VERSION}+berth.${version}`,
        port: settings.port,
        taints: settings.registerWithTaints,
        providerId: settings.providerID,
        ...cloudOf(settings),
        maxImages: settings.nodeStatusMaxImages,
        declaredFeatures: [...FEATURES, ...(takesWebSockets(settings) ? [WEB_SOCKETS] : [])],
      },
      pace: { lookMs, reportMs: settings.nodeStatusReportFrequency },
      register: settings.registerNode,
      leaseSeconds: settings.nodeLeaseDurationSeconds,
      eventRate: { perSecond: settings.eventRecordQPS, burst: settings.eventBurst },
      onPodRange,
      began: { hostMonoMs: monoMs - uptime() * 1000, agentMonoMs: monoMs - process.uptime() * 1000 },
    },
    means,
  );
  return {
    ...membership,
    reviews: doors.reviews,
    async stop() {
      doors.close(); // first, so that no loop waits for an answer
      await membership.stop();
      doors.close();
    },
  };
}

/** What a pod may ask of this node that not every node can do (node.md 2.2). */
const FEATURES = [
  "InPlacePodLevelResourcesVerticalScaling",
  "InPlacePodVerticalScalingInitContainers",
  "RestartAllContainersOnContainerExits",
];
/** Tells the API server to hand WebSockets on as they are (node.md 6.4). */
const WEB_SOCKETS = "ExtendWebSocketsToKubelet";
const takesWebSockets = ({ enableServer, enableDebuggingHandlers }: Settings): boolean =>
  enableServer && enableDebuggingHandlers;

/** A wildcard among the node's addresses says only which family is preferred. */
function cloudOf({ cloudProvider, nodeIP }: Settings): Pick<NodeIdentity, "cloud"> {
  if (cloudProvider === "") return {};
  return { cloud: { givenIps: nodeIP.filter((given) => given !== "0.0.0.0" && given !== "::") } };
}

/** A node that got its certificate by itself also renews it; nobody else would. */
function identityOf(settings: Settings): { identity?: { bootstrapKubeconfig: string; certDirectory: string } } {
  const { bootstrapKubeconfig, rotateCertificates } = settings;
  if (bootstrapKubeconfig === "" && !rotateCertificates) return {};
  return { identity: { bootstrapKubeconfig, certDirectory: pkiOf(settings) } };
}
