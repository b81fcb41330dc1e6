import { parseQuantity } from "../pod/quantity.ts";
import { parseTime } from "../pod/time.ts";
import type { ScalarValue } from "./scalars.ts";

/** A scalar type of the API in words. */
export const nounOfType = (base: string): string => NOUNS[base] ?? "a word";

const NOUNS: Readonly<Record<string, string>> = {
  string: "a text",
  byte: "a text in base64",
  boolean: "true or false",
  int32: "a whole number",
  int64: "a whole number",
  IntOrString: "a whole number or a text",
  Quantity: "a quantity such as 500m or 1Gi",
  Time: "a time such as 2026-01-02T03:04:05Z",
};

/** What is wrong with a value, and what to do. */
export type Complaint = readonly [message: string, advice: string];
const LARGEST_INT32 = 2 ** 31 - 1;

/** Why a scalar is not of a type; undefined when it is. What was written is not repeated: it may be secret. */
export function complaintAbout(value: ScalarValue, base: string): Complaint | undefined {
  switch (base) {
    case "string":
      return typeof value === "string" ? undefined : notText(value);
    case "byte":
      return typeof value === "string" && isBase64(value) ? undefined : mustBe("byte", value, "encode it with base64");
    case "boolean":
      return typeof value === "boolean" ? undefined : mustBe("boolean", value, "write true or false, without quotes");
    case "int32":
      return notWhole(value, LARGEST_INT32);
    case "int64":
      return notWhole(value, Number.MAX_SAFE_INTEGER);
    case "IntOrString":
      return typeof value === "string" ? undefined : notWhole(value, LARGEST_INT32);
    case "Quantity":
      return notQuantity(value);
    case "Time":
      return typeof value === "string" && parseTime(value) !== undefined
        ? undefined
        : mustBe("Time", value, "write it as RFC 3339 has it");
    default:
      return undefined;
  }
}

const mustBe = (base: string, value: ScalarValue, advice: string): Complaint => [
  `Invalid value: must be ${NOUNS[base]}, not ${nounOf(value)}`,
  advice,
];

function nounOf(value: ScalarValue): string {
  switch (typeof value) {
    case "string":
      return "a text";
    case "boolean":
      return "a boolean";
    default:
      return value === null ? "nothing" : "a number";
  }
}

function notText(value: ScalarValue): Complaint {
  const hint = typeof value === "boolean" ? ": words like yes, no, on, off, true and false are booleans" : "";
  return [`Invalid value: must be a text, not ${nounOf(value)}${hint}`, "put it into quotes"];
}

function notWhole(value: ScalarValue, most: number): Complaint | undefined {
  if (typeof value === "bigint") return [`Invalid value: ${value}: the number is too large`, "write a smaller number"];
  if (typeof value === "string") return mustBe("int32", value, "write the number without quotes");
  if (typeof value !== "number" || !Number.isInteger(value)) return mustBe("int32", value, "write a whole number");
  const tooLarge = Math.abs(value) > most && value !== -most - 1;
  return tooLarge ? [`Invalid value: ${value}: the number is too large`, "write a smaller number"] : undefined;
}

function notQuantity(value: ScalarValue): Complaint | undefined {
  if (typeof value === "bigint") return notWhole(value, Number.MAX_SAFE_INTEGER);
  const written = typeof value === "string" || typeof value === "number" ? value : undefined;
  if (written !== undefined && parseQuantity(written) !== undefined) return undefined;
  const shown = String(value).slice(0, 64);
  return [
    `Invalid value: ${JSON.stringify(shown)}: quantities are a number with a suffix such as m, k, M, G, Ki, Mi or Gi`,
    "write it like 500m, 2, 128Mi or 1.5Gi",
  ];
}

const isBase64 = (text: string): boolean => {
  const joined = text.replace(/[\r\n]/g, "");
  return joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined);
};
