import { readFile } from "node:fs/promises";
import { systemClock } from "../base/clock.ts";
import { asBerthError, BerthError } from "../base/errors.ts";
import { findKubelet } from "../host/kubelet.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { Runtime } from "../ports.ts";
import type { Settings } from "./config/settings.ts";
import { reservedOf } from "./node-settings.ts";

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
  const reserved = reservedOf(settings, facts);
  if (reserved.cpuMillis > facts.cpuMillis || reserved.memoryBytes > facts.memoryBytes) {
    throw new BerthError("ConfigInvalid", "systemReserved and kubeReserved together keep back more than this host has");
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

/** How long the start waits for the runtime to say whose pods it holds; agents adopt within two seconds. */
const RUNTIME_WAIT_MS = 1500;

/**
 * Refuses a runtime that holds pods of a kubelet. Throws KubeletPresent. When the runtime does not answer in time, the check
 * is made once it does, and its failure handed to `onLate`.
 */
export async function checkRuntime(
  runtime: Pick<Runtime, "capabilities" | "onReconnect" | "foreignPods">,
  signal: AbortSignal,
  onLate: (failure: BerthError) => void,
): Promise<void> {
  const { promise: connected, resolve } = Promise.withResolvers<"connected">();
  const stop = runtime.onReconnect(() => resolve("connected"));
  if (runtime.capabilities() !== undefined) resolve("connected");
  const check = connected.then(() => refuseForeign(runtime, signal)).finally(stop);
  const waited = new AbortController();
  const late = systemClock.sleep(RUNTIME_WAIT_MS, AbortSignal.any([signal, waited.signal]));
  const first = await Promise.race([check.then(() => "checked" as const), late]);
  waited.abort();
  if (first !== "checked") check.catch((error: unknown) => onLate(asBerthError(error, "looking for a kubelet's pods")));
}

async function refuseForeign(runtime: Pick<Runtime, "foreignPods">, signal: AbortSignal): Promise<void> {
  const count = await runtime.foreignPods(signal);
  if (count === 0) return;
  throw new BerthError(
    "KubeletPresent",
    `the runtime holds ${count} pods of a kubelet, and two agents would end one another's pods. End them first (crictl pods), give berthd a runtime of its own, or set allowKubelet: true`,
  );
}

/** A heading, then a line for each swap device. */
async function hasSwap(): Promise<boolean> {
  const text = await readFile("/proc/swaps", "utf8").catch(() => "");
  return text.trim().split("\n").length > 1;
}
