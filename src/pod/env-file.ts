/** The variables of an env file, or the line that cannot be understood; a value is never repeated. */
export type EnvFile =
  | { readonly kind: "read"; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: "malformed"; readonly line: number };

/** A name, then `=`. */
const NAME = /^[ \t]*([!-<>-~]+)=/;
/** What may follow a closing quote. */
const REST = /^[ \t]*(?:#.*)?$/;

/**
 * Reads `NAME='value'` lines (cri-mapping 2.3): comments and blank lines are passed over, a value may span lines and is taken
 * as it is, nothing but a value in single quotes or none at all is understood, and the first assignment of a name wins.
 */
export function readEnvFile(text: string): EnvFile {
  const values = new Map<string, string>();
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (/^[ \t\r]*(?:#.*)?$/.test(line)) continue;
    const malformed: EnvFile = { kind: "malformed", line: at + 1 };
    const found = NAME.exec(line);
    if (found === null) return malformed;
    const [head, name = ""] = found;
    let value = "";
    let rest = line.slice(head.length);
    if (rest.startsWith("'")) {
      rest = rest.slice(1);
      while (!rest.includes("'")) {
        at += 1;
        const next = lines[at];
        if (next === undefined) return malformed;
        rest = `${rest}\n${next}`;
      }
      value = rest.slice(0, rest.indexOf("'"));
      rest = rest.slice(rest.indexOf("'") + 1);
      if (!REST.test(rest.replace(/\r$/, ""))) return malformed;
    } else if (rest !== "" && !/^[ \t\r]/.test(rest)) {
      return malformed;
    }
    if (!values.has(name)) values.set(name, value);
  }
  return { kind: "read", values };
}
