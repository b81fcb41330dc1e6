import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

/** A JSON text as a YAML reader would show it, and where its lines begin. */
export type JsonText = { readonly root: Node; readonly lineStarts: readonly number[] };

/**
 * Reads a text that is one JSON value, some ten times as fast as the reader of YAML, of which JSON is a part: large
 * manifests are mostly written by programs. Undefined for every other text, wrong JSON among them: that is for the reader
 * of YAML to judge. Throws RangeError for nesting deeper than the stack.
 */
export function readJson(text: string): JsonText | undefined {
  if (!/^\s*[{[]/.test(text) || !isJson(text)) return undefined;
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { root: valueAt(text, skipBlanks(text, 0)).node, lineStarts };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A value, and the offset right behind it. The text is known to be JSON: nothing is checked again. */
type Read<T extends Node = Node> = { readonly node: T; readonly end: number };

function valueAt(text: string, at: number): Read {
  switch (text.charAt(at)) {
    case "{":
      return mappingAt(text, at);
    case "[":
      return listAt(text, at);
    case '"':
      return stringAt(text, at);
    default:
      return wordAt(text, at);
  }
}

function mappingAt(text: string, begin: number): Read {
  const node = new YAMLMap<Node, Node>();
  let at = skipBlanks(text, begin + 1);
  while (text.charAt(at) !== "}") {
    const key = stringAt(text, at);
    const colon = skipBlanks(text, key.end);
    const value = valueAt(text, skipBlanks(text, colon + 1));
    node.items.push(new Pair(key.node, value.node));
    at = skipBlanks(text, value.end);
    if (text.charAt(at) === ",") at = skipBlanks(text, at + 1);
  }
  return placed(node, begin, at + 1);
}

function listAt(text: string, begin: number): Read {
  const node = new YAMLSeq<Node>();
  let at = skipBlanks(text, begin + 1);
  while (text.charAt(at) !== "]") {
    const item = valueAt(text, at);
    node.items.push(item.node);
    at = skipBlanks(text, item.end);
    if (text.charAt(at) === ",") at = skipBlanks(text, at + 1);
  }
  return placed(node, begin, at + 1);
}

function stringAt(text: string, begin: number): Read<Scalar> {
  let end = begin + 1;
  let isPlain = true;
  for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
    if (code === BACKSLASH) isPlain = false;
    end += code === BACKSLASH ? 2 : 1;
  }
  const value = isPlain ? text.slice(begin + 1, end) : (JSON.parse(text.slice(begin, end + 1)) as string);
  return placed(scalar(value, "QUOTE_DOUBLE"), begin, end + 1);
}

/** A number, true, false or null, as its text: scalars.ts gives words their meaning. */
function wordAt(text: string, begin: number): Read {
  let end = begin;
  while (IN_WORD.test(text.charAt(end))) end += 1;
  return placed(scalar(text.slice(begin, end), "PLAIN"), begin, end);
}

function scalar(value: string, type: Scalar.Type): Scalar {
  const node = new Scalar(value);
  node.type = type;
  return node;
}

function placed<T extends Node>(node: T, begin: number, end: number): Read<T> {
  node.range = [begin, end, end];
  return { node, end };
}

const QUOTE = 34;
const BACKSLASH = 92;
const IN_WORD = /[-+.\w]/;
const BLANKS: readonly number[] = [9, 10, 13, 32];

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (BLANKS.includes(text.charCodeAt(at))) at += 1;
  return at;
}
