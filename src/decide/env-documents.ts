import type { DesiredContainer, DesiredPod, DocumentKey } from "../pod/desired.ts";
import type { Picture } from "../pod/plan.ts";

/** The first ConfigMap or Secret that the container's environment needs and that does not exist, in the words of 4.3. */
export function missingDocument({ desired, around }: Picture, { spec }: DesiredContainer): string | undefined {
  const named = [
    ...(spec.env ?? []).flatMap(({ valueFrom }) => [
      use("ConfigMap", valueFrom?.configMapKeyRef),
      use("Secret", valueFrom?.secretKeyRef),
    ]),
    ...(spec.envFrom ?? []).flatMap((from) => [use("ConfigMap", from.configMapRef), use("Secret", from.secretRef)]),
  ];
  const missing = named.find((one) => {
    if (one === undefined) return false;
    const version = around.documents.get(keyOf(desired, one));
    return version === "unheard" || (version === "missing" && !one.optional);
  });
  if (missing === undefined) return undefined;
  const isUnheard = around.documents.get(keyOf(desired, missing)) === "unheard";
  return isUnheard ? unheard(missing.kind) : notFound(missing.kind, missing.name);
}

/** How the absence of a document is told. */
export const notFound = (kind: "ConfigMap" | "Secret", name: string): string =>
  `${kind.toLowerCase()} "${name}" not found`;

/** How it is told that the API server has not been heard on a document (node.md 3.8). */
export const unheard = (kind: string): string =>
  kind === "Token"
    ? "failed to fetch token: the API server has given none yet"
    : `failed to sync ${kind.toLowerCase()} cache: timed out waiting for the condition`;

/** How it is told that a document has to be waited for, whether or not it is optional; undefined where it need not (node.md 3.8, 3.9). */
export function awaited(key: DocumentKey, version: string): string | undefined {
  if (version === "expired")
    return "failed to fetch token: the last one has expired, and the API server gives no other";
  return version === "unheard" ? unheard(key.split("/")[0] ?? "") : undefined;
}

const keyOf = ({ namespace }: DesiredPod, { kind, name }: Use): DocumentKey => `${kind}/${namespace}/${name}`;

type Use = { readonly kind: "ConfigMap" | "Secret"; readonly name: string; readonly optional: boolean };

function use(kind: Use["kind"], ref: { name?: string; optional?: boolean } | undefined): Use | undefined {
  return ref?.name === undefined ? undefined : { kind, name: ref.name, optional: ref.optional ?? false };
}
