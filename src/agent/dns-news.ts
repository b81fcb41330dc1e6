import type { Log } from "../base/log.ts";
import { podDns } from "../pod/dns.ts";
import type { NodeSettings, ResolvConf } from "../pod/node.ts";
import type { Step } from "./step.ts";

/**
 * Tells a pod what its resolver file lacks. That there is no cluster DNS is news to a pod only where there is a cluster
 * (cri-mapping 1.3): elsewhere it is true of every pod that says nothing about DNS, and is told to the log once.
 */
export function makeDnsNews(tools: {
  readonly settings: Pick<NodeSettings, "clusterDns" | "clusterDomain" | "inCluster">;
  readonly log: Pick<Log, "info">;
  /** The host's own resolver file. */
  resolvConf(): ResolvConf;
}): (step: Pick<Step, "pod" | "notice">) => void {
  const { settings, log } = tools;
  let isLogged = false;
  return (step) => {
    for (const warning of podDns(step.pod, settings, { resolvConf: tools.resolvConf() }).warnings) {
      const isOfCluster = warning.kind === "noClusterDns";
      if (!isOfCluster || settings.inCluster) step.notice(warning);
      if (!isOfCluster || isLogged) continue;
      isLogged = true;
      log.info("pods ask for cluster DNS, but no clusterDNS is configured: they get the host's instead");
    }
  };
}
