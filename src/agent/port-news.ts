import type { Runtime } from "../ports.ts";
import type { Step } from "./step.ts";

/** Tells a pod that asks for ports of the host when the network leads none of them to it. */
export async function tellPorts(runtime: Pick<Runtime, "listWithoutPortMap">, step: Step): Promise<void> {
  const { pod } = step;
  const ports = pod.containers.flatMap(({ role, spec }) => (role === "app" ? (spec.ports ?? []) : []));
  const wanted = ports.flatMap(({ hostPort = 0 }) => (hostPort > 0 ? [hostPort] : []));
  if (pod.hostNetwork || wanted.length === 0) return;
  try {
    const list = await runtime.listWithoutPortMap?.(step.givenUp);
    if (list !== undefined) step.notice({ kind: "portsUnmapped", list, ports: wanted.join(", ") });
  } catch {
    // It was only a question beside the way; a runtime that does not answer is told of elsewhere.
  }
}
