import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A number that bounds something, as it is declared: `@limit` in its docstring tells what happens at it. */
export type Limit = { readonly what: string; readonly value: string; readonly then: string; readonly file: string };

/** Something that grows with what it serves: `@bound` in its docstring tells how far. */
export type Bound = { readonly what: string; readonly file: string };

/** What may grow for as long as berthd runs: a list, set or map that is made when a part of it is, and lives as long. */
export type Collection = { readonly file: string; readonly line: number; readonly name: string; readonly docs: string };

const ROOM_ORDER = [
  "manifest",
  "agent",
  "decide",
  "pod",
  "cri",
  "handler",
  "files",
  "logs",
  "journal",
  "host",
  "serve",
];
/** A docstring, and the declaration below it. */
const DECLARED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n\s*(?:export )?(?:const|let) (\w+)[^=\n]* = ([^;]+);/g;
/** The program for people runs for a moment, and generated code is a table. */
const LEFT_OUT = /(?:^|\/)generated\/|^cmd\/berth\//;

type Source = { readonly file: string; readonly text: string };

/** The sources of berthd, room by room. */
function sourcesOf(folder: string): readonly Source[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts") && !LEFT_OUT.test(file))
    .sort((one, other) => roomRank(one) - roomRank(other) || (one < other ? -1 : 1))
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}

function roomRank(file: string): number {
  const rank = ROOM_ORDER.indexOf(file.split("/")[0] ?? "");
  return rank < 0 ? ROOM_ORDER.length : rank;
}

/** Every constant that is marked as a limit. Throws when its value cannot be told. */
export function limitsIn(folder: string): readonly Limit[] {
  return sourcesOf(folder).flatMap(({ file, text }) =>
    [...text.matchAll(DECLARED)].flatMap(([, docs = "", name = "", value = ""]): Limit[] => {
      const [what = "", then] = oneLine(docs).split(" @limit ");
      return then === undefined ? [] : [{ what, then, value: shown(name, productOf(value, file)), file }];
    }),
  );
}

/** Every collection whose bound is not a constant of its own. */
export function boundsIn(folder: string): readonly Bound[] {
  return sourcesOf(folder).flatMap(({ file, text }) =>
    [...text.matchAll(/@bound ((?:(?!\*\/|@)[\s\S])*)/g)].flatMap(([, words = ""]): Bound[] => {
      const what = oneLine(words);
      return CONSTANT.test(what) ? [] : [{ what, file }];
    }),
  );
}

const CONSTANT = /^[A-Z_]+$/;
/** A list, set or map two columns in, which begins empty: one of a factory's own, between its first line and its last. */
const EMPTY = /^ {2}(?:const|let) (\w+).* = (?:new (?:Map|Set)(?:<.*>)?\(\)|\[\]);$/;
const FACTORY = /^(?:export )?(?:async )?function (?:make|start|open)[A-Z]|^export function keepWatch/;

/** Every collection that a factory keeps, with the docstring above it. */
export function collectionsIn(folder: string): readonly Collection[] {
  return sourcesOf(folder).flatMap(({ file, text }) => {
    const lines = text.split("\n");
    let inFactory = false;
    return lines.flatMap((line, index): Collection[] => {
      if (/^\S/.test(line)) inFactory = FACTORY.test(line) || (inFactory && !line.startsWith("}"));
      const name = inFactory ? EMPTY.exec(line)?.[1] : undefined;
      return name === undefined ? [] : [{ file, line: index + 1, name, docs: lines[index - 1] ?? "" }];
    });
  });
}

const oneLine = (docs: string): string =>
  docs
    .replaceAll(/\s*\n\s*\*?\s*/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

/** A product of numbers and powers, as such constants are written. */
function productOf(written: string, file: string): number {
  const factors = written.split(/ \* (?!\*)/).map((factor) => {
    const [base = Number.NaN, power = 1] = factor.split(" ** ").map((part) => Number(part.replaceAll("_", "")));
    return base ** power;
  });
  const value = factors.reduce((product, factor) => product * factor, 1);
  if (Number.isNaN(value)) throw new Error(`${file}: ${written} is not a product of numbers`);
  return value;
}

const KIB = 1024;
const SECOND_MS = 1000;

/** The unit is the last word of the name. */
function shown(name: string, value: number): string {
  if (name.endsWith("_MS")) return value < SECOND_MS ? `${value} ms` : `${value / SECOND_MS} s`;
  if (name.endsWith("_MIB")) return `${value} MiB`;
  if (!name.endsWith("_BYTES")) return String(value);
  if (value % (KIB * KIB) === 0) return `${value / (KIB * KIB)} MiB`;
  return value % KIB === 0 ? `${value / KIB} KiB` : `${value} bytes`;
}
