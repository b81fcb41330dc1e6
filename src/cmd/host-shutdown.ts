import type { Ports } from "../agent/setup.ts";
import type { Log } from "../base/log.ts";
import { shutdownGroups } from "../decide/shutdown.ts";
import { logindDelay } from "../host/logind.ts";
import type { Settings } from "./config/settings.ts";

/** How pods get time to end when the host shuts down; nothing where the settings give them none. */
export function hostShutdown(settings: Settings, log: Log): Pick<Ports, "shutdown"> {
  const groups = shutdownGroups({
    totalMs: settings.shutdownGracePeriod,
    criticalMs: settings.shutdownGracePeriodCriticalPods,
    byPriority: settings.shutdownGracePeriodByPodPriority,
  });
  return groups.length === 0 ? {} : { shutdown: { delay: logindDelay(log), groups } };
}
