/**
 * One pass of `$(NAME)` expansion, as commands, arguments, environment values and subPathExpr have it (cri-mapping 2.2).
 * `$$` stands for one `$`; a name that `lookUp` does not know stays as written; the result is never looked at again.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  if (!text.includes("$")) return text;
  let out = "";
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const { value, next } = expandAt(text, dollar, lookUp);
    out += value;
    at = next;
  }
  return out;
}

/** What stands at a `$`, and where reading goes on. */
function expandAt(
  text: string,
  dollar: number,
  lookUp: (name: string) => string | undefined,
): { value: string; next: number } {
  const following = text[dollar + 1];
  if (following === "$") return { value: "$", next: dollar + 2 };
  const close = following === "(" ? text.indexOf(")", dollar + 2) : -1;
  if (close < 0) return { value: "$", next: dollar + 1 };
  const value = lookUp(text.slice(dollar + 2, close)) ?? text.slice(dollar, close + 1);
  return { value, next: close + 1 };
}
