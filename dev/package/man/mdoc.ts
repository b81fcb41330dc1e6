/** One manual page: its name, section, and what stands below the heading. */
export type ManualPage = { readonly name: string; readonly section: 1 | 5 | 8; readonly body: readonly string[] };

/** The page in mdoc(7), dated by the release. */
export function renderPage({ name, section, body }: ManualPage, madeSeconds: number): string {
  const date = new Date(madeSeconds * 1000);
  const month = date.toLocaleString("en-US", { month: "long", timeZone: "UTC" });
  const head = [`.Dd ${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`, `.Dt ${name.toUpperCase()} ${section}`];
  return `${[...head, ".Os Berth", ...body].join("\n")}\n`;
}

/** Text as it is: nothing in it is a macro or an escape. Code in backquotes is set as such. */
export function plain(words: string): string {
  return words
    .split("\n")
    .map((line) => protectStart(escapes(line).replace(/`([^`]+)`/g, "\\fB$1\\fP")))
    .join("\n");
}

/** A heading. */
export const heading = (title: string): string => `.Sh ${title}`;

/** A list of terms, each with its lines of text. */
export function terms(rows: readonly (readonly [term: string, ...words: string[]])[]): string[] {
  const items = rows.flatMap(([term, ...words]) => [`.It ${term}`, ...words]);
  return [".Bl -tag -width Ds", ...items, ".El"];
}

/** Lines as they stand, indented. */
export function display(lines: readonly string[]): string[] {
  return [".Bd -literal -offset indent", ...lines.map((line) => protectStart(escapes(line))), ".Ed"];
}

/** A flag with its argument as the term of a list. */
export function flagTerm(flag: { name: string; short?: string | undefined; argument: string }): string {
  const value = flag.argument === "" ? "" : ` Ar ${macroWord(flag.argument)}`;
  const long = `Fl \\&-${macroWord(flag.name)}${value}`;
  return flag.short === undefined ? long : `Fl ${macroWord(flag.short)} , ${long}`;
}

/** A word as the argument of a macro: blanks and quotes do not split it. */
export function macroWord(word: string): string {
  const safe = escapes(word);
  // Two or three letters alone could be the name of a macro.
  return /[\s"]/.test(safe)
    ? `"${safe.replaceAll('"', '""')}"`
    : /^[A-Z][a-z]{0,2}$|^[.,:;()[\]?!|]/.test(safe)
      ? `\\&${safe}`
      : safe;
}

const escapes = (line: string): string => line.replaceAll("\\", "\\e").replaceAll("-", "\\-");
const protectStart = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line);
