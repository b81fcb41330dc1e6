import type { MonoMs } from "../base/clock.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { Allocation } from "./allocation.ts";
import type { Sighting } from "./observed.ts";

/** One thing that at most one action works on at a time. */
export type Subject =
  | "pod"
  | "sandbox"
  | `container/${string}`
  | `hook/${string}`
  | `image/${string}`
  | `volume/${string}`
  | `message/${string}`;

/**
 * Why a container is stopped: the words of the Killing event come from it (decide/news.ts). The event precedes preStop, whose
 * action does not carry the cause: `memory.instances[id].stop.cause` does.
 */
export const CAUSES = [
  "podEnding",
  "livenessFailed",
  "startupFailed",
  "definitionChanged",
  "sandboxChanged",
  "postStartFailed",
  "unknownState",
  "restartRequested",
  "restartAll",
  "podFailed",
  "resize",
] as const;
export type Cause = (typeof CAUSES)[number];

/** One step, ready to be taken: carrying it out leaves nothing to choose. */
export type Action = { readonly subject: Subject } & (
  | { readonly kind: "look" }
  /** `bounds`: what the pod's cgroup is made for, where that may change. */
  | { readonly kind: "make-home"; readonly bounds?: Allocation }
  | { readonly kind: "clear-home"; readonly keep: "logs" | "nothing" }
  | { readonly kind: "set-volume"; readonly volume: string; readonly version: string }
  | { readonly kind: "find-image"; readonly ref: string }
  | { readonly kind: "pull-image"; readonly ref: string }
  /** Without a handler it is the runtime's own. */
  | { readonly kind: "run-sandbox"; readonly attempt: number; readonly handler?: string }
  | { readonly kind: "stop-sandbox"; readonly id: string }
  | { readonly kind: "remove-sandbox"; readonly id: string }
  | {
      readonly kind: "create-container";
      readonly name: string;
      readonly sandbox: string;
      readonly attempt: number;
      readonly imageId: string;
      readonly backOffMs: number;
      /** The instance whose processes it sees. */
      readonly target?: string;
    }
  | { readonly kind: "start-container"; readonly id: string; readonly name: string }
  /** `given`: the resources that it has then (pod/allocation.ts). */
  | {
      readonly kind: "update-container";
      readonly id: string;
      readonly name: string;
      readonly given: string;
      readonly lowersMemory: boolean;
    }
  /** The pod's cgroup is brought to other bounds; the sandbox is told of them when the pod is as it is to be. */
  | {
      readonly kind: "limit-pod";
      readonly bounds: Allocation;
      readonly lowersMemory: boolean;
      readonly sandbox?: string;
    }
  /** With keepLog only the runtime's record goes: the next instance counts on from the log files (S24, S28). */
  | { readonly kind: "remove-container"; readonly id: string; readonly name: string; readonly keepLog: boolean }
  | {
      readonly kind: "run-hook";
      readonly hook: "postStart" | "preStop";
      readonly id: string;
      readonly name: string;
      readonly until?: MonoMs;
    }
  | {
      readonly kind: "stop-container";
      readonly id: string;
      readonly name: string;
      readonly graceSeconds: number;
      readonly cause: Cause;
    }
  | { readonly kind: "read-message"; readonly id: string; readonly name: string }
);
export type ActionKind = Action["kind"];
export type ActionOf<K extends ActionKind> = Extract<Action, { kind: K }>;

/** What came of an action. */
export type Outcome =
  | { readonly kind: "done"; readonly seen?: Seen }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "failed"; readonly failure: Failure };

export type Failure = {
  readonly code: ErrorCode;
  /** For people; never holds a secret value. */
  readonly message: string;
  readonly effect: "none" | "unknown";
  /** The runtime's name for it in statuses, where it is not the usual one of the step (4.3). */
  readonly reason?: string;
};

/** What the answer of a successful action proved. */
export type Seen =
  | { readonly kind: "objects"; readonly sighting: Sighting }
  | { readonly kind: "image"; readonly image: SeenImage | "missing" }
  | { readonly kind: "volume"; readonly version: string }
  | { readonly kind: "hook"; readonly failure?: string }
  | { readonly kind: "message"; readonly text: string };

/** What is known of an image in the runtime. */
export type SeenImage = {
  readonly id: string;
  /** Numeric user of the image, if it has one; `username` if it is a name. */
  readonly uid?: number;
  readonly username?: string;
  /** Bytes. */
  readonly size?: number;
};
