import { primaryFirst } from "./addresses.ts";
import type { DesiredContainer, DesiredPod, DocumentKey } from "./desired.ts";
import type { DocumentBody } from "./document.ts";
import { readEnvFile } from "./env-file.ts";
import { expand } from "./expansion.ts";
import { metadataField } from "./metadata-field.ts";
import { type Allocatable, resourceField } from "./resource-field.ts";
import type * as v1 from "./v1.ts";

/** All that a container's environment is made from. */
export type EnvSource = {
  readonly pod: DesiredPod;
  readonly container: DesiredContainer;
  /** The pod's own addresses; empty for the host network. */
  readonly podIps: readonly string[];
  /** The node's addresses, the primary one first. */
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  readonly allocatable: Allocatable;
  /** Bodies of the documents that the pod uses; one that is missing is not there. */
  readonly documents: ReadonlyMap<DocumentKey, DocumentBody>;
  /** Variables of services, which fill what nothing else sets. */
  readonly services?: ReadonlyMap<string, string>;
  /** Texts of the env files that fileKeyRefs name, by `volume/path`; one that is missing is not there. */
  readonly files?: ReadonlyMap<string, string>;
};

/** Variables in the order of their declaration, or why the container cannot be made (CreateContainerConfigError). */
export type ResolvedEnv =
  | { readonly kind: "resolved"; readonly variables: readonly { readonly name: string; readonly value: string }[] }
  /** Names what is missing, never a value. */
  | { readonly kind: "failed"; readonly message: string };

/** A value, nothing at all (an optional reference that leads nowhere, B14), or a reason why there is none. */
type Found = { readonly value: string } | { readonly skip: true } | { readonly failure: string };

/** A container's environment: envFrom in turn, then env in turn, where later ones win (cri-mapping 2.3). */
export function resolveEnv(source: EnvSource): ResolvedEnv {
  const variables = new Map<string, string>();
  for (const from of source.container.spec.envFrom ?? []) {
    const failure = addAll(variables, from, source);
    if (failure !== undefined) return { kind: "failed", message: failure };
  }
  for (const entry of source.container.spec.env ?? []) {
    const found = entryValue(entry, variables, source);
    if ("failure" in found) return { kind: "failed", message: found.failure };
    if ("value" in found) variables.set(entry.name, found.value);
  }
  for (const [name, value] of source.services ?? []) if (!variables.has(name)) variables.set(name, value);
  return { kind: "resolved", variables: [...variables].map(([name, value]) => ({ name, value })) };
}

/** Adds every key of one ConfigMap or Secret, sorted; answers why it cannot. */
function addAll(variables: Map<string, string>, from: v1.EnvFromSource, source: EnvSource): string | undefined {
  const reference = from.configMapRef ?? from.secretRef;
  if (reference === undefined) return undefined;
  const kind = from.configMapRef === undefined ? "Secret" : "ConfigMap";
  const name = reference.name ?? "";
  const body = source.documents.get(`${kind}/${source.pod.namespace}/${name}`);
  if (body === undefined) return reference.optional === true ? undefined : notFound(kind, name);
  for (const key of [...body.data.keys()].sort()) {
    if (!body.binaryKeys.has(key)) variables.set(`${from.prefix ?? ""}${key}`, text(body.data.get(key)));
  }
  return undefined;
}

function entryValue(entry: v1.EnvVar, earlier: ReadonlyMap<string, string>, source: EnvSource): Found {
  const from = entry.valueFrom;
  if (from === undefined || entry.value)
    return { value: expand(entry.value ?? "", (name) => earlier.get(name) ?? source.services?.get(name)) };
  if (from.fieldRef) return found(field(from.fieldRef.fieldPath, source), `field ${from.fieldRef.fieldPath}`);
  if (from.resourceFieldRef) {
    const value = resourceField(source.pod, source.container.name, from.resourceFieldRef, source.allocatable);
    return found(value, `resource ${from.resourceFieldRef.resource}`);
  }
  if (from.configMapKeyRef) return keyOf("ConfigMap", from.configMapKeyRef, source);
  if (from.secretKeyRef) return keyOf("Secret", from.secretKeyRef, source);
  if (from.fileKeyRef) return keyOfFile(from.fileKeyRef, source);
  return { failure: `the source of environment variable ${entry.name} is not supported` };
}

const found = (value: string | undefined, what: string): Found =>
  value === undefined ? { failure: `cannot resolve ${what}` } : { value };

function keyOf(kind: "ConfigMap" | "Secret", selector: v1.ConfigMapKeySelector, source: EnvSource): Found {
  const name = selector.name ?? "";
  const { namespace } = source.pod;
  const body = source.documents.get(`${kind}/${namespace}/${name}`);
  const value = body?.binaryKeys.has(selector.key) ? undefined : body?.data.get(selector.key);
  if (value !== undefined) return { value: text(value) };
  if (selector.optional === true) return { skip: true };
  if (body === undefined) return { failure: notFound(kind, name) };
  return { failure: `couldn't find key ${selector.key} in ${kind} ${namespace}/${name}` };
}

/** An empty value counts as missing (cri-mapping 2.3). */
function keyOfFile({ volumeName, path, key, optional = false }: v1.FileKeySelector, { files }: EnvSource): Found {
  const written = files?.get(`${volumeName}/${path}`);
  const what = `env file ${path} of volume ${volumeName}`;
  if (written === undefined) return optional ? { skip: true } : { failure: `${what} not found` };
  const file = readEnvFile(written);
  if (file.kind === "malformed") return { failure: `${what} cannot be understood in line ${file.line}` };
  const value = file.values.get(key);
  if (value) return { value };
  return optional ? { skip: true } : { failure: `couldn't find key ${key} in ${what}` };
}

const notFound = (kind: "ConfigMap" | "Secret", name: string): string => `${kind.toLowerCase()} "${name}" not found`;

const text = (bytes: Uint8Array | undefined): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** The value at a path of the pod (V13); undefined for a path that is not offered. */
function field(path: string, source: EnvSource): string | undefined {
  const { pod } = source;
  const podIps = pod.hostNetwork ? source.hostIps : source.podIps;
  switch (path) {
    case "spec.nodeName":
      return source.nodeName;
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
      return source.hostIps[0] ?? "";
    case "status.hostIPs":
      return source.hostIps.join(",");
    case "status.podIP":
      return primaryFirst(podIps, source.hostIps)[0] ?? "";
    case "status.podIPs":
      return primaryFirst(podIps, source.hostIps).join(",");
    default:
      return metadataField(path, pod);
  }
}
