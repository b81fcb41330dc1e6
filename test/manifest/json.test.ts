import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "../../src/manifest/json.ts";
import { isMap, isScalar, isSeq, type Node, readYaml } from "../../src/manifest/yaml.ts";
import { aManifest } from "./kit.ts";

/** A tree of nodes with all that is read of them. */
function shown(node: unknown): unknown {
  const { range } = node as Node;
  if (isMap(node))
    return { range: range?.slice(0, 2), map: node.items.map(({ key, value }) => [shown(key), shown(value)]) };
  if (isSeq(node)) return { range: range?.slice(0, 2), list: node.items.map(shown) };
  if (isScalar(node)) return { range: range?.slice(0, 2), value: node.value, type: node.type };
  return node;
}

/** What the reader of YAML, which a comment calls for, makes of the text. */
function byYaml(text: string): unknown {
  const [document] = [...readYaml(`${text}\n# a comment`).documents];
  expect(document?.faults).toEqual([]);
  return shown(document?.root);
}

const quickly = (text: string): unknown => {
  const read = readJson(text);
  return read && shown(read.root);
};

describe("a text that is JSON", () => {
  it.each<[string, string]>([
    ["a manifest on one line", JSON.stringify(aManifest())],
    ["a manifest with indentation", JSON.stringify(aManifest(), undefined, 2)],
    ["line breaks of another system", JSON.stringify(aManifest(), undefined, 2).replaceAll("\n", "\r\n")],
    ["blanks everywhere", '\n [ 1 , "a" ,{ "b" : [ ] , "c":{ } } ] \n'],
    ["numbers and words", '{"a":[0,-1.5e3,1E+2,12345678901234567890,true,false,null]}'],
    ["escapes", '{"a\\"b":"\\\\\\/\\n\\u0041\\ud83d\\ude00\\"","c":"\\\\"}'],
    ["a name twice, and names of JavaScript", '{"a":1,"a":2,"__proto__":{"x":1},"constructor":0}'],
    [
      "what would be more than text without its quotes",
      '{"<<":"*a","b":"&a","c":"!!int 1","d":"# no","e":"yes","f":"---"}',
    ],
  ])("is read as YAML is: %s", (_name, text) => {
    expect(quickly(text)).toEqual(byYaml(text));
  });

  it("is read as YAML is, whatever it holds", () => {
    const same = (value: unknown, indent: number): void => {
      const text = JSON.stringify(value, undefined, indent);
      expect(quickly(text)).toEqual(byYaml(text));
    };
    const value = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(fc.property(value, fc.nat(3), same), { seed: 7, numRuns: 300 });
  });

  it("has its lines counted", () => {
    const { documents, place } = readYaml('\n{\n  "a": 1,\n  "b": 2\n}\n');
    const [{ root, offset } = { root: undefined, offset: 0 }] = [...documents];
    expect(place(offset)).toEqual({ line: 2, column: 1 });
    expect(isMap(root) && root.items.map(({ key }) => place((key as Node).range?.[0] ?? 0))).toEqual([
      { line: 3, column: 3 },
      { line: 4, column: 3 },
    ]);
  });

  it.each(["", "a: b", '{"a":1,}', '{"a":1}\n---\n{"a":2}', "{a: 1}", '{"a":"\t"}', "[1]]", '"a"', "1", "# x\n{}"])(
    "is not %j",
    (text) => expect(readJson(text)).toBeUndefined(),
  );
});
