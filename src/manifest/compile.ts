import type { DocumentContent } from "../pod/document.ts";
import type { Problem } from "../pod/problem.ts";
import type { FileSighting, SeenDocument } from "../pod/source.ts";
import { type CompileSettings, compileObject, isPod, type ObjectPlace, objectsOf } from "./compile-object.ts";
import { type Desk, decodeStruct, MOST_VALUES, TooComplex } from "./decode.ts";
import type { Fault } from "./fault.ts";
import { offsetOfPath } from "./places.ts";
import { readText } from "./text.ts";
import { readYaml, type YamlDocument, type YamlText } from "./yaml.ts";

/** A file as far as its bytes tell it. */
export type CompiledFile = Pick<FileSighting, "documents" | "problems"> & {
  readonly reading: "whole" | "broken";
  /** Bodies of its ConfigMaps and Secrets. */
  readonly contents: readonly DocumentContent[];
};

/** What is compiled: a file's bytes, with its path and the moment that new pods count as first seen. */
export type CompileRequest = {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly seenWallMs: number;
} & CompileSettings;

/**
 * The documents of a file and all that is wrong with them, each with its place. Never throws for what the bytes may be;
 * how long it takes is bounded by its caller.
 */
export function compileFile(request: CompileRequest): CompiledFile {
  const steps = compileSteps(request);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps of one document each, so that a caller can let others have a turn between them. */
export function* compileSteps(request: CompileRequest): Generator<undefined, CompiledFile> {
  const text = readText(request.bytes);
  if (typeof text !== "string") {
    return brokenFile([{ severity: "error", file: request.path, ...text }]);
  }
  try {
    return yield* textSteps(text, request);
  } catch (error) {
    // Values beyond all measure, or nesting that is deeper than the stack.
    if (error instanceof TooComplex || error instanceof RangeError) return tooComplex(request.path, error.message);
    throw error;
  }
}

/** The file as one that could not be read in time. */
export const tooComplex = (path: string, why: string): CompiledFile =>
  brokenFile([
    {
      code: "TooComplex",
      severity: "error",
      file: path,
      message: `the file is too complex to be read: ${why}`,
      advice: "split it into smaller files, write it flatter, and use fewer aliases",
    },
  ]);

const brokenFile = (problems: readonly Problem[]): CompiledFile => ({
  reading: "broken",
  documents: [{ kind: "broken" }],
  problems,
  contents: [],
});

function* textSteps(text: string, request: CompileRequest): Generator<undefined, CompiledFile> {
  const yaml = readYaml(text);
  const documents: SeenDocument[] = [];
  const problems: Problem[] = [];
  const contents: DocumentContent[] = [];
  const budget = { left: MOST_VALUES };
  let reading: "whole" | "broken" = "whole";
  for (const document of yaml.documents) {
    if (document.faults.length > 0) {
      reading = "broken";
      problems.push(...document.faults.map((one) => problemOf(one, document, yaml, request.path)));
      problems.push(...earlierProblems(document, yaml, request));
      documents.push({ kind: "broken" });
      yield;
      continue;
    }
    for (const object of objectsOf(document.root, document)) {
      const offset = object.node?.range?.[0] ?? document.offset;
      const { path, seenWallMs } = request;
      const place: ObjectPlace = { path, document: documents.length, line: yaml.place(offset).line, seenWallMs };
      const compiled = compileObject(object, deskMaker(document, yaml, request, budget), place, request);
      documents.push(compiled.document);
      if (compiled.content !== undefined) contents.push(compiled.content);
      problems.push(
        ...firstOf(compiled.faults).map((one) => ({
          ...problemOf(withHint(one, text, document, yaml), document, yaml, request.path),
          ...(compiled.subject === undefined ? {} : { pod: compiled.subject }),
        })),
      );
      yield;
    }
  }
  return { reading, documents, problems: [...firstOf(problems)].sort(byPlace), contents };
}

/** Problems of one manifest. @limit Warnings go before errors; the last one tells how many there are besides. */
const MOST_PROBLEMS = 100;

/** As many as can be of use, errors rather than warnings; the last one tells how many more there are. */
function firstOf<T extends Pick<Problem, "severity" | "message">>(all: readonly T[]): readonly T[] {
  if (all.length <= MOST_PROBLEMS) return all;
  const errors = all.filter(({ severity }) => severity === "error");
  const kept = [...errors, ...all.filter(({ severity }) => severity !== "error")].slice(0, MOST_PROBLEMS);
  const more = all.length - MOST_PROBLEMS;
  return kept.map((one, at) => (at < kept.length - 1 ? one : { ...one, message: `${one.message} (and ${more} more)` }));
}

function deskMaker(
  document: YamlDocument,
  yaml: YamlText,
  { unknownFields }: CompileSettings,
  budget: { left: number },
): (rootType: string, rootPath: string) => Desk {
  const lineOf = (offset: number): number => yaml.place(offset).line;
  const { aliases } = document;
  return (rootType, rootPath) => ({ aliases, lineOf, unknownFields, rootType, rootPath, faults: [], budget });
}

/** Of a document with bad syntax, what stands before the first bad place was understood: its fields can be judged. */
function earlierProblems(document: YamlDocument, yaml: YamlText, request: CompileRequest): readonly Problem[] {
  const first = document.faults[0];
  if (first?.offset === undefined || first.code !== "YamlInvalid" || !isPod(document)) return [];
  const end = first.offset;
  const desk = deskMaker(document, yaml, request, { left: MOST_VALUES })("Pod", "");
  decodeStruct(desk, document.root, "Pod", "");
  const sure = desk.faults.filter(({ code, offset }) => JUDGED_EARLY.includes(code) && (offset ?? end) < end);
  return firstOf(sure).map((one) => problemOf(one, document, yaml, request.path));
}

const JUDGED_EARLY: readonly string[] = ["FieldUnknown", "FieldDuplicate", "QuoteSuspicious"];

function problemOf(one: Fault, document: YamlDocument, yaml: YamlText, file: string): Problem {
  const { code, severity, path, message, advice } = one;
  const offset = one.offset ?? (document.root ? offsetOfPath(document.root, path, document.aliases) : document.offset);
  return { code, severity, file, ...yaml.place(offset), ...(path === "" ? {} : { path }), message, advice };
}

const LONGEST_GAP = 200;

/** `...` ends a document; in a pasted manifest it stands for what was left out. */
function withHint(one: Fault, text: string, { offset }: YamlDocument, yaml: YamlText): Fault {
  if (one.code !== "KindUnknown" || one.path !== "") return one;
  const from = Math.max(0, offset - LONGEST_GAP);
  const mark = /(?:^|\n)\.\.\.[^\S\n]*\n\s*$/.exec(text.slice(from, offset));
  if (!mark) return one;
  const { line } = yaml.place(from + mark.index + 1);
  return {
    ...one,
    advice: `the \`...\` on line ${line} ends the document before: if it stands for something left out, write that; else remove the line`,
  };
}

const byPlace = (left: Problem, right: Problem): number =>
  (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
