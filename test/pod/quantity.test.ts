import { describe, expect, it } from "vitest";
import {
  addQuantities,
  ceilMillis,
  ceilUnits,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  roundToMilli,
} from "../../src/pod/quantity.ts";

const parsed = (text: string | number) => {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new Error(`${text} is no quantity`);
  return quantity;
};

describe("the grammar of quantities (cri-mapping 3.3)", () => {
  it.each([
    "",
    " ",
    "1K",
    "1KB",
    "1ki",
    "1mi",
    "1i",
    "1 Gi",
    "1e",
    "1e1.5",
    "0x10",
    "abc",
    ".",
    "+",
    "1..2",
    "NaN",
    "1,5",
  ])("refuses %j", (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it.each<[string | number, bigint]>([
    ["0", 0n],
    [2, 2_000_000_000n],
    [0.5, 500_000_000n],
    [1e21, 10n ** 30n],
    [" 1Gi ", 2n ** 30n * 10n ** 9n],
    ["+1", 10n ** 9n],
    ["-1", -(10n ** 9n)],
    ["1.", 10n ** 9n],
    [".5", 500_000_000n],
    ["1n", 1n],
    ["1u", 1000n],
    ["1m", 1_000_000n],
    ["1k", 10n ** 12n],
    ["1E", 10n ** 27n],
    ["1E3", 10n ** 12n],
    ["1e-3", 1_000_000n],
    ["0.1Gi", 107_374_182_400_000_000n],
  ])("reads %j", (text, nanos) => {
    expect(parsed(text).nanos).toBe(nanos);
  });

  it("rounds what is finer than nano away from zero", () => {
    expect(parsed("0.1n").nanos).toBe(1n);
    expect(parsed("-0.1n").nanos).toBe(-1n);
    expect(parsed("1.0000000001").nanos).toBe(1_000_000_001n);
    expect(parsed("1e-50").nanos).toBe(1n);
  });

  it("caps binary values at 2^63 - 1, decimal ones not", () => {
    expect(formatQuantity(parsed("8Ei"))).toBe("9223372036854775807");
    expect(formatQuantity(parsed("100E"))).toBe("100E");
  });

  it("refuses texts that would only cost time", () => {
    expect(parseQuantity("1".repeat(65))).toBeUndefined();
    expect(parseQuantity("1e101")).toBeUndefined();
    expect(parseQuantity("1e999999999999")).toBeUndefined();
  });
});

describe("canonical texts (cri-mapping 3.3)", () => {
  it.each<[string, string]>([
    ["0", "0"],
    ["0Gi", "0"],
    ["0.5", "500m"],
    ["1.5Gi", "1536Mi"],
    ["0.1Gi", "107374182400m"],
    ["1024Ki", "1Mi"],
    ["1000Ki", "1000Ki"],
    ["0.5Ki", "512"],
    ["1000k", "1M"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["1e0", "1"],
    ["1E", "1E"],
    ["1000E", "1000E"],
    ["12e4", "120e3"],
    ["1e-3", "1e-3"],
    ["1000m", "1"],
    ["1100m", "1100m"],
    ["-1Gi", "-1Gi"],
    ["1023Ki", "1023Ki"],
    ["100", "100"],
    ["1500000", "1500k"],
    ["250n", "250n"],
  ])("%s is printed as %s", (text, canonical) => {
    expect(formatQuantity(parsed(text))).toBe(canonical);
    expect(parsed(canonical).nanos).toBe(parsed(text).nanos);
  });
});

describe("values of quantities", () => {
  it("rounds up to whole units and thousandths", () => {
    expect(ceilUnits(parsed("0.1Gi"))).toBe(107_374_183);
    expect(ceilUnits(parsed("1m"))).toBe(1);
    expect(ceilUnits(parsed("-1m"))).toBe(-1);
    expect(ceilMillis(parsed("0.0001"))).toBe(1);
    expect(ceilMillis(parsed("250m"))).toBe(250);
    expect(ceilUnits(parsed("7Ei"))).toBe(Number.MAX_SAFE_INTEGER);
    expect(formatQuantity(roundToMilli(parsed("0.0001")))).toBe("1m");
  });

  it("compares numbers, not texts", () => {
    expect(compareQuantities(parsed("1"), parsed("1000m"))).toBe(0);
    expect(compareQuantities(parsed("1"), parsed("1e0"))).toBe(0);
    expect(compareQuantities(parsed("1Gi"), parsed("1G"))).toBeGreaterThan(0);
    expect(compareQuantities(parsed("999m"), parsed("1"))).toBeLessThan(0);
  });

  it("adds, and prints the sum like the first summand", () => {
    expect(formatQuantity(addQuantities(parsed("512Mi"), parsed("0.5Gi")))).toBe("1Gi");
    expect(formatQuantity(addQuantities(parsed("0"), parsed("1Gi")))).toBe("1Gi");
    expect(formatQuantity(addQuantities(parsed("100m"), parsed("1.9")))).toBe("2");
  });
});
