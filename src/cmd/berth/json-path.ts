import { assertNever } from "../../base/assert-never.ts";
import { usageFailure } from "./terminal.ts";

/** Values that a path finds, in order; none where nothing is there. */
export type JsonPath = (root: unknown) => readonly unknown[];
/** What a template makes of a value. */
export type JsonTemplate = (root: unknown) => string;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly path: JsonPath }
  | { readonly kind: "range"; readonly path: JsonPath; readonly body: readonly Part[] };

/**
 * kubectl's templates: text, `{.a.b[0]['c']}`, `[*]`, `..`, `[?(@.type=="Ready")]`, `{range ...}...{end}` and `{"\n"}`. What
 * has no braces is a path. Throws a usage failure.
 */
export function readJsonTemplate(written: string): JsonTemplate {
  const pieces = written.includes("{") ? split(written) : [`{${written}}`];
  const { parts, rest } = readParts(pieces);
  if (rest.length > 0) throw complaint(written, "{end} ends nothing");
  return (root) => render(parts, root);
}

/** Texts, and what stands between braces together with them. */
function split(written: string): string[] {
  const pieces = written.match(/\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^}"'])*\}|[^{]+/g) ?? [];
  if (pieces.join("") !== written) throw complaint(written, "a brace is open");
  return pieces;
}

/** The parts up to an `{end}`, which begins the rest. */
function readParts(pieces: readonly string[]): { parts: Part[]; rest: readonly string[] } {
  const parts: Part[] = [];
  for (let rest = pieces; ; ) {
    const [piece, ...more] = rest;
    if (piece === undefined || /^\{\s*end\s*\}$/.test(piece)) return { parts, rest };
    rest = more;
    const inside = /^\{(.*)\}$/s.exec(piece)?.[1]?.trim();
    const range = /^range\s+(.+)$/s.exec(inside ?? "")?.[1];
    if (inside === undefined) parts.push({ kind: "text", text: piece });
    else if (/^["']/.test(inside)) parts.push({ kind: "text", text: unquoted(inside) });
    else if (range === undefined) parts.push({ kind: "path", path: readJsonPath(inside) });
    else {
      const body = readParts(rest);
      if (body.rest.length === 0) throw complaint(piece, "there is no {end} for it");
      rest = body.rest.slice(1);
      parts.push({ kind: "range", path: readJsonPath(range), body: body.parts });
    }
  }
}

function render(parts: readonly Part[], root: unknown): string {
  return parts.map((part) => renderPart(part, root)).join("");
}

function renderPart(part: Part, root: unknown): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "path":
      return part.path(root).map(textOf).join(" ");
    case "range":
      return part
        .path(root)
        .map((item) => render(part.body, item))
        .join("");
    default:
      return assertNever(part);
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const STEPS: readonly (readonly [RegExp, (found: readonly string[]) => JsonPath])[] = [
  [/\.\.(?=[^.[])/y, () => (value) => deep(value)],
  [/\.?\*|\.?\[\*\]/y, () => children],
  [
    /\.?\[(['"])(.*?)\1\]/y,
    ([, , name = ""]) =>
      (value) =>
        member(value, name),
  ],
  [
    /\.?\[(-?\d+)\]/y,
    ([, index]) =>
      (value) =>
        Array.isArray(value) ? value.slice(Number(index)).slice(0, 1) : [],
  ],
  [
    /\.?\[(-?\d*):(-?\d*)\]/y,
    ([, from = "", to = ""]) =>
      (value) =>
        Array.isArray(value) ? value.slice(Number(from), to === "" ? undefined : Number(to)) : [],
  ],
  [
    /\.?\[\?\((.*?)\)\]/y,
    ([, condition = ""]) =>
      (value) =>
        children(value).filter(readCondition(condition)),
  ],
  [
    /\.?((?:\\.|[^.[\]\\\s])+)/y,
    ([, name = ""]) =>
      (value) =>
        member(value, name.replace(/\\(.)/g, "$1")),
  ],
];

/** Reads a path such as `.status.phase`. Throws a usage failure. */
export function readJsonPath(written: string): JsonPath {
  const text = written.trim().replace(/^[$@]/, "");
  const steps: JsonPath[] = [];
  for (let at = 0; at < text.length && text !== "."; ) {
    const step = STEPS.flatMap(([pattern, make]) => {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      return found === null ? [] : [{ found, make }];
    })[0];
    if (step === undefined) throw complaint(written, `${text.slice(at)} is no step of a path`);
    steps.push(step.make(step.found));
    at += step.found[0].length;
  }
  return (root) => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [root]);
}

/** `@.type=="Ready"`, or what only has to be there. */
function readCondition(written: string): (value: unknown) => boolean {
  const [, left = "", operator, right = ""] = /^(.+?)\s*(?:(==|!=)\s*(.+))?$/.exec(written.trim()) ?? [];
  const path = readJsonPath(left);
  const wanted = unquoted(right.trim());
  return (value) => {
    const found = path(value).map(textOf);
    if (operator === undefined) return found.length > 0;
    return found.includes(wanted) === (operator === "==");
  };
}

const children = (value: unknown): readonly unknown[] =>
  typeof value === "object" && value !== null ? Object.values(value) : [];
const deep = (value: unknown): readonly unknown[] => [value, ...children(value).flatMap(deep)];

function member(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return [];
  const held = (value as Readonly<Record<string, unknown>>)[name];
  return held === undefined ? [] : [held];
}

/** A text between quotes, with what stands for a line's end or a tab in it. */
function unquoted(written: string): string {
  const inside = /^(["'])(.*)\1$/s.exec(written)?.[2];
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return inside === undefined ? written : inside.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

const complaint = (written: string, why: string): Error => usageFailure(`${JSON.stringify(written)}: ${why}`);
