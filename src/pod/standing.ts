import type { MonoMs } from "../base/clock.ts";
import type { NodeImage, NodeRuntimeHandler } from "./cluster.ts";
import type { Pressures } from "./pressure.ts";

/** How the node is at one moment, as its Node object tells it (node.md 2.2, 2.3). */
export type Standing = {
  /** As it tells of itself; absent until it has. */
  readonly runtime?: { readonly name: string; readonly version: string };
  /** When the runtime last told its status; absent: never. */
  readonly runtimeToldMonoMs?: MonoMs;
  /** By what it told then: whether it answers now does not count here (node.md 2.3). */
  readonly runtimeReady: boolean;
  readonly networkReady: boolean;
  /** Why not, in the runtime's words. */
  readonly message?: string;
  /** When all of the runtime's pods were last listed; absent: never. */
  readonly listedMonoMs?: MonoMs;
  readonly pressure: Pressures;
  readonly shuttingDown: boolean;
  /** Largest first. */
  readonly images: readonly NodeImage[];
  readonly handlers: readonly NodeRuntimeHandler[];
  readonly supplementalGroupsPolicy: boolean;
};
