import type { ApiEvent } from "../pod/cluster.ts";
import type { CountedEvent, EventObject } from "../pod/event.ts";
import { formatTime } from "../pod/time.ts";

/** What a node's events say of who tells them; people and tools select by it (node.md 3.7). */
const COMPONENT = "kubelet";

/** Where the event lives: with its object, a node's in `default`. */
export const eventNamespace = (object: EventObject): string => (object.kind === "Pod" ? object.namespace : "default");

/** An event as an API server keeps it (node.md 3.7). */
export function apiEvent(event: CountedEvent, nodeName: string): ApiEvent {
  const { name, object, reason, message, type, count, firstWallMs, atWallMs } = event;
  return {
    metadata: { name, namespace: eventNamespace(object) },
    involvedObject: { apiVersion: "v1", ...referenceTo(object) },
    ...{ reason, message, type, count },
    firstTimestamp: formatTime(firstWallMs),
    lastTimestamp: formatTime(atWallMs),
    source: { component: COMPONENT, host: nodeName },
    reportingComponent: COMPONENT,
    reportingInstance: nodeName,
  };
}

/** What moves while an event happens again; its message does where similar ones are told as one. */
export const eventPatch = ({ count, message, atWallMs }: CountedEvent): object => ({
  count,
  message,
  lastTimestamp: formatTime(atWallMs),
});

/**
 * A static pod goes by its own UID, which is its hash: whoever describes its mirror asks for events by that. A node goes by its
 * name in place of a UID, as `kubectl describe node` looks for them.
 */
function referenceTo(object: EventObject): Omit<ApiEvent["involvedObject"], "apiVersion"> {
  return object.kind === "Node" ? { kind: "Node", name: object.name, uid: object.name } : object;
}
