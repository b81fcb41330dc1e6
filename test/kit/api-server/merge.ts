/** JSON as it comes over the wire. */
export type Json = Readonly<Record<string, unknown>>;

/** What tells the items of a list apart; any other list is replaced as a whole. */
const KEYS: Readonly<Record<string, string>> = {
  conditions: "type",
  addresses: "type",
  ownerReferences: "uid",
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  volumes: "name",
  env: "name",
};

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A strategic merge patch: null deletes, `$patch` replaces or deletes, lists with a key merge item by item. */
export function merged(base: Json, patch: Json): Json {
  if (patch.$patch === "replace") return without(patch, "$patch");
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith("$")) continue;
    if (value === null) delete result[name];
    else if (Array.isArray(value)) result[name] = mergedList(name, base[name], value);
    else if (isJson(value)) result[name] = merged(isJson(base[name]) ? base[name] : {}, value);
    else result[name] = value;
  }
  return result;
}

function mergedList(name: string, base: unknown, patch: readonly unknown[]): readonly unknown[] {
  const key = KEYS[name];
  const plain = patch.filter((item) => !isJson(item) || item.$patch !== "replace");
  if (key === undefined || plain.length < patch.length) return plain;
  const items = new Map((Array.isArray(base) ? base : []).map((item: Json) => [item[key], item]));
  for (const item of patch.filter(isJson)) {
    if (item.$patch === "delete") items.delete(item[key]);
    else items.set(item[key], merged(items.get(item[key]) ?? {}, item));
  }
  return [...items.values()];
}

const without = (object: Json, name: string): Json =>
  Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
