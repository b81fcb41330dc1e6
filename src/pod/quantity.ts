import type * as v1 from "./v1.ts";

/** How a quantity was written; it is printed in the same family where nothing is lost (cri-mapping 3.3). */
export type QuantityFamily = "decimal" | "binary" | "exponent";

/** An exact amount of a resource, in units of 10^-9. */
export type Quantity = { readonly nanos: bigint; readonly family: QuantityFamily };

/** Nothing of a resource. */
export const ZERO: Quantity = { nanos: 0n, family: "decimal" };

const NANO = 1_000_000_000n;
const MILLI = 1_000_000n;
const BINARY_CAP = (2n ** 63n - 1n) * NANO;
const DECIMAL_SUFFIXES: ReadonlyMap<string, number> = new Map([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const SHAPE = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([numkMGTPE]?|[KMGTPE]i|[eE][+-]?\d+)$/;
/** Longer texts and larger exponents mean nothing, and arithmetic on them would take time. */
const LONGEST_TEXT = 64;
const LARGEST_EXPONENT = 100;

/** What a manifest's quantity means; undefined when it breaks the grammar. Non-zero digits below nano round away from zero. */
export function parseQuantity(written: v1.Quantity): Quantity | undefined {
  const text = String(written).trim();
  if (text.length > LONGEST_TEXT) return undefined;
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, sign, whole = "", behind = "", alone = "", suffix = ""] = match;
  const fraction = behind || alone;
  const scale = scaleOf(suffix);
  if (scale.base === 10 && Math.abs(scale.exponent) > LARGEST_EXPONENT) return undefined;
  const digits = BigInt(whole + fraction) * (scale.base === 2 ? 2n ** BigInt(scale.exponent) : 1n);
  const power = 9 - fraction.length + (scale.base === 10 ? scale.exponent : 0);
  const size = power >= 0 ? digits * 10n ** BigInt(power) : ceilDivide(digits, 10n ** BigInt(-power));
  const capped = scale.family === "binary" && size > BINARY_CAP ? BINARY_CAP : size;
  return { nanos: sign === "-" ? -capped : capped, family: scale.family };
}

/** The same as bare billionths; undefined when it does not parse. */
export const quantityNanos = (written: v1.Quantity): bigint | undefined => parseQuantity(written)?.nanos;

type Scale = { base: 2 | 10; exponent: number; family: QuantityFamily };

function scaleOf(suffix: string): Scale {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, family: "decimal" };
  if (suffix.endsWith("i")) return { base: 2, exponent: 10 * BINARY_SUFFIXES.indexOf(suffix), family: "binary" };
  return { base: 10, exponent: Number(suffix.slice(1)), family: "exponent" };
}

/** Rounded away from zero to whole units: bytes, pods, seconds. Values beyond 2^53 - 1 are clamped to it. */
export const ceilUnits = (quantity: Quantity): number => clamp(awayFromZero(quantity.nanos, NANO));

/** Rounded away from zero to thousandths: milli-CPU. Values beyond 2^53 - 1 are clamped to it. */
export const ceilMillis = (quantity: Quantity): number => clamp(awayFromZero(quantity.nanos, MILLI));

/** The same amount rounded up to whole thousandths, as entries of resource lists are (cri-mapping 0). */
export const roundToMilli = (quantity: Quantity): Quantity => ({
  ...quantity,
  nanos: awayFromZero(quantity.nanos, MILLI) * MILLI,
});

/** Sum; the family is that of the first unless it is zero. */
export const addQuantities = (left: Quantity, right: Quantity): Quantity => ({
  nanos: left.nanos + right.nanos,
  family: left.nanos === 0n ? right.family : left.family,
});

/** Negative, zero or positive, as sorting wants it; numeric, never textual. */
export const compareQuantities = (left: Quantity, right: Quantity): number =>
  left.nanos < right.nanos ? -1 : left.nanos > right.nanos ? 1 : 0;

/** A whole amount of units, for sums that begin as numbers. */
export const quantityOfUnits = (units: number, family: QuantityFamily = "decimal"): Quantity => ({
  nanos: BigInt(Math.trunc(units)) * NANO,
  family,
});

/** A whole amount of thousandths, as processors are counted. */
export const quantityOfMillis = (millis: number): Quantity => ({
  nanos: BigInt(Math.trunc(millis)) * MILLI,
  family: "decimal",
});

/** Whether both texts mean one amount, however they write it; texts that mean none have to be equal. */
export function isSameAmount(one: v1.Quantity | undefined, other: v1.Quantity | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return one === other;
  const nanos = quantityNanos(one);
  return nanos !== undefined && nanos === quantityNanos(other);
}

/** The canonical text: no fraction, the largest suffix that loses nothing, the family of the input (cri-mapping 3.3). */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, family } = quantity;
  if (nanos === 0n) return "0";
  const units = nanos / NANO;
  const binary = family === "binary" && nanos % NANO === 0n && (units >= 1024n || units <= -1024n);
  if (binary) return formatBinary(units);
  return formatDecimal(nanos, family === "exponent");
}

function formatBinary(units: bigint): string {
  let rest = units;
  let level = 0;
  while (level < BINARY_SUFFIXES.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n;
    level += 1;
  }
  return `${rest}${BINARY_SUFFIXES[level]}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let rest = nanos;
  let exponent = -9;
  while (rest % 1000n === 0n && (asExponent || exponent < 18)) {
    rest /= 1000n;
    exponent += 3;
  }
  if (asExponent) return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  const suffix = [...DECIMAL_SUFFIXES].find(([, power]) => power === exponent);
  return `${rest}${suffix?.[0] ?? ""}`;
}

/** How often the divisor fits, with a begun one counted whole; both in the same unit, the divisor above zero. */
export const ceilDivide = (value: bigint, by: bigint): bigint => (value <= 0n ? value / by : (value + by - 1n) / by);

const awayFromZero = (value: bigint, by: bigint): bigint =>
  value < 0n ? -ceilDivide(-value, by) : ceilDivide(value, by);

function clamp(value: bigint): number {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > largest ? largest : value < -largest ? -largest : value);
}
