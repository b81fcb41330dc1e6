import type { RuntimeCapabilities } from "../ports.ts";
import type { RuntimeFacts } from "./lookup.ts";

/**
 * What the runtime can do by a handler, its own by default, from what it tells of itself; of image volumes only its version
 * tells (cri-mapping 7).
 */
export function capabilitiesOf(facts: RuntimeFacts, events: boolean, handler = ""): RuntimeCapabilities {
  const ofHandler = facts.handlers.find(({ name }) => name === handler)?.features;
  return {
    name: facts.name,
    version: facts.version,
    events,
    sharedEvents: events && !isSince(facts, EVENTS_FOR_EACH),
    ...(facts.cgroupDriver === undefined ? {} : { cgroupDriver: facts.cgroupDriver }),
    userNamespaces: ofHandler?.user_namespaces === true,
    recursiveReadOnly: ofHandler?.recursive_read_only_mounts === true,
    supplementalGroupsPolicy: facts.features?.supplemental_groups_policy === true,
    imageVolumes: isSince(facts, IMAGE_VOLUMES),
  };
}

/** Whether a part of an image can be mounted; a runtime that cannot says nothing and mounts all of it. */
export const supportsImageSubPath = (capabilities: RuntimeCapabilities): boolean =>
  isSince(capabilities, IMAGE_SUB_PATHS);

/** Whether a container can be given the signal that ends it; a runtime that cannot says nothing and goes by the image. */
export const supportsStopSignals = (capabilities: RuntimeCapabilities): boolean => isSince(capabilities, STOP_SIGNALS);

type Since = Readonly<Record<string, readonly [major: number, minor: number]>>;

/** Before, the runtime has one queue of events, and each goes to one of those who listen. */
const EVENTS_FOR_EACH: Since = { containerd: [2, 0], "cri-o": [1, 28] };
const IMAGE_VOLUMES: Since = { containerd: [2, 1], "cri-o": [1, 31] };
const IMAGE_SUB_PATHS: Since = { containerd: [2, 2], "cri-o": [1, 33] };
const STOP_SIGNALS: Since = { containerd: [2, 3] };

/** False for runtimes that nothing is known of. */
function isSince(runtime: { readonly name: string; readonly version: string }, since: Since): boolean {
  const wanted = since[runtime.name];
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(runtime.version) ?? [];
  if (wanted === undefined || major === undefined) return false;
  return Number(major) > wanted[0] || (Number(major) === wanted[0] && Number(minor) >= wanted[1]);
}
