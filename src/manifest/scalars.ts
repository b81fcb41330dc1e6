/**
 * How Kubernetes reads an unquoted YAML word: booleans and octal numbers of YAML 1.1, but neither its times nor its
 * base-60 numbers. Whole numbers beyond 2^53 - 1 are bigint, so that none is silently rounded.
 */
export type ScalarValue = string | number | bigint | boolean | null;

const WORDS: ReadonlyMap<string, boolean | null | number> = new Map<string, boolean | null | number>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, Number.NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const WHOLE = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FRACTION = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const LARGEST = 2n ** 64n;
/** No number is written longer than this; what is, is a word. */
const LONGEST_NUMBER = 400;

/** The value of an unquoted word. */
export function readPlain(word: string): ScalarValue {
  const known = WORDS.get(word);
  if (known !== undefined) return known;
  if (!/^[-+.0-9]/.test(word) || word.length > LONGEST_NUMBER) return word;
  const digits = word.replaceAll("_", "");
  return readWhole(digits) ?? (FRACTION.test(digits) ? Number(digits) : word);
}

function readWhole(digits: string): number | bigint | undefined {
  const match = WHOLE.exec(digits);
  if (!match) return undefined;
  const [, sign, size = ""] = match;
  const octal = /^0[0-7]/.test(size) ? `0o${size.slice(1)}` : size;
  const value = sign === "-" ? -BigInt(octal) : BigInt(octal);
  if (value >= LARGEST || value < -LARGEST / 2n) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The value of a scalar with an explicit tag such as `!!str`; `plain` says whether it was written without quotes. */
export function readTagged(text: string, tag: string | undefined, plain: boolean): ScalarValue {
  switch (tag?.replace(/^tag:yaml\.org,2002:/, "")) {
    case "str":
    case "!":
      return text;
    case "int":
    case "float":
    case "bool":
    case "null":
      return readPlain(text);
    case "binary":
      return Buffer.from(text, "base64").toString("utf8");
    default:
      return plain ? readPlain(text) : text;
  }
}
