/** One entry of a description: a field with its value, or a heading with entries below. */
export type Line = { readonly text: string } | { readonly name: string; readonly values: readonly string[] } | Nested;
type Nested = { readonly heading: string; readonly below: readonly Line[] };

/** `Name:  value`; what is empty shows as `<none>`. */
export function field(name: string, value: string | undefined): Line {
  return { name, values: [value === undefined || value === "" ? "<none>" : value] };
}

/** A field with a value on each line. */
export function list(name: string, values: readonly string[]): Line {
  return values.length === 0 ? field(name, undefined) : { name, values };
}

/** A heading with entries below it. */
export function nested(heading: string, below: readonly Line[]): Line {
  return below.length === 0 ? { text: `${heading}  <none>` } : { heading, below };
}

/** What containers wrote must not steer the terminal. */
const plainText = (text: string): string =>
  text
    .replace(/\t/g, "  ")
    .replace(/\p{Cc}+/gu, " ")
    .trimEnd();

const INDENT = 2;

/** The entries as text, the values of neighbours below one another. */
export function printLines(lines: readonly Line[], indent = 0): string {
  const width = Math.max(0, ...lines.map((line) => ("name" in line ? line.name.length + 1 : 0))) + 2;
  const left = " ".repeat(indent);
  return lines
    .map((line) => {
      if ("text" in line) return `${left}${line.text}\n`;
      if ("heading" in line) return `${left}${line.heading}\n${printLines(line.below, indent + INDENT)}`;
      const [first = "", ...more] = line.values.flatMap((value) => value.trimEnd().split("\n").map(plainText));
      const head = `${left}${`${line.name}:`.padEnd(width)}${first}`.trimEnd();
      return `${[head, ...more.map((value) => `${left}${" ".repeat(width)}${value}`.trimEnd())].join("\n")}\n`;
    })
    .join("");
}
