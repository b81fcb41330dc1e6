import { type Fault, fault } from "./fault.ts";
import { join, nearestName } from "./nearest.ts";

/** What a document says that it is. */
export type Kind =
  | { readonly kind: "Pod" }
  | { readonly kind: "ConfigMap" }
  | { readonly kind: "Secret" }
  /** A list; `item` is the kind of its items when they do not say it themselves. */
  | { readonly kind: "List"; readonly item?: string }
  | { readonly kind: "other"; readonly fault: Fault };

const OWN_KINDS = ["Pod", "ConfigMap", "Secret"] as const;
const LISTS: ReadonlyMap<string, string | undefined> = new Map([
  ["List", undefined],
  ["PodList", "Pod"],
  ["ConfigMapList", "ConfigMap"],
  ["SecretList", "Secret"],
]);

/** Where workloads keep the template of their pods. */
const TEMPLATES: ReadonlyMap<string, string> = new Map([
  ["Deployment", "spec.template"],
  ["DaemonSet", "spec.template"],
  ["StatefulSet", "spec.template"],
  ["ReplicaSet", "spec.template"],
  ["ReplicationController", "spec.template"],
  ["Job", "spec.template"],
  ["CronJob", "spec.jobTemplate.spec.template"],
  ["PodTemplate", "template"],
]);

/** The kind of a document by its two header fields; `path` is that of the document, empty at the top. */
export function kindOf(apiVersion: string | undefined, kind: string | undefined, path: string): Kind {
  const template = TEMPLATES.get(kind ?? "");
  if (template !== undefined) return { kind: "other", fault: templateFault(kind ?? "", join(path, template)) };
  if (kind === undefined || kind === "")
    return other(path, missingKind(apiVersion), "write apiVersion: v1 and kind: Pod");
  const own = OWN_KINDS.find((one) => one === kind);
  const list = LISTS.has(kind);
  if (own === undefined && !list) return unknownKind(kind, path);
  if (apiVersion !== "v1") {
    const said = apiVersion === undefined || apiVersion === "" ? "no apiVersion" : `apiVersion ${apiVersion}`;
    return other(
      join(path, "apiVersion"),
      `${kind} is of apiVersion v1, the document has ${said}`,
      "write apiVersion: v1",
    );
  }
  if (own !== undefined) return { kind: own };
  const item = LISTS.get(kind);
  return { kind: "List", ...(item === undefined ? {} : { item }) };
}

const missingKind = (apiVersion: string | undefined): string =>
  apiVersion === undefined ? "the document has neither apiVersion nor kind" : "the document has no kind";

const other = (path: string, message: string, advice: string): Kind => ({
  kind: "other",
  fault: fault(path, message, advice, "KindUnknown"),
});

function unknownKind(kind: string, path: string): Kind {
  const near = nearestName(kind, [...OWN_KINDS, "List"]);
  const shown = kind.slice(0, 64);
  const message = `kind ${shown} is not one that Berth runs`;
  if (near !== undefined) return other(join(path, "kind"), message, `did you mean ${near}?`);
  const advice = "remove the document: Berth takes Pod, ConfigMap and Secret";
  return other(join(path, "kind"), message, advice);
}

const templateFault = (kind: string, path: string): Fault =>
  fault(
    path,
    `a ${kind} is run by a control plane, which Berth has not; its pod template is at \`${path}\``,
    `make a document of the template: apiVersion: v1, kind: Pod, a metadata.name, and what stands under \`${path}.spec\` as spec`,
    "KindHasTemplate",
  );
