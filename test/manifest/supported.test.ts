import { describe, expect, it } from "vitest";
import { fieldsOf } from "../../src/manifest/shapes.ts";
import { SUPPORT } from "../../src/manifest/supported.ts";
import { aManifest, compile } from "./kit.ts";

const words = (text: string | undefined): string[] => text?.split(" ") ?? [];

describe("the table of fields (D4)", () => {
  it.each(Object.entries(SUPPORT))("%s: every field has one place, and every place a field", (type, row) => {
    const placed = [...words(row.honoured), ...words(row.idle), ...Object.keys(row.refused ?? {})];
    expect(placed.toSorted()).toEqual([...(fieldsOf(type)?.keys() ?? [])].toSorted());
  });

  it("a known field that is refused is a problem with its place", () => {
    const { problems } = compile(aManifest({ runtimeClassName: "gvisor" }));
    expect(problems).toMatchObject([{ code: "FieldUnsupported", path: "spec.runtimeClassName", line: 1 }]);
  });

  it("null is absent", () => {
    expect(compile(aManifest({ runtimeClassName: null })).problems).toEqual([]);
  });
});
