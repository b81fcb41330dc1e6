import { assertNever } from "../base/assert-never.ts";
import type { PodKey } from "../pod/desired.ts";
import type { DocumentContent } from "../pod/document.ts";
import type { SeenDocument } from "../pod/source.ts";
import type * as v1 from "../pod/v1.ts";
import { configFaults, contentOf } from "./config-document.ts";
import { type Desk, decodeStruct } from "./decode.ts";
import { withDefaults } from "./defaults.ts";
import { desiredPod, documentKey } from "./desired-pod.ts";
import { type Fault, type Faults, fault, required, when } from "./fault.ts";
import { boundTo, nameOnNode, uidOf } from "./identity.ts";
import { kindOf } from "./kinds.ts";
import type { Loose } from "./loose.ts";
import { join } from "./nearest.ts";
import { withOneHandler } from "./one-handler.ts";
import { metadataFaults } from "./validate/metadata.ts";
import { specFaults } from "./validate/pod.ts";
import { entriesOf, follow, isMap, isSeq, type Node, scalarValue, type YamlDocument } from "./yaml.ts";

/** What compiling depends on besides the bytes of the file. */
export type CompileSettings = {
  readonly nodeName: string;
  readonly unknownFields: "error" | "warn";
  /** Goes into the versions of documents; empty where they are shown to nobody. */
  readonly digestKey?: string;
};

/** Where an object was written. */
export type ObjectPlace = {
  readonly path: string;
  readonly document: number;
  readonly line: number;
  readonly seenWallMs: number;
};

/** One object of a file: what it is and what is wrong with it. */
export type CompiledObject = {
  readonly document: SeenDocument;
  readonly faults: Faults;
  /** `namespace/name` as written, where it can be told. */
  readonly subject?: string;
  readonly content?: DocumentContent;
};

/** An object that is to be compiled: a document, or an item of a list. */
export type ObjectNode = { readonly node: Node | undefined; readonly path: string; readonly kind?: string };

/** A document as the objects that it holds: itself, or the items of a v1 List. A list with faults comes as one more. */
export function objectsOf(root: Node | undefined, desk: Pick<Desk, "aliases">): readonly ObjectNode[] {
  const kind = kindOf(headerOf(root, "apiVersion", desk), headerOf(root, "kind", desk), "");
  if (kind.kind !== "List") return [{ node: root, path: "" }];
  const items = fieldOf(root, "items", desk);
  const nodes = isSeq(items) ? items.items : [];
  const inside = nodes.map((item, at) => ({
    node: follow(item as Node, desk.aliases),
    path: `items[${at}]`,
    ...(kind.item === undefined ? {} : { kind: kind.item }),
  }));
  return listFaults(root, desk).length === 0 ? inside : [{ node: root, path: "" }, ...inside];
}

const LIST_FIELDS: readonly string[] = ["apiVersion", "kind", "metadata", "items"];

/** What is wrong with a list besides its items: a list that lost its items must not look like an empty one (D1). */
function listFaults(root: Node | undefined, desk: Pick<Desk, "aliases">): Faults {
  const list = follow(root, desk.aliases);
  const keys = isMap(list) ? entriesOf(list, desk.aliases).entries.map(({ key }) => key) : [];
  const unknown = keys.filter((key) => !LIST_FIELDS.includes(key));
  return [
    ...unknown.map((key) =>
      fault(key, `unknown field \`${key}\``, `a List has ${LIST_FIELDS.join(", ")}`, "FieldUnknown"),
    ),
    ...when(!isSeq(fieldOf(root, "items", desk)), () =>
      required("items", "must be a list of objects", "list the objects"),
    ),
  ];
}

/** Whether the header says that the document is a pod. */
export const isPod = ({ root, aliases }: YamlDocument): boolean =>
  kindOf(headerOf(root, "apiVersion", { aliases }), headerOf(root, "kind", { aliases }), "").kind === "Pod";

function fieldOf(node: Node | undefined, name: string, desk: Pick<Desk, "aliases">): Node | undefined {
  const target = follow(node, desk.aliases);
  if (!isMap(target)) return undefined;
  const entry = entriesOf(target, desk.aliases).entries.findLast(({ key }) => key === name);
  return follow(entry?.value, desk.aliases);
}

function headerOf(node: Node | undefined, name: string, desk: Pick<Desk, "aliases">): string | undefined {
  const value = scalarValue(fieldOf(node, name, desk));
  return value === null || value === undefined ? undefined : String(value);
}

/** Compiles one object. `deskFor` gives an empty desk for a type. */
export function compileObject(
  object: ObjectNode,
  deskFor: (rootType: string, rootPath: string) => Desk,
  place: ObjectPlace,
  settings: CompileSettings,
): CompiledObject {
  const { node, path } = object;
  const desk = deskFor("Pod", path);
  const kind = kindOf(
    headerOf(node, "apiVersion", desk) ?? (object.kind === undefined ? undefined : "v1"),
    headerOf(node, "kind", desk) ?? object.kind,
    path,
  );
  const named = namedBy(node, desk);
  if (!isMap(follow(node, desk.aliases))) {
    const found = fault(path, "the document is not a mapping of fields", "write `name: value` lines", "NotAMapping");
    return { document: { kind: "broken" }, faults: [found] };
  }
  switch (kind.kind) {
    case "Pod":
      return compilePod(node, desk, named, place, settings);
    case "ConfigMap":
    case "Secret":
      return compileConfig(node, kind.kind, deskFor(kind.kind, path), named, {
        seenWallMs: place.seenWallMs,
        digestKey: settings.digestKey ?? "",
      });
    case "List":
      return refused(path === "" ? listFaults(node, desk) : [listInside(path)], named, settings);
    case "other":
      return refused([kind.fault], named, settings);
    default:
      return assertNever(kind);
  }
}

const listInside = (path: string): Fault =>
  fault(path, "a List inside a List", "put its items into the outer one", "KindUnknown");

const refused = (faults: Faults, named: Named, settings: CompileSettings): CompiledObject => ({
  ...{ document: broken(named, settings), faults },
  ...subject(named),
});

type Named = { readonly namespace: string; readonly name: string } | undefined;

function namedBy(node: Node | undefined, desk: Desk): Named {
  const metadata = fieldOf(node, "metadata", desk);
  const name = headerOf(metadata, "name", desk);
  if (name === undefined || name === "") return undefined;
  return { namespace: headerOf(metadata, "namespace", desk) || "default", name };
}

const subject = (named: Named): { subject?: string } =>
  named === undefined ? {} : { subject: `${named.namespace}/${named.name}` };

function broken(named: Named, { nodeName }: CompileSettings): SeenDocument {
  if (named === undefined) return { kind: "broken" };
  const pod: PodKey = `${named.namespace}/${nameOnNode(named.name, nodeName)}`;
  return { kind: "broken", pod };
}

function compilePod(
  node: Node | undefined,
  desk: Desk,
  named: Named,
  place: ObjectPlace,
  settings: CompileSettings,
): CompiledObject {
  const manifest = (decodeStruct(desk, node, "Pod", desk.rootPath) ?? {}) as Loose<v1.Pod>;
  const { checked, faults } = checkPod(manifest, desk.rootPath, place.path, settings);
  const all = [...desk.faults, ...unspoiled(faults, desk.faults)];
  if (all.some(({ severity }) => severity === "error")) {
    return { document: broken(named, settings), faults: all, ...subject(named) };
  }
  const origin = { kind: "file", path: place.path, document: place.document, line: place.line } as const;
  const document: SeenDocument = {
    kind: "pod",
    pod: desiredPod(checked, origin, place.seenWallMs),
    // Validation let it pass: what the API requires is there.
    manifest: manifest as v1.Pod,
    warned: all.length > 0,
  };
  return { document, faults: all, ...subject(named) };
}

/** Defaults, identity and validation of a decoded pod (1.2, 1.3, 2). */
export function checkPod(
  manifest: Loose<v1.Pod>,
  at: string,
  file: string,
  { nodeName }: CompileSettings,
): { checked: Parameters<typeof desiredPod>[0]; faults: Faults } {
  const metadata = { ...manifest.metadata, namespace: manifest.metadata?.namespace || "default" };
  const manifestName = metadata.name ?? "";
  const one = withOneHandler(manifest.spec ?? {}, join(at, "spec"));
  const defaulted = withDefaults(one.spec);
  const uid = metadata.uid || uidOf(metadata, defaulted, nodeName, file);
  const name = nameOnNode(manifestName, nodeName);
  const spec = boundTo(defaulted, nodeName);
  const faults = [
    ...one.faults,
    ...metadataFaults(metadata, name, join(at, "metadata")),
    ...specFaults(spec, join(at, "spec")),
  ];
  const whole = { metadata: metadata as v1.ObjectMeta, spec: spec as v1.PodSpec };
  return { checked: { uid, namespace: metadata.namespace, name, manifestName, ...whole }, faults };
}

/** Rules are not held against a field that could not even be read. */
const unspoiled = (faults: Faults, spoilt: Faults): Faults =>
  faults.filter(({ path }) => !spoilt.some((earlier) => earlier.severity === "error" && covers(earlier.path, path)));

const covers = (above: string, path: string): boolean =>
  path === above || (path.startsWith(above) && /^[.[]/.test(path.slice(above.length)));

function compileConfig(
  node: Node | undefined,
  kind: "ConfigMap" | "Secret",
  desk: Desk,
  named: Named,
  of: Parameters<typeof contentOf>[3],
): CompiledObject {
  const decoded = (decodeStruct(desk, node, kind, desk.rootPath) ?? {}) as Loose<v1.ConfigMap & v1.Secret>;
  const all = [...desk.faults, ...unspoiled(configFaults(decoded, kind, desk.rootPath), desk.faults)];
  if (named === undefined || all.some(({ severity }) => severity === "error")) {
    return { document: { kind: "broken" }, faults: all, ...subject(named) };
  }
  const key = documentKey(kind, named.namespace, named.name);
  const content = contentOf(key, kind, decoded, of);
  const { version, immutable } = content;
  return {
    document: { kind: "config", key, version, warned: all.length > 0, ...(immutable ? { immutable } : {}) },
    faults: all,
    ...subject(named),
    content,
  };
}
