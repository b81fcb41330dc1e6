import { expect, it } from "vitest";
import { readEnvFile } from "../../src/pod/env-file.ts";

it.each<[string, string, Record<string, string>]>([
  ["a line", "A='x'", { A: "x" }],
  ["blanks before the name, a comment after the value", "  A='x'  # why\n", { A: "x" }],
  ["comments and blank lines", "# A='x'\n\n  \t\nB='y'\n", { B: "y" }],
  ["a value over lines, taken as it is", "A='x\n  $B \\n\"\ny'\nB='z'", { A: 'x\n  $B \\n"\ny', B: "z" }],
  ["a blank after the sign: nothing", "A= 'x'", { A: "" }],
  ["nothing after the sign", "A=\nB=''", { A: "", B: "" }],
  ["the first assignment wins", "A='x'\nA='y'", { A: "x" }],
  ["an empty file", "", {}],
])("reads %s", (_what, text, values) => {
  const file = readEnvFile(text);
  expect(file.kind === "read" && Object.fromEntries(file.values)).toEqual(values);
});

it.each<[string, string, number]>([
  ["a blank before the sign", "A ='x'", 1],
  ["no quotes", "B='y'\nA=x", 2],
  ["double quotes", 'A="x"', 1],
  ["no end of the value", "A='x\ny\n", 1],
  ["words after the value", "A='x' y", 1],
  ["no sign", "A", 1],
  ["no name", "='x'", 1],
])("refuses %s", (_what, text, line) => {
  expect(readEnvFile(text)).toEqual({ kind: "malformed", line });
});
