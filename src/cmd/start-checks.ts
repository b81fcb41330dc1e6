import { readFile } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import { findKubelet } from "../host/kubelet.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { Settings } from "./config/settings.ts";

/** What must be so before anything is begun. Throws ConfigInvalid or KubeletPresent with what to do. */
export async function checkHost(settings: Settings, facts: NodeFacts, signal: AbortSignal): Promise<void> {
  if (settings.failCgroupV1 && facts.cgroupVersion === 1) {
    throw new BerthError("ConfigInvalid", "this host has cgroup v1, and failCgroupV1 is set");
  }
  if (settings.failSwapOn && (await hasSwap())) {
    throw new BerthError(
      "ConfigInvalid",
      "this host has swap on, and failSwapOn is set: swapoff -a, or failSwapOn: false",
    );
  }
  if (settings.allowKubelet) return;
  const kubelet = await findKubelet(settings.containerRuntimeEndpoint, signal);
  if (kubelet === undefined) return;
  const who = `${kubelet.program} (process ${kubelet.pid})`;
  throw new BerthError(
    "KubeletPresent",
    `${who} manages ${kubelet.endpoint} already; two agents would end one another's pods. Stop it, or give berthd a runtime of its own`,
  );
}

/** A heading, then a line for each swap device. */
async function hasSwap(): Promise<boolean> {
  const text = await readFile("/proc/swaps", "utf8").catch(() => "");
  return text.trim().split("\n").length > 1;
}
