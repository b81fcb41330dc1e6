import { usageFailure } from "./terminal.ts";

/** Values that a path finds, in order; none where nothing is there. */
export type JsonPath = (root: unknown) => readonly unknown[];

/** What one step finds, from all values that the step before it has found. */
type Step = (values: readonly unknown[]) => readonly unknown[];

/** One kind of step: how it is written, and what it makes of the text in its first group. */
type StepKind = readonly [pattern: RegExp, read: (inside: string) => Step];

const ofEach =
  (path: JsonPath): Step =>
  (values) =>
    values.flatMap(path);

const STEP_KINDS: readonly StepKind[] = [
  [/\.\.(?=[^.])/y, () => ofEach(deep)],
  [/\.?\*/y, () => ofEach(children)],
  [/\.?\[\?\((.*?)\)\]/y, (condition) => ofEach(select(readCondition(condition)))],
  [/\.?\[((?:"[^"]*"|'[^']*'|[^\]"'])+)\]/y, readUnion],
  [/\.?((?:\\.|[^.[\]\\\s])+)/y, (name) => ofEach((value) => member(value, unescaped(name)))],
];

/**
 * Reads a path such as `.status.phase`, in the language of kubectl's `-o jsonpath`; its documentation knows names, `\.` in
 * them, `['a']`, `[0]`, `[-1]`, `[0:4:2]`, `[a,b]`, `*`, `..` and `[?(@.a=="b")]`. A step that leads nowhere finds nothing,
 * an index beyond either end as well. Throws a usage failure.
 */
export function readJsonPath(written: string): JsonPath {
  const text = written.trim().replace(/^[$@]/, "");
  const steps: Step[] = [];
  for (let at = 0; at < text.length && text !== "."; ) {
    const found = readStep(text, at);
    if (found === undefined) throw jsonPathFailure(written, `${text.slice(at)} is no step of a path`);
    steps.push(found.step);
    at = found.end;
  }
  return (root) => steps.reduce<readonly unknown[]>((values, step) => step(values), [root]);
}

/** What is wrong with a path or a template, which is shown. */
export const jsonPathFailure = (written: string, why: string): Error =>
  usageFailure(`${JSON.stringify(written)}: ${why}`);

function readStep(text: string, at: number): { readonly step: Step; readonly end: number } | undefined {
  for (const [pattern, read] of STEP_KINDS) {
    pattern.lastIndex = at;
    const [whole, inside = ""] = pattern.exec(text) ?? [];
    if (whole !== undefined) return { step: read(inside), end: at + whole.length };
  }
  return undefined;
}

/** `0,2` or `'name','uid'`: what the first of them finds in all values, then the next. */
function readUnion(inside: string): Step {
  const subscripts = (inside.match(/"[^"]*"|'[^']*'|[^,]+/g) ?? [])
    .filter((one) => one.trim() !== "")
    .map(readSubscript);
  return (values) => subscripts.flatMap((subscript) => values.flatMap(subscript));
}

function readSubscript(written: string): JsonPath {
  const text = written.trim();
  const name = /^(["'])(.+)\1$/.exec(text)?.[2];
  if (text === "*") return children;
  if (name !== undefined) return named(name);
  if (/^-?\d+$/.test(text)) return (value) => (Array.isArray(value) ? elements(value, Number(text), Number(text)) : []);
  const [whole, from = "0", to, step = "1"] = /^(-?\d+)?:(-?\d+)?(?::(\d+))?$/.exec(text) ?? [];
  if (whole === undefined || Number(step) === 0)
    throw jsonPathFailure(`[${written}]`, "no index, slice or name in quotes");
  return (value) => {
    if (!Array.isArray(value)) return [];
    const last = to === undefined ? value.length - 1 : fromFront(value, Number(to)) - 1;
    return elements(value, Number(from), last).filter((_, index) => index % Number(step) === 0);
  };
}

const fromFront = (list: readonly unknown[], index: number): number => (index < 0 ? index + list.length : index);

/** The elements from one index to another, both included; nothing when the first lies before the beginning. */
function elements(list: readonly unknown[], first: number, last: number): readonly unknown[] {
  const start = fromFront(list, first);
  return start < 0 ? [] : list.slice(start, fromFront(list, last) + 1);
}

/** A name in brackets may be a path of its own (`['metadata.name']`), and a key with dots in it where there is one. */
function named(name: string): JsonPath {
  const names = (name.match(/(?:\\.|[^.\\])+/g) ?? []).map(unescaped);
  return (value) => {
    const whole = member(value, name);
    if (whole.length > 0) return whole;
    return names.reduce<readonly unknown[]>((values, one) => values.flatMap((each) => member(each, one)), [value]);
  };
}

const select =
  (condition: (value: unknown) => boolean): JsonPath =>
  (value) =>
    children(value).filter(condition);

/** `@.type=="Ready"`, or a path that only has to find something. What a comparison does not find is not selected. */
function readCondition(written: string): (value: unknown) => boolean {
  const [, left = "", operator = "", right = ""] = /^(.+?)\s*(?:([=!]=|[<>]=?)\s*(.+))?$/.exec(written.trim()) ?? [];
  const holds = COMPARISONS[operator];
  const [one, other] = [readOperand(left), readOperand(right)];
  if (holds === undefined) return (value) => one(value).length > 0;
  return (value) => one(value).some((a) => other(value).some((b) => holds(order(a, b))));
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** A path, a text in quotes, or a number or truth value as it is written. */
function readOperand(written: string): JsonPath {
  if (/^[@$.]/.test(written)) return readJsonPath(written);
  const text = unquoted(written);
  return () => [text];
}

/** Numbers as numbers, all else as it is printed: negative, 0 or positive. */
function order(a: unknown, b: unknown): number {
  if (typeof a === "number" || typeof b === "number") {
    const distance = Number(a) - Number(b);
    if (!Number.isNaN(distance)) return distance;
  }
  const [one, other] = [jsonText(a), jsonText(b)];
  return one === other ? 0 : one < other ? -1 : 1;
}

const children: JsonPath = (value) => (typeof value === "object" && value !== null ? Object.values(value) : []);
const deep: JsonPath = (value) => [value, ...children(value).flatMap(deep)];

function member(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return [];
  const held = (value as Readonly<Record<string, unknown>>)[name];
  return held === undefined ? [] : [held];
}

/** A value as kubectl prints it: a text as it is, all else as JSON. */
export const jsonText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const unescaped = (name: string): string => name.replace(/\\(.)/g, "$1");

/** A text between quotes, with what stands for a line's end or a tab in it; what has no quotes is itself. */
export function unquoted(written: string): string {
  const inside = /^(["'])(.*)\1$/s.exec(written)?.[2];
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  if (inside === undefined) return written;
  return inside.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
