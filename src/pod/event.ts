import type { WallMs } from "../base/clock.ts";

/** One moment worth telling a person, in the shape of a v1 Event (lifecycle.md section 10). */
export type PodEvent = {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly object: EventObject;
  readonly atWallMs: WallMs;
};

export type EventObject =
  | {
      readonly kind: "Pod";
      readonly namespace: string;
      readonly name: string;
      readonly uid: string;
      /** `spec.containers{c}` or `spec.initContainers{c}` for events of a container. */
      readonly fieldPath?: string;
    }
  | { readonly kind: "Node"; readonly name: string };

/** An event that may have happened more than once; `atWallMs` is the last time. */
export type CountedEvent = PodEvent & {
  /** Stays the same while only count and last time move: the name of the API object. */
  readonly name: string;
  readonly count: number;
  readonly firstWallMs: WallMs;
};
