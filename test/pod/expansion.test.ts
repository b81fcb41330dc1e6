import { describe, expect, it } from "vitest";
import { expand } from "../../src/pod/expansion.ts";

const variables = new Map([
  ["A", "a"],
  ["B", "b"],
  ["EMPTY", ""],
  ["REF", "$(A)"],
]);
const lookUp = (name: string): string | undefined => variables.get(name);

describe("expansion (cri-mapping 2.2)", () => {
  it.each([
    ["$(A)-$(B)", "a-b"],
    ["$$(B)_$(A)", "$(B)_a"],
    ["$$$$$$(A)", "$$$(A)"],
    ["$$$$$$$(A)", "$$$a"],
    ["x$(EMPTY)y", "xy"],
    ["$(REF)", "$(A)"],
    ["$(A$(B))", "$(A$(B))"],
    ["plain", "plain"],
    ["", ""],
  ])("%j becomes %j", (input, output) => {
    expect(expand(input, lookUp)).toBe(output);
  });

  // biome-ignore lint/suspicious/noTemplateCurlyInString: that form is what must stay
  it.each(["$(NOPE)", "$()", "$(A", "$", "${A}", "$A", "tail$"])("%j stays as it is", (input) => {
    expect(expand(input, lookUp)).toBe(input);
  });

  it("takes a backslash as any other character", () => {
    expect(expand("\\$(A)", lookUp)).toBe("\\a");
  });
});
