/**
 * Whether two pieces of plain data say the same: values, arrays and objects of such, where a field that is undefined counts as
 * absent. Much cheaper than comparing their JSON, most of all where they share parts.
 */
export function sameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) return sameLists(one, other);
  return sameFields(one as Fields, other as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function sameLists(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) {
    if (!sameData(one[at], other[at])) return false;
  }
  return true;
}

function sameFields(one: Fields, other: Fields): boolean {
  let more = 0;
  for (const key in one) {
    if (one[key] === undefined) continue;
    more += 1;
    if (!sameData(one[key], other[key])) return false;
  }
  for (const key in other) {
    if (other[key] !== undefined) more -= 1;
  }
  return more === 0;
}
