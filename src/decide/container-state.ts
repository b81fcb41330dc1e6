import { assertNever } from "../base/assert-never.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { ObservedContainer } from "../pod/observed.ts";
import { formatTime } from "../pod/time.ts";
import type * as v1 from "../pod/v1.ts";

/** What a whole pod's termination messages may have together, in bytes (C4). */
const ALL_MESSAGES_BYTES = 12_288;
const SCHEME = "containerd://";

/** An instance as statuses name it (C6). */
export const containerUri = (id: string): string => `${SCHEME}${id}`;

/** The id in a status' name of an instance; undefined when it has none. */
export const idOfUri = (uri: string | undefined): string | undefined =>
  uri?.startsWith(SCHEME) ? uri.slice(SCHEME.length) : undefined;

/** Exit that nobody saw: code 137, as table 5.1 and C10 have it. */
export const unseenExit = (message: string): v1.ContainerState => ({
  terminated: { exitCode: 137, reason: "ContainerStatusUnknown", message },
});

/** The state that one instance is in by itself; an unknown one counts as waiting (5.1). */
export function stateOf(instance: ObservedContainer, messageBytes: number): v1.ContainerState {
  switch (instance.state) {
    case "created":
    case "unknown":
      return { waiting: {} };
    case "running":
      return { running: time("startedAt", instance.startedWallMs) };
    case "exited":
      return { terminated: terminated(instance, messageBytes) };
    default:
      return assertNever(instance.state);
  }
}

function terminated(instance: ObservedContainer, messageBytes: number): v1.ContainerStateTerminated {
  const message = cut(exitMessage(instance), messageBytes);
  return {
    exitCode: instance.exitCode ?? 0,
    ...(instance.reason ? { reason: instance.reason } : {}),
    ...(message === "" ? {} : { message }),
    ...time("startedAt", instance.startedWallMs),
    ...time("finishedAt", instance.finishedWallMs),
    containerID: containerUri(instance.id),
  };
}

/** The runtime's words, then what the container left (C4). */
function exitMessage({ message = "", terminationMessage = "" }: ObservedContainer): string {
  return [message, terminationMessage].filter((part) => part !== "").join(": ");
}

const time = <K extends string>(name: K, wallMs: number | undefined): Partial<Record<K, string>> =>
  (wallMs === undefined ? {} : { [name]: formatTime(wallMs) }) as Partial<Record<K, string>>;

/** Bytes that each container's message may have: an even share among containers of all kinds (C4). */
export function messageShareBytes({ containers }: DesiredPod): number {
  return Math.floor(ALL_MESSAGES_BYTES / Math.max(1, containers.length));
}

/** The first bytes of a text, without half a character at the end. */
function cut(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  return new TextDecoder().decode(encoded.subarray(0, bytes), { stream: true });
}
