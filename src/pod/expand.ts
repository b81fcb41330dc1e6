/** What came of an expansion; `unknown` are the names that no variable has, which stay in the text as written. */
export type Expansion = { readonly text: string; readonly unknown: readonly string[] };

/**
 * Replaces `$(NAME)` by values, in one pass from left to right whose result is not looked at again (cri-mapping 2.2).
 * `$$` is one `$`; every other `$` stands for itself.
 */
export function expand(text: string, find: (name: string) => string | undefined): Expansion {
  const unknown: string[] = [];
  const expanded = text.replace(/\$\$|\$\(([^)]*)\)/g, (written: string, name: string | undefined) => {
    if (name === undefined) return "$";
    const value = find(name);
    if (value === undefined) unknown.push(name);
    return value ?? written;
  });
  return { text: expanded, unknown };
}
