import type { Ports } from "../agent/setup.ts";
import type { Log } from "../base/log.ts";
import { shutdownGroups } from "../decide/shutdown.ts";
import { openShutdownDiary } from "../files/shutdown-diary.ts";
import { logindDelay } from "../host/logind.ts";
import type { Settings } from "./config/settings.ts";

/** How pods get time to end when the host shuts down; nothing where the settings give them none. */
export async function hostShutdown(settings: Settings, rootDir: string, log: Log): Promise<Pick<Ports, "shutdown">> {
  const groups = shutdownGroups({
    totalMs: settings.shutdownGracePeriod,
    criticalMs: settings.shutdownGracePeriodCriticalPods,
    byPriority: settings.shutdownGracePeriodByPodPriority,
  });
  if (groups.length === 0) return {};
  return { shutdown: { delay: logindDelay(log), groups, diary: await openShutdownDiary(rootDir) } };
}
