import type { Fault } from "./fault.ts";

/** A complaint of the YAML parser. */
export type Complaint = { readonly code: string; readonly pos: readonly [number, number] };

/** What each complaint means to a person: what is wrong, what to do. */
const MEANINGS: Readonly<Record<string, readonly [message: string, advice: string]>> = {
  BLOCK_AS_IMPLICIT_KEY: [
    "a new field or list begins in the middle of another",
    "begin it on a line of its own and check the indentation of this line and the one above",
  ],
  MULTILINE_IMPLICIT_KEY: ["a field's name goes over several lines", "write `name: value` on one line"],
  MISSING_CHAR: [
    "a colon, quote or bracket is missing",
    "close what was opened, and write `name: value` with a blank behind the colon",
  ],
  BAD_INDENT: ["the indentation fits nothing above", "indent the line like its siblings, with blanks"],
  TAB_AS_INDENT: ["a tab is used as indentation", "indent with blanks: YAML allows no tabs there"],
  UNEXPECTED_TOKEN: ["this cannot stand here", "check quotes, brackets and the indentation of this line"],
  BAD_ALIAS: ["the alias names no anchor", "define it with `&name` above, or put the word into quotes"],
  ALIAS_PROPS: ["an alias cannot have an anchor or a tag", "remove it"],
  BAD_DQ_ESCAPE: [
    "a backslash in double quotes is followed by something that is no escape",
    "write two backslashes, or use single quotes",
  ],
  BAD_SCALAR_START: ["a word cannot begin with this character", "put the word into quotes"],
  BLOCK_IN_FLOW: ["a block of text cannot stand inside brackets", "use quotes, or write the list line by line"],
  KEY_OVER_1024_CHARS: ["a field's name is too long", "check for a missing line break or quote"],
  MULTIPLE_ANCHORS: ["a value has more than one anchor", "keep one"],
  MULTIPLE_TAGS: ["a value has more than one tag", "keep one"],
  BAD_DIRECTIVE: ["a line that begins with % is no directive", "remove it, or indent it where it is part of a text"],
  RESOURCE_EXHAUSTION: ["the document is nested too deeply", "write it flatter"],
};
const UNCLEAR: readonly [string, string] = ["this is not YAML", "check quotes, brackets and indentation"];

/** Faults of syntax in one manifest: the parser stumbles on over what it misread. @limit The rest is not told. */
const MOST_FAULTS = 5;

/** The parser's complaints as faults, first ones first, one for each line. */
export function syntaxFaults(text: string, errors: readonly Complaint[]): readonly Fault[] {
  if (errors.length === 0) return [];
  const lost = lostLineBreaks(text, errors);
  if (lost !== undefined) return [lost];
  const sorted = [...errors].sort((left, right) => left.pos[0] - right.pos[0]);
  const faults: Fault[] = [];
  let lastEnd = -1;
  for (const { code, pos } of sorted) {
    const offset = pos[0];
    if (offset <= lastEnd || faults.length === MOST_FAULTS) continue;
    const end = text.indexOf("\n", offset);
    lastEnd = end < 0 ? text.length : end;
    const [message, advice] = MEANINGS[code] ?? UNCLEAR;
    const where = { severity: "error", path: "", offset } as const;
    faults.push({ code: "YamlInvalid", ...where, message, advice: adviceFor(text, offset, advice) });
  }
  return faults;
}

const LONGEST_LINE = 32_768;

/** A whole manifest on one line: its line breaks were lost when it was copied. */
function lostLineBreaks(text: string, errors: readonly Complaint[]): Fault | undefined {
  if (text.length > LONGEST_LINE) return undefined;
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const colons = lines[0]?.split(": ").length ?? 0;
  if (lines.length !== 1 || colons < 3 || /^\s*[[{]/.test(text)) return undefined;
  return {
    code: "NotAMapping",
    severity: "error",
    path: "",
    offset: errors[0]?.pos[0] ?? 0,
    message: "the document is not a mapping of fields: everything stands on one line",
    advice: "its line breaks were lost: copy it again, with one field on each line",
  };
}

/** What a copy from a page or a word processor leaves behind is named, since nobody can see it. */
function adviceFor(text: string, offset: number, advice: string): string {
  const begin = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(begin, end < 0 ? undefined : end);
  const odd = /[\u00a0\u2000-\u200b\u3000\ufeff]/.exec(line);
  if (!odd) return advice;
  const code = (odd[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `replace the invisible character U+${code} (column ${odd.index + 1}) by a blank`;
}
