import type { DesiredContainer, DocumentKey } from "../pod/desired.ts";
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
    if (one === undefined || one.optional) return false;
    const key: DocumentKey = `${one.kind}/${desired.namespace}/${one.name}`;
    return around.documents.get(key) === "missing";
  });
  return missing === undefined ? undefined : notFound(missing.kind, missing.name);
}

/** How the absence of a document is told. */
export const notFound = (kind: "ConfigMap" | "Secret", name: string): string =>
  `${kind.toLowerCase()} "${name}" not found`;

type Use = { readonly kind: "ConfigMap" | "Secret"; readonly name: string; readonly optional: boolean };

function use(kind: Use["kind"], ref: { name?: string; optional?: boolean } | undefined): Use | undefined {
  return ref?.name === undefined ? undefined : { kind, name: ref.name, optional: ref.optional ?? false };
}
