import { describe, expect, it } from "vitest";
import { sameData } from "../../src/base/same.ts";

describe("two pieces of plain data", () => {
  it.each([
    ["values", 1, 1],
    ["what is no number", Number.NaN, Number.NaN],
    ["lists", [1, [2, { a: "x" }]], [1, [2, { a: "x" }]]],
    ["fields in another order", { a: 1, b: { c: [] } }, { b: { c: [] }, a: 1 }],
    ["a field that is undefined and one that is absent", { a: 1, b: undefined }, { a: 1, c: undefined }],
  ])("say the same: %s", (_what, one, other) => {
    expect(sameData(one, other)).toBe(true);
    expect(sameData(other, one)).toBe(true);
  });

  it.each([
    ["values", 1, 2],
    ["kinds", 1, "1"],
    ["nothing and null", undefined, null],
    ["null and an object", null, {}],
    ["a list and an object", [], {}],
    ["longer lists", [1], [1, 2]],
    ["order of lists", [1, 2], [2, 1]],
    ["one field more", { a: 1 }, { a: 1, b: 0 }],
    ["a field's name", { a: 1 }, { b: 1 }],
    ["what is deep inside", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ])("differ: %s", (_what, one, other) => {
    expect(sameData(one, other)).toBe(false);
    expect(sameData(other, one)).toBe(false);
  });
});
