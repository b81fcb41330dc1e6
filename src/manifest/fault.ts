import type { ProblemCode } from "../pod/problem.ts";

/**
 * Something wrong at one place of a document, before file and line are known. `message` follows Kubernetes:
 * `<kind>[: <value>][: <detail>]`; the path stands beside it.
 */
export type Fault = {
  readonly code: ProblemCode;
  readonly severity: "error" | "warning";
  /** Inside the document, with Go-style indices: `spec.containers[1].ports[0].name`. Empty: the document. */
  readonly path: string;
  readonly message: string;
  readonly advice: string;
  /** Place in the text; without it the place of the path is looked up. */
  readonly offset?: number;
};

/** A list of faults, for functions that find none or some. */
export type Faults = readonly Fault[];

export const NO_FAULTS: Faults = [];

/** An error at a path. */
export const fault = (path: string, message: string, advice: string, code: ProblemCode = "ValueInvalid"): Fault => ({
  code,
  severity: "error",
  path,
  message,
  advice,
});

/** `Required value`: nothing, an empty text or an empty list. */
export const required = (path: string, detail = "", advice = `give \`${lastOf(path)}\` a value`): Fault =>
  fault(path, withDetail("Required value", detail), advice);

/** `Invalid value`: malformed, out of bounds or in conflict with another. */
export const invalid = (
  path: string,
  value: string | number | boolean,
  detail: string,
  advice = "write a value that fits",
): Fault => fault(path, withDetail(`Invalid value: ${JSON.stringify(value)}`, detail), advice);

/** `Duplicate value`: has to be the only one of its kind. */
export const duplicate = (path: string, value: string | number, advice = "choose another, or remove one"): Fault =>
  fault(path, `Duplicate value: ${JSON.stringify(value)}`, advice);

/** `Unsupported value`: not one of the words that the field knows. */
export const notSupported = (path: string, value: string, known: readonly string[]): Fault =>
  fault(
    path,
    `Unsupported value: ${JSON.stringify(value)}: supported values: ${known.map((word) => JSON.stringify(word)).join(", ")}`,
    `write one of ${known.filter((word) => word !== "").join(", ")}`,
  );

/** `Forbidden`: would be right elsewhere or otherwise. */
export const forbidden = (path: string, detail: string, advice = `remove \`${lastOf(path)}\``): Fault =>
  fault(path, withDetail("Forbidden", detail), advice);

/** `Not found`: names something that the document lacks. */
export const notFound = (path: string, value: string, advice: string): Fault =>
  fault(path, `Not found: ${JSON.stringify(value)}`, advice);

/** `Too many`: a list has more items than it may. */
export const tooMany = (path: string, count: number, most: number): Fault =>
  fault(path, `Too many: ${count}: must have at most ${most} items`, `keep at most ${most}`);

/** `Too long`: a text has more bytes than it may; the text is left out. */
export const tooLong = (path: string, most: number): Fault =>
  fault(path, `Too long: may not be more than ${most} bytes`, `keep it under ${most} bytes`);

/** One fault when the condition holds, for lists built by spreading. */
export const when = (holds: boolean, of: () => Fault): Faults => (holds ? [of()] : NO_FAULTS);

const withDetail = (kind: string, detail: string): string => (detail === "" ? kind : `${kind}: ${detail}`);

/** The last name of a path: `ports` of `spec.containers[0].ports[1]`. */
export function lastOf(path: string): string {
  return /([^.[\]]+)(?:\[\d+\])*$/.exec(path)?.[1] ?? path;
}
