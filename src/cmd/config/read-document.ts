import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import { nearest } from "../nearest.ts";
import type { Finding, Place } from "./finding.ts";
import { isPlainObject } from "./kinds.ts";
import { DOCUMENTS, type DocumentKind, type SettingKey } from "./settings.ts";

/** One value that a file, flag or variable sets; null takes back what an earlier one set. */
export type Assignment = {
  readonly key: SettingKey;
  readonly value: unknown;
  readonly place: Place;
};

/** What one file says. */
export type ReadFile = { readonly assignments: readonly Assignment[]; readonly findings: readonly Finding[] };

type Reader = {
  readonly path: string;
  readonly kind: DocumentKind;
  readonly document: Document;
  readonly placeOf: (node: unknown) => Place;
  readonly assignments: Assignment[];
  readonly findings: Finding[];
};

/** Reads the text of one configuration file: every document, every finding, each with line and column. */
export function readConfigFile(path: string, content: string): ReadFile {
  const lines = new LineCounter();
  const assignments: Assignment[] = [];
  const findings: Finding[] = [];
  const placeAt = (offset: number | undefined): Place => {
    if (offset === undefined) return { kind: "file", path };
    const { line, col } = lines.linePos(offset);
    return { kind: "file", path, line, column: col };
  };
  const placeOf = (node: unknown): Place => placeAt(hasRange(node) ? node.range[0] : undefined);
  const seen = new Map<string, Place>();

  for (const document of parseAllDocuments(content, { lineCounter: lines, prettyErrors: false })) {
    for (const fault of [...document.errors, ...document.warnings]) {
      findings.push({ severity: "error", place: placeAt(fault.pos[0]), message: wordsOf(fault.message) });
    }
    if (document.errors.length > 0 || document.contents === null) continue;
    if (isScalar(document.contents) && document.contents.value === null) continue;
    if (!isMap(document.contents)) {
      findings.push({ severity: "error", place: placeOf(document.contents), message: "not a mapping of fields" });
      continue;
    }
    const kind = documentKind(document.contents, placeOf, findings);
    if (kind === undefined) continue;
    const earlier = seen.get(kind);
    if (earlier !== undefined) {
      findings.push({ severity: "error", place: placeOf(document.contents), message: `a second ${kind} in one file` });
      continue;
    }
    seen.set(kind, placeOf(document.contents));
    walk({ path, kind, document, placeOf, assignments, findings }, document.contents, "");
  }
  return { assignments, findings };
}

/** The parser goes as deep as the stack lets it. */
const wordsOf = (fault: string): string => (fault.includes("call stack") ? "it is nested too deeply" : fault);

function documentKind(root: YAMLMap, placeOf: (node: unknown) => Place, findings: Finding[]): DocumentKind | undefined {
  const kind = root.get("kind");
  const version = root.get("apiVersion");
  const known = (Object.keys(DOCUMENTS) as DocumentKind[]).find((name) => name === kind);
  if (known === undefined) {
    const message = `kind is ${JSON.stringify(kind ?? "")}, expected ${Object.keys(DOCUMENTS).join(" or ")}`;
    findings.push({ severity: "error", place: placeOf(root.get("kind", true) ?? root), message });
    return undefined;
  }
  if (version !== DOCUMENTS[known].apiVersion) {
    const message = `apiVersion of a ${known} is ${DOCUMENTS[known].apiVersion}, not ${JSON.stringify(version ?? "")}`;
    findings.push({ severity: "error", place: placeOf(root.get("apiVersion", true) ?? root), message });
    return undefined;
  }
  return known;
}

/** Follows the fields of one mapping down to those that the table knows. */
function walk(reader: Reader, mapping: YAMLMap, above: string): void {
  for (const pair of mapping.items) {
    if (!isPair(pair)) continue;
    const name = isScalar(pair.key) ? String(pair.key.value) : "";
    if (above === "" && (name === "kind" || name === "apiVersion")) continue;
    readField(reader, pair, above === "" ? name : `${above}.${name}`);
  }
}

function readField(reader: Reader, pair: Pair, field: string): void {
  const { rows, meaningless } = DOCUMENTS[reader.kind];
  const place = reader.placeOf(pair.key);
  const node = isAlias(pair.value) ? pair.value.resolve(reader.document) : pair.value;
  const report = (severity: Finding["severity"], message: string): void => {
    reader.findings.push({ severity, place, message });
  };
  if (node === undefined && isAlias(pair.value)) {
    report("error", `there is no anchor ${pair.value.source}`);
    return;
  }
  const below = [...Object.keys(rows), ...Object.keys(meaningless)].filter((known) => known.startsWith(`${field}.`));

  if (Object.hasOwn(rows, field)) {
    readSetting(reader, field as SettingKey, node, place);
  } else if (Object.hasOwn(meaningless, field)) {
    report("warning", `${field} has no effect in Berth: ${meaningless[field]}`);
  } else if (below.length === 0) {
    report("error", unknownField(reader.kind, field));
  } else if (isNull(node)) {
    for (const key of below) reader.assignments.push({ key: key as SettingKey, value: null, place });
  } else if (isMap(node)) {
    walk(reader, node, field);
  } else {
    report("error", `${field} must be a mapping of fields`);
  }
}

function readSetting(reader: Reader, key: SettingKey, node: unknown, place: Place): void {
  const row = DOCUMENTS[reader.kind].rows[key];
  if (row === undefined) return;
  if (isNull(node)) {
    reader.assignments.push({ key, value: null, place });
    return;
  }
  const decoded = plain(reader, node);
  if (!decoded.ok) {
    reader.findings.push({ severity: "error", place, message: `${key} cannot be read: ${decoded.why}` });
    return;
  }
  const { given, taken } = splitNulls(decoded.value, row.kind.merges);
  const parsed = row.kind.read(given);
  if (!parsed.ok) {
    const message = `${key} is ${shorten(given)}, expected ${parsed.expected}`;
    reader.findings.push({ severity: "error", place: reader.placeOf(node), message });
    return;
  }
  const value = row.kind.isPath ? absolute(parsed.value, reader.path) : parsed.value;
  if (row.pending && !isDeepStrictEqual(value, row.default)) {
    reader.findings.push({
      severity: "warning",
      place,
      message: `${key} is not supported by this version; it has no effect`,
    });
  }
  reader.assignments.push({ key, value: isPlainObject(value) ? { ...value, ...taken } : value, place });
}

/** In maps that merge, a key with null takes back that key alone. */
function splitNulls(value: unknown, merges: true | undefined): { given: unknown; taken: Record<string, null> } {
  if (!merges || !isPlainObject(value)) return { given: value, taken: {} };
  const entries = Object.entries(value);
  return {
    given: Object.fromEntries(entries.filter(([, item]) => item !== null)),
    taken: Object.fromEntries(entries.filter(([, item]) => item === null).map(([name]) => [name, null])),
  };
}

function unknownField(document: DocumentKind, field: string): string {
  const known = (kind: DocumentKind): string[] => [
    ...Object.keys(DOCUMENTS[kind].rows),
    ...Object.keys(DOCUMENTS[kind].meaningless),
  ];
  const other = (Object.keys(DOCUMENTS) as DocumentKind[]).find(
    (kind) => kind !== document && known(kind).includes(field),
  );
  if (other !== undefined) return `${field} is a field of ${other}, not of ${document}`;
  const last = field.split(".").at(-1);
  const like =
    known(document).find((key) => key.split(".").at(-1) === last) ??
    nearest(field, known(document).flatMap(withPrefixes));
  return `${document} has no field ${field}${like === undefined ? "" : `; did you mean ${like}?`}`;
}

function withPrefixes(key: string): string[] {
  const parts = key.split(".");
  return parts.map((_, index) => parts.slice(0, index + 1).join("."));
}

function isNull(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

type Decoded = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

/** A node as a value; an alias in it may stand for nothing, for itself, or for more than is good. */
function plain(reader: Reader, node: unknown): Decoded {
  try {
    const value: unknown = isNode(node) ? node.toJS(reader.document) : node;
    JSON.stringify(value); // throws for one that holds itself
    return { ok: true, value };
  } catch (error) {
    return { ok: false, why: error instanceof ReferenceError ? error.message : "it holds itself" };
  }
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

function absolute(value: unknown, file: string): unknown {
  return typeof value === "string" && value !== "" ? resolve(dirname(file), value) : value;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
