import type { Picture } from "../pod/plan.ts";
import { handlerOfVersion, runtimeClassKey } from "../pod/runtime-class.ts";
import { unheard } from "./env-documents.ts";

/** What the runtime is told of the pod's runtime class, or why that cannot be said. */
export type HandlerNeed =
  | { readonly kind: "known" /** Empty: the runtime's own. */; readonly handler: string }
  | { readonly kind: "lacking"; readonly message: string };

/** The handler that a sandbox of the pod is made with (cri-mapping 1.1). */
export function handlerNeed({ desired, around }: Picture): HandlerNeed {
  const name = desired.spec.runtimeClassName;
  if (!name) return { kind: "known", handler: "" };
  const version = around.documents.get(runtimeClassKey(name));
  const handler = handlerOfVersion(version);
  if (handler !== undefined) return { kind: "known", handler };
  const message = version === "unheard" ? unheard("RuntimeClass") : `runtimeclass.node.k8s.io "${name}" not found`;
  return { kind: "lacking", message };
}
