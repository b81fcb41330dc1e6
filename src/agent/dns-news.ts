import type { Log } from "../base/log.ts";
import { podDns } from "../pod/dns.ts";
import type { NodeFacts, NodeSettings } from "../pod/node.ts";
import type { Step } from "./step.ts";

/** Tells a pod what its resolver file lacks, and the log once that there is no cluster DNS to be had. */
export function makeDnsNews(tools: {
  readonly settings: NodeSettings;
  readonly facts: NodeFacts;
  readonly log: Log;
}): (step: Step) => void {
  const { settings, facts, log } = tools;
  let isLogged = false;
  return (step) => {
    for (const warning of podDns(step.pod, settings, facts).warnings) {
      step.notice(warning);
      if (warning.kind !== "noClusterDns" || isLogged) continue;
      isLogged = true;
      log.info("pods ask for cluster DNS, but no clusterDNS is configured: they get the host's instead");
    }
  };
}
