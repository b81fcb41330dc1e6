import type { MonoMs } from "../base/clock.ts";
import type { Pressures } from "../pod/pressure.ts";
import type { Standing } from "../pod/standing.ts";
import type { RuntimeCapabilities } from "../ports.ts";
import type { RuntimeTold } from "./runtime-health.ts";

/** How the node is, from what the agent's loops know (node.md 2.2, 2.3). */
export function standingOf(
  state: {
    /** As the runtime told last, however long ago: how long that counts is decided with the conditions. */
    readonly told: RuntimeTold | undefined;
    readonly listedMonoMs: MonoMs | undefined;
    readonly shuttingDown: boolean;
    readonly pressures: Pressures | undefined;
    readonly images: Standing["images"];
  },
  capabilities: RuntimeCapabilities | undefined,
): Standing {
  const { told, listedMonoMs, shuttingDown, images } = state;
  return {
    ...(capabilities === undefined ? {} : { runtime: { name: capabilities.name, version: capabilities.version } }),
    ...(told === undefined ? {} : { runtimeToldMonoMs: told.monoMs }),
    ...(listedMonoMs === undefined ? {} : { listedMonoMs }),
    runtimeReady: told?.runtimeReady ?? false,
    networkReady: told?.networkReady ?? false,
    ...(told?.message === undefined ? {} : { message: told.message }),
    pressure: state.pressures ?? { memory: false, disk: false, pid: false },
    shuttingDown,
    images,
    handlers: capabilities === undefined ? [] : [defaultHandler(capabilities)],
    supplementalGroupsPolicy: capabilities?.supplementalGroupsPolicy ?? false,
  };
}

function defaultHandler({ recursiveReadOnly, userNamespaces }: RuntimeCapabilities): Standing["handlers"][number] {
  return { name: "", features: { recursiveReadOnlyMounts: recursiveReadOnly, userNamespaces } };
}
