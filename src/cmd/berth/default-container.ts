import type * as v1 from "../../pod/v1.ts";
import type { Call } from "./command.ts";

/** The container that the call names; else the annotated or first one, which is said when there are several. */
export async function chosenContainer(call: Call, pod: v1.Pod): Promise<string | undefined> {
  const named = call.value("container");
  if (named !== undefined) return named;
  const names = (pod.spec?.containers ?? []).map((container) => container.name);
  const taken = pod.metadata?.annotations?.["kubectl.kubernetes.io/default-container"] ?? names[0];
  const { initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [
    ...names,
    ...ephemeralContainers.map((container) => `${container.name} (ephem)`),
    ...initContainers.map((container) => `${container.name} (init)`),
  ];
  if (all.length > 1) await call.terminal.err.write(`Defaulted container "${taken}" out of: ${all.join(", ")}\n`);
  return taken;
}
