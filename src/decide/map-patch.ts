/**
 * The part of a strategic merge patch that makes the one map the other; `{}` when they are equal. A server merges maps by their
 * keys: what is gone has to be taken away by name.
 */
export function mapPatch<T>(
  name: string,
  before: Readonly<Record<string, T>> = {},
  now: Readonly<Record<string, T>> = {},
  isEqual: (one: T | undefined, other: T) => boolean = Object.is,
): object {
  const changed = Object.entries(now).filter(([key, value]) => !isEqual(before[key], value));
  const lost = Object.keys(before).filter((key) => !(key in now));
  if (changed.length + lost.length === 0) return {};
  return { [name]: { ...Object.fromEntries(changed), ...Object.fromEntries(lost.map((key) => [key, null])) } };
}
