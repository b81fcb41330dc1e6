import { withCanonicalAmounts } from "./canonical-amounts.ts";
import { isJson, type Json } from "./merge.ts";
import { Refusal } from "./refusal.ts";

/** An object that the server keeps. */
export type Kept = Json & { readonly metadata: Meta };
export type Meta = Json & {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** A change as watches tell it; `before` decides whether a selection has lost the object. */
export type Happening = {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: string;
  readonly object: Kept;
  readonly before?: Kept;
};

/** The objects of a server with their versions, and what happened to them. */
export type Shelf = {
  get(resource: string, namespace: string | undefined, name: string): Kept;
  all(resource: string): readonly Kept[];
  /** Throws AlreadyExists. */
  add(resource: string, object: Json): Kept;
  /** Keeps the object in place of the one of its name; a text equal to what is kept changes no version. */
  put(resource: string, object: Kept): Kept;
  drop(resource: string, object: Kept): Kept;
  version(): number;
  /** What happened after a version. Throws Expired when that is forgotten. */
  since(version: number): readonly Happening[];
  /** Forgets what happened before now. */
  compact(): void;
  /** Called at each change, until the returned function is. */
  onChange(listener: () => void): () => void;
  /** Waits until the objects are so: looked at again at each change. */
  until(so: () => boolean): Promise<void>;
};

/** An empty shelf. */
export function makeShelf(): Shelf {
  const objects = new Map<string, Kept>();
  const listeners = new Set<() => void>();
  let happenings: Happening[] = [];
  let version = 100;
  let forgotten = version;
  let uids = 0;

  const keyOf = (resource: string, namespace: string | undefined, name: string): string =>
    `${resource} ${namespace ?? ""}/${name}`;
  const asKept = <T extends Json>(resource: string, object: T): T =>
    resource === "nodes" ? withCanonicalAmounts(object) : object;
  const keep = (type: Happening["type"], resource: string, object: Kept, before?: Kept): Kept => {
    version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    const kept = asKept(resource, { ...object, metadata });
    const key = keyOf(resource, kept.metadata.namespace, kept.metadata.name);
    if (type === "DELETED") objects.delete(key);
    else objects.set(key, kept);
    happenings.push({ version, type, resource, object: kept, ...(before === undefined ? {} : { before }) });
    for (const listener of [...listeners]) listener();
    return kept;
  };
  const get: Shelf["get"] = (resource, namespace, name) => {
    const found = objects.get(keyOf(resource, namespace, name));
    if (found === undefined) throw new Refusal(404, "NotFound", `${resource} "${name}" not found`);
    return found;
  };

  const onChange = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  return {
    get,
    all: (resource) => [...objects].filter(([key]) => key.startsWith(`${resource} `)).map(([, object]) => object),
    add(resource, object) {
      const given = isJson(object.metadata) ? object.metadata : {};
      uids += 1;
      const name = String(given.name ?? `${String(given.generateName ?? "")}${uids}`);
      const namespace = given.namespace === undefined ? {} : { namespace: String(given.namespace) };
      if (objects.has(keyOf(resource, namespace.namespace, name)))
        throw new Refusal(409, "AlreadyExists", `${resource} "${name}" already exists`);
      const uid = `00000000-0000-4000-8000-${String(uids).padStart(12, "0")}`;
      const made = { creationTimestamp: new Date().toISOString(), resourceVersion: "", generation: 1 };
      return keep("ADDED", resource, { ...object, metadata: { ...given, ...namespace, name, uid, ...made } });
    },
    put(resource, object) {
      const before = get(resource, object.metadata.namespace, object.metadata.name);
      const metadata = { ...object.metadata, resourceVersion: before.metadata.resourceVersion };
      const same = asKept(resource, { ...object, metadata });
      if (JSON.stringify(same) === JSON.stringify(before)) return before;
      return keep("MODIFIED", resource, object, before);
    },
    drop: (resource, object) => keep("DELETED", resource, object, object),
    version: () => version,
    since(from) {
      if (from < forgotten) throw new Refusal(410, "Expired", `too old resource version: ${from} (${version})`);
      return happenings.filter((one) => one.version > from);
    },
    compact() {
      forgotten = version;
      happenings = [];
    },
    onChange,
    until: (so) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!so()) return;
          unsubscribe();
          resolve();
        };
        const unsubscribe = onChange(check);
        check();
      }),
  };
}
