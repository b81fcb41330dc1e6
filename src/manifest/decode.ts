import { type Fault, fault } from "./fault.ts";
import { adviceForUnknown, join } from "./nearest.ts";
import { typographicQuote } from "./quotes.ts";
import { complaintAbout, nounOfType } from "./scalar-types.ts";
import { type FieldShape, fieldsOf } from "./shapes.ts";
import { refusalOf } from "./supported.ts";
import {
  type Aliases,
  type Entry,
  entriesOf,
  follow,
  isMap,
  isScalar,
  isSeq,
  type Node,
  scalarValue,
  type YAMLMap,
} from "./yaml.ts";

/** Thrown when reading a document would take more steps than any honest one needs: aliases of aliases of aliases. */
export class TooComplex extends Error {}

/** What reading one object needs, and what it finds. */
export type Desk = {
  readonly aliases: Aliases;
  readonly lineOf: (offset: number) => number;
  /** How unknown fields are taken (D4). */
  readonly unknownFields: "error" | "warn";
  readonly rootType: string;
  readonly rootPath: string;
  readonly faults: Fault[];
  /** Values that may still be read of the file. */
  readonly budget: { left: number };
};

/** Values in one manifest; the largest honest pods have some thousands. @limit The file is a problem. */
export const MOST_VALUES = 500_000;

/** The plain value of a node of this type; undefined when it is null or does not fit. Faults go to the desk. */
export function decodeStruct(desk: Desk, node: Node | undefined, type: string, path: string): unknown {
  const target = follow(node, desk.aliases);
  if (!isMap(target)) {
    if (scalarValue(target) !== null) desk.faults.push(wrongKind(path, target, "a mapping of fields"));
    return undefined;
  }
  const shape = fieldsOf(type);
  const values: [string, unknown][] = [];
  const { known, unknown } = sortOut(desk, target, path, (key) => shape?.has(key) === true);
  const siblings = [...known, ...unknown.map(([entry]) => entry)].map(({ key }) => key);
  for (const [entry, before] of unknown) noteUnknown(desk, entry, before, { type, path, siblings });
  for (const entry of known) {
    const field = shape?.get(entry.key);
    if (field === undefined || !isSupported(desk, entry, type, path)) continue;
    const value = decodeField(desk, entry.value, field, join(path, entry.key));
    if (value !== undefined) values.push([entry.key, value]);
  }
  return Object.fromEntries(values);
}

type Sorted = {
  readonly known: readonly Entry[];
  /** With the entry right before each. */
  readonly unknown: readonly (readonly [Entry, Entry | undefined])[];
};

/** Entries by whether their names are known. Doubles and names that are no texts are faults. */
function sortOut(desk: Desk, map: YAMLMap, path: string, isKnown: (key: string) => boolean): Sorted {
  const { entries, badKeys } = entriesOf(map, desk.aliases);
  for (const key of badKeys) {
    const message = "the name of this field is not a word";
    desk.faults.push({ ...fault(path, message, "write `name: value`"), ...offsetOf(key) });
  }
  const known = new Map<string, Entry>();
  const unknown: (readonly [Entry, Entry | undefined])[] = [];
  for (const [at, entry] of entries.entries()) {
    spend(desk);
    if (isScalar(entry.keyNode) && entry.keyNode.type === "PLAIN") noteQuote(desk, entry.keyNode, entry.key, path);
    const earlier = known.get(entry.key);
    if (earlier !== undefined) desk.faults.push(duplicateField(desk, entry, earlier, path));
    if (isKnown(entry.key)) known.set(entry.key, entry);
    else unknown.push([entry, entries[at - 1]]);
  }
  return { known: [...known.values()], unknown };
}

function duplicateField(desk: Desk, entry: Entry, earlier: Entry, path: string): Fault {
  const line = desk.lineOf(earlier.keyNode.range?.[0] ?? 0);
  return {
    ...fault(join(path, entry.key), "the field is written twice", `keep this one or the one on line ${line}`),
    code: "FieldDuplicate",
    ...offsetOf(entry.keyNode),
  };
}

type Place = { readonly type: string; readonly path: string; readonly siblings: readonly string[] };

function noteUnknown(desk: Desk, entry: Entry, before: Entry | undefined, place: Place): void {
  const path = join(place.path, entry.key);
  const advice = desk.faults.length < MOST_ADVICE ? adviceFor(desk, entry, before, place) : "remove it";
  const severity = desk.unknownFields === "warn" ? "warning" : "error";
  const found = { code: "FieldUnknown", severity, path, message: `unknown field \`${path}\``, advice } as const;
  desk.faults.push({ ...found, ...offsetOf(entry.keyNode) });
}

/** Finding the nearest path takes time: beyond so many faults the document is no manifest anyway. */
const MOST_ADVICE = 50;

function adviceFor(desk: Desk, { key }: Entry, before: Entry | undefined, place: Place): string {
  const { rootType, rootPath } = desk;
  const emptyBefore = before && emptyHolder(desk, before, key, place.type, place.path);
  return adviceForUnknown({
    ...{ ...place, field: key, rootType, rootPath },
    ...(emptyBefore === undefined ? {} : { emptyBefore }),
  });
}

/** The field before, or the last one inside it, when it is empty and has room for the unknown one: its indentation was lost. */
function emptyHolder(
  desk: Desk,
  before: Entry,
  field: string,
  type: string,
  path: string,
): { path: string; line: number } | undefined {
  const shape = fieldsOf(type)?.get(before.key);
  if (shape === undefined || shape.form === "list") return undefined;
  const value = follow(before.value, desk.aliases);
  const at = join(path, before.key);
  if (scalarValue(value) === null) {
    const fits = shape.form === "map" || fieldsOf(shape.base)?.has(field) === true;
    return fits ? { path: at, line: desk.lineOf(before.keyNode.range?.[0] ?? 0) } : undefined;
  }
  const last = isMap(value) && shape.form === "one" ? entriesOf(value, desk.aliases).entries.at(-1) : undefined;
  return last && emptyHolder(desk, last, field, shape.base, at);
}

/** Known fields that Berth refuses are faults (D4, F16), unless they are null or an empty list. */
function isSupported(desk: Desk, entry: Entry, type: string, path: string): boolean {
  const refusal = refusalOf(type, entry.key);
  const value = follow(entry.value, desk.aliases);
  const asksForNothing = scalarValue(value) === null || (isSeq(value) && value.items.length === 0);
  if (refusal === undefined || asksForNothing) return true;
  const code = refusal.cause === "reference" ? "ReferenceForbidden" : "FieldUnsupported";
  const found = fault(join(path, entry.key), refusal.message, refusal.advice, code);
  desk.faults.push({ ...found, ...offsetOf(entry.keyNode) });
  return false;
}

function decodeField(desk: Desk, node: Node | undefined, { base, form }: FieldShape, path: string): unknown {
  spend(desk);
  if (form === "one") return decodeOne(desk, node, base, path);
  const target = follow(node, desk.aliases);
  if (scalarValue(target) === null) return undefined;
  return form === "list" ? decodeList(desk, target, base, path) : decodeMap(desk, target, base, path);
}

function decodeList(desk: Desk, target: Node | undefined, base: string, path: string): unknown {
  if (!isSeq(target)) {
    desk.faults.push(wrongKind(path, target, "a list"));
    return undefined;
  }
  return target.items.map((item, at) => {
    spend(desk);
    return decodeOne(desk, item as Node, base, `${path}[${at}]`) ?? zeroOf(base);
  });
}

function decodeMap(desk: Desk, target: Node | undefined, base: string, path: string): unknown {
  if (!isMap(target)) {
    desk.faults.push(wrongKind(path, target, "a mapping of names to values"));
    return undefined;
  }
  return Object.fromEntries(
    sortOut(desk, target, path, () => true).known.map(({ key, value }) => [
      key,
      decodeOne(desk, value, base, `${path}[${key}]`) ?? zeroOf(base),
    ]),
  );
}

/** What null means in a list or map, as in Go. */
function zeroOf(base: string): unknown {
  if (fieldsOf(base)) return {};
  return base === "int32" || base === "int64" ? 0 : base === "boolean" ? false : base === "Quantity" ? "0" : "";
}

function decodeOne(desk: Desk, node: Node | undefined, base: string, path: string): unknown {
  if (fieldsOf(base)) return decodeStruct(desk, node, base, path);
  const target = follow(node, desk.aliases);
  // Field sets of server-side apply are of no use to anyone here, whatever they look like.
  if (base === "FieldsV1") return undefined;
  const value = scalarValue(target);
  if (value === null) return undefined;
  if (value === undefined) {
    desk.faults.push(wrongKind(path, target, nounOfType(base)));
    return undefined;
  }
  if (isScalar(target) && target.type === "PLAIN" && typeof value === "string") noteQuote(desk, target, value, path);
  const complaint = complaintAbout(value, base);
  if (complaint === undefined) return value;
  desk.faults.push({ ...fault(path, ...complaint), ...(target ? offsetOf(target) : {}) });
  return undefined;
}

function wrongKind(path: string, node: Node | undefined, wanted: string): Fault {
  const found = isMap(node) ? "a mapping" : isSeq(node) ? "a list" : node === undefined ? "nothing" : "a single word";
  const advice = wanted === "a list" ? "write it line by line, `- ` before each item" : `write ${wanted}`;
  return {
    ...fault(path, `Invalid value: must be ${wanted}, not ${found}`, advice),
    ...(node ? offsetOf(node) : {}),
  };
}

function noteQuote(desk: Desk, node: Node, word: string, path: string): void {
  const quote = typographicQuote(word);
  if (quote === undefined) return;
  const { at, message, advice } = quote;
  const offset = (node.range?.[0] ?? 0) + at;
  desk.faults.push({ code: "QuoteSuspicious", severity: "warning", path, message, advice, offset });
}

const offsetOf = (node: Node): { offset?: number } => (node.range ? { offset: node.range[0] } : {});

function spend(desk: Desk): void {
  desk.budget.left -= 1;
  if (desk.budget.left < 0) throw new TooComplex("the document unfolds into too many values");
}
