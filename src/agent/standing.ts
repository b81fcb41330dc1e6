import type { MonoMs } from "../base/clock.ts";
import type { Pressures } from "../pod/pressure.ts";
import type { Standing } from "../pod/standing.ts";
import type { RuntimeCapabilities } from "../ports.ts";
import type { RuntimeState } from "./runtime-health.ts";

/** How the node is, from what the agent's loops know (node.md 2.2, 2.3). */
export function standingOf(
  state: RuntimeState & {
    readonly toldMonoMs: MonoMs | undefined;
    readonly listedMonoMs: MonoMs | undefined;
    readonly shuttingDown: boolean;
    readonly pressures: Pressures | undefined;
    readonly images: Standing["images"];
  },
  capabilities: RuntimeCapabilities | undefined,
): Standing {
  const { runtimeReady, networkReady, message, toldMonoMs, listedMonoMs, shuttingDown, images } = state;
  return {
    ...(capabilities === undefined ? {} : { runtime: { name: capabilities.name, version: capabilities.version } }),
    ...(toldMonoMs === undefined ? {} : { runtimeToldMonoMs: toldMonoMs }),
    ...(listedMonoMs === undefined ? {} : { listedMonoMs }),
    runtimeReady,
    networkReady,
    ...(message === undefined ? {} : { message }),
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
