import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  visit,
  type YAMLMap,
} from "yaml";
import type { Fault } from "./fault.ts";
import { readJson } from "./json.ts";
import { readPlain, readTagged, type ScalarValue } from "./scalars.ts";
import { syntaxFaults } from "./syntax.ts";

export { isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";

/** A file's text, taken apart document by document. */
export type YamlText = {
  /** Each is read when it is asked for. */
  readonly documents: Iterable<YamlDocument>;
  /** 1-based line and column of an offset into what was read so far. */
  readonly place: (offset: number) => { line: number; column: number };
};

export type YamlDocument = {
  /** Undefined when nothing of it could be understood. */
  readonly root: Node | undefined;
  readonly offset: number;
  /** What is no YAML in it. Behind the first of them, what was read is a guess. */
  readonly faults: readonly Fault[];
  readonly aliases: Aliases;
};

/** What each alias stands for. */
export type Aliases = ReadonlyMap<Node, Node>;
const NO_ALIASES: Aliases = new Map();

/** The documents of a text that hold anything. Throws nothing but RangeError, for nesting deeper than the stack. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  return { documents: readQuickly(text, lines) ?? documentsOf(text, lines), place };
}

/** A text that is JSON, without the reader of YAML. */
function readQuickly(text: string, lines: LineCounter): readonly YamlDocument[] | undefined {
  const json = readJson(text);
  if (json === undefined) return undefined;
  lines.lineStarts = [...json.lineStarts];
  return [{ root: json.root, offset: json.root.range?.[0] ?? 0, faults: [], aliases: NO_ALIASES }];
}

function* documentsOf(text: string, lines: LineCounter): Generator<YamlDocument> {
  // Words get their meaning in scalars.ts: the failsafe schema leaves every scalar as its text.
  const composer = new Composer({ schema: "failsafe", logLevel: "silent", prettyErrors: false, uniqueKeys: false });
  const hasAliases = text.includes("*");
  let count = 0;
  for (const document of composer.compose(new Parser(lines.addNewLine).parse(text))) {
    count += 1;
    const root = document.contents ?? undefined;
    const faults = syntaxFaults(text, document.errors);
    if (faults.length === 0 && isNothing(root)) continue;
    const offset = root?.range?.[0] ?? document.range[0];
    yield { root, offset, faults, aliases: hasAliases && root !== undefined ? resolveAliases(root) : NO_ALIASES };
  }
  const { errors } = composer.streamInfo();
  if (count === 0 && errors.length > 0) {
    yield { root: undefined, offset: 0, faults: syntaxFaults(text, errors), aliases: NO_ALIASES };
  }
}

/** Comments and separators alone make no document. */
const isNothing = (root: Node | undefined): boolean =>
  root === undefined || (isScalar(root) && root.type === "PLAIN" && root.value === "" && root.anchor === undefined);

/** Each alias means the nearest earlier node with its anchor. */
function resolveAliases(root: Node): Aliases {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Node, Node>();
  visit(root, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) aliases.set(node, target);
      } else if (node.anchor !== undefined) {
        anchors.set(node.anchor, node);
      }
    },
  });
  return aliases;
}

/** The node itself, or what it stands for; undefined for an alias of nothing. */
export function follow(node: Node | null | undefined, aliases: Aliases): Node | undefined {
  return isAlias(node) ? aliases.get(node) : (node ?? undefined);
}

/** What a scalar means; undefined for collections. An absent node is null. */
export function scalarValue(node: Node | undefined): ScalarValue | undefined {
  if (node === undefined) return null;
  if (!isScalar(node)) return undefined;
  const text = String(node.value ?? "");
  const plain = node.type === "PLAIN" || node.type === undefined;
  if (node.tag !== undefined) return readTagged(text, node.tag, plain);
  return plain ? readPlain(text) : text;
}

/** One entry of a mapping; keys that are numbers or booleans read as their text, as in JSON. */
export type Entry = { readonly key: string; readonly keyNode: Node; readonly value: Node | undefined };

/** The entries of a mapping in order, those of `<<` behind its own; `badKeys` are no texts and were left out. */
export function entriesOf(map: YAMLMap, aliases: Aliases): { entries: readonly Entry[]; badKeys: readonly Node[] } {
  const entries: Entry[] = [];
  const badKeys: Node[] = [];
  const merged: Node[] = [];
  for (const pair of map.items as Pair<Node, Node | null>[]) {
    const keyNode = follow(pair.key, aliases);
    const key = scalarValue(keyNode);
    if (keyNode === undefined || key === undefined || key === null) badKeys.push(pair.key ?? map);
    else if (isMergeKey(keyNode)) merged.push(...mergeSources(follow(pair.value, aliases), aliases));
    else entries.push({ key: String(key), keyNode: pair.key, value: pair.value ?? undefined });
  }
  return { entries: merged.length === 0 ? entries : withMerged(entries, merged, aliases), badKeys };
}

const isMergeKey = (key: Node): boolean => isScalar(key) && key.type === "PLAIN" && key.value === "<<";

/** Deeper merges than this are a loop or a trap. */
const DEEPEST_MERGE = 16;
/** Fields that YAML merges add to one mapping. @limit The rest is left out. */
const MOST_MERGED = 1000;

function mergeSources(value: Node | undefined, aliases: Aliases): readonly Node[] {
  if (isMap(value)) return [value];
  if (!isSeq(value)) return [];
  return value.items.slice(0, MOST_MERGED).flatMap((item) => follow(item as Node, aliases) ?? []);
}

/** Own entries win over merged ones, earlier sources over later ones. */
function withMerged(own: readonly Entry[], sources: readonly Node[], aliases: Aliases): readonly Entry[] {
  const all = [...own];
  const known = new Set(own.map(({ key }) => key));
  const take = (source: Node, depth: number): void => {
    if (!isMap(source) || depth > DEEPEST_MERGE) return;
    for (const pair of source.items as Pair<Node, Node | null>[]) {
      if (all.length > MOST_MERGED) return;
      const keyNode = follow(pair.key, aliases);
      const key = scalarValue(keyNode);
      if (keyNode === undefined || key === undefined || key === null) continue;
      if (isMergeKey(keyNode)) {
        for (const deeper of mergeSources(follow(pair.value, aliases), aliases)) take(deeper, depth + 1);
      } else if (!known.has(String(key))) {
        known.add(String(key));
        all.push({ key: String(key), keyNode: pair.key, value: pair.value ?? undefined });
      }
    }
  };
  for (const source of sources) take(source, 0);
  return all;
}
