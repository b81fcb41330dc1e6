import { type Aliases, entriesOf, follow, isMap, isSeq, type Node } from "./yaml.ts";

/**
 * Where a path stands in the text: the offset of the field's name or the list's item. A path that is not written there,
 * such as a missing field, gives the place of the nearest mapping above it.
 */
export function offsetOfPath(root: Node, path: string, aliases: Aliases): number {
  let node: Node | undefined = root;
  let offset = root.range?.[0] ?? 0;
  for (const step of stepsOf(path)) {
    const next: { node: Node | undefined; offset: number } | undefined = descend(node, step, aliases);
    if (next === undefined) return offset;
    node = next.node;
    offset = next.offset;
  }
  return offset;
}

/** `spec.containers[0].name` as spec, containers, 0, name. Keys of maps may hold dots: `metadata.labels[a.b/c]`. */
const stepsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, key, name]) => key ?? name ?? "");

function descend(
  node: Node | undefined,
  step: string,
  aliases: Aliases,
): { node: Node | undefined; offset: number } | undefined {
  const target = follow(node, aliases);
  if (isMap(target)) {
    const entry = entriesOf(target, aliases).entries.findLast(({ key }) => key === step);
    return entry && { node: entry.value, offset: entry.keyNode.range?.[0] ?? 0 };
  }
  if (!isSeq(target)) return undefined;
  const item = target.items[Number(step)] as Node | undefined;
  return item && { node: item, offset: item.range?.[0] ?? 0 };
}
