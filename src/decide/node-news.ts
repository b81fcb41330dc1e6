import { assertNever } from "../base/assert-never.ts";
import type { Now } from "../base/clock.ts";
import { hostDnsFault } from "../pod/dns.ts";
import type { PodEvent } from "../pod/event.ts";
import type { NodeFacts } from "../pod/node.ts";

/** Something that happened to the node and is worth an event (lifecycle.md 10). */
export type NodeMoment =
  | { readonly kind: "starting" }
  | { readonly kind: "status"; readonly status: NodeStatusWord }
  | { readonly kind: "rebooted"; readonly bootId: string }
  | { readonly kind: "shutdown"; readonly goesOn: boolean }
  | {
      readonly kind: "failed";
      readonly what: "ImageGCFailed" | "FreeDiskSpaceFailed" | "InvalidDiskCapacity";
      readonly message: string;
    }
  | { readonly kind: "reclaiming"; readonly resource: string }
  /** The cgroup of all pods has its limits, or could not be given them. */
  | { readonly kind: "enforced" }
  | { readonly kind: "notEnforced"; readonly cgroup: string; readonly message: string }
  | { readonly kind: "resolverTooLong"; readonly message: string }
  | { readonly kind: "noClusterDns"; readonly message: string };

/** What became of one of the node's conditions, or of its being open to new pods. */
export type NodeStatusWord =
  | "NodeReady"
  | "NodeNotReady"
  | "NodeSchedulable"
  | "NodeNotSchedulable"
  | "NodeHasSufficientMemory"
  | "NodeHasInsufficientMemory"
  | "NodeHasNoDiskPressure"
  | "NodeHasDiskPressure"
  | "NodeHasSufficientPID"
  | "NodeHasInsufficientPID";

type Words = Pick<PodEvent, "type" | "reason" | "message">;

/** What is told of the node when its agent begins. */
export function nodeBeginning(facts: NodeFacts, resolvConf: string): readonly NodeMoment[] {
  const fault = hostDnsFault(facts.resolvConf);
  const resolver =
    fault === undefined ? [] : [{ kind: "resolverTooLong", message: `${resolvConf}: ${fault}` } as const];
  return [{ kind: "starting" }, ...resolver];
}

/** The event of one moment of the node. */
export function nodeNews(nodeName: string, moment: NodeMoment, now: Now): PodEvent {
  return { ...wordsOf(nodeName, moment), object: { kind: "Node", name: nodeName }, atWallMs: now.wallMs };
}

function wordsOf(nodeName: string, moment: NodeMoment): Words {
  switch (moment.kind) {
    case "starting":
      return { type: "Normal", reason: "Starting", message: "Starting berthd." };
    case "status":
      return { type: "Normal", reason: moment.status, message: `Node ${nodeName} status is now: ${moment.status}` };
    case "rebooted":
      return warning("Rebooted", `Node ${nodeName} has been rebooted, boot id: ${moment.bootId}`);
    case "shutdown":
      return {
        type: "Normal",
        reason: "Shutdown",
        message: `Shutdown manager detected shutdown ${moment.goesOn ? "event" : "cancellation"}`,
      };
    case "failed":
      return warning(moment.what, moment.message);
    case "reclaiming":
      return warning("EvictionThresholdMet", `Attempting to reclaim ${moment.resource}`);
    case "enforced":
      return {
        type: "Normal",
        reason: "NodeAllocatableEnforced",
        message: "Updated Node Allocatable limit across pods",
      };
    case "notEnforced":
      return warning(
        "FailedNodeAllocatableEnforcement",
        `Failed to update Node Allocatable Limits "${moment.cgroup}": ${moment.message}`,
      );
    case "resolverTooLong":
      return warning("CheckLimitsForResolvConf", moment.message);
    case "noClusterDns":
      return warning("MissingClusterDNS", moment.message);
    default:
      return assertNever(moment);
  }
}

const warning = (reason: string, message: string): Words => ({ type: "Warning", reason, message });
