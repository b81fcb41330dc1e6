/** `path: old -> new` for each field in which two values differ; entries of lists with names are told by them. */
export function fieldChanges(before: unknown, after: unknown, path = ""): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => fieldChanges(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  if (Object.is(before, after) || JSON.stringify(before) === JSON.stringify(after)) return [];
  return [`${path}: ${shown(before)} -> ${shown(after)}`];
}

function listChanges(before: readonly unknown[], after: readonly unknown[], path: string): string[] {
  const names = [...new Set([...before, ...after].map(nameIn))];
  const count = Math.max(before.length, after.length);
  if (names.includes(undefined)) {
    return Array.from({ length: count }, (_, at) => fieldChanges(before[at], after[at], `${path}[${at}]`)).flat();
  }
  const find = (list: readonly unknown[], name: string | undefined): unknown =>
    list.find((item) => nameIn(item) === name);
  return names.flatMap((name) => fieldChanges(find(before, name), find(after, name), `${path}[${name}]`));
}

function nameIn(item: unknown): string | undefined {
  return isObject(item) && typeof item.name === "string" ? item.name : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const LONGEST = 80;

function shown(value: unknown): string {
  if (value === undefined) return "(nothing)";
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
