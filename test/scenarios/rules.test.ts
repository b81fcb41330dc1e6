import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Rules of the specification that RULES.md answers for: first and last of each section. */
const SECTIONS = { S: [7, 25], R: [1, 19], H: [1, 11], T: [1, 18] } as const;
/** What RULES.md leaves to other places, with why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  S19: "the hash of a container: test/decide and test/cri, no story of its own",
};

const folder = import.meta.dirname;
const root = join(folder, "../..");
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.slice(0, -".txt".length));
const rows = readFileSync(join(folder, "RULES.md"), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(({ length }) => length === 4)
  .map(([, rules = "", proofs = ""]) => ({ rules, proofs }));

/** The numbers that a cell names, ranges such as `R14 to R19` spelt out. */
function rulesOf(cell: string): string[] {
  const ranges = [...cell.matchAll(/\b([SRHT])(\d+) to \1(\d+)\b/g)].flatMap(([, letter, first, last]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${letter}${Number(first) + index}`),
  );
  return [...ranges, ...[...cell.matchAll(/\b[SRHT]\d+\b/g)].map(([rule]) => rule)];
}

describe("the table of rules and scenarios", () => {
  const named = new Set(rows.flatMap(({ rules }) => rulesOf(rules)));
  const wanted = Object.entries(SECTIONS).flatMap(([letter, [first, last]]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `${letter}${first + index}`),
  );

  it("names every rule, and none that there is not", () => {
    expect(wanted.filter((rule) => !named.has(rule) && ELSEWHERE[rule] === undefined)).toEqual([]);
    expect([...named].filter((rule) => !wanted.includes(rule))).toEqual([]);
  });

  it("gives each a scenario, another test, or the reason why not", () => {
    const proved = ({ proofs }: { proofs: string }): boolean =>
      /`[a-z-]+`|test\/[\w/.-]+|not here: |^every scenario /.test(proofs);
    const [, ...content] = rows.filter(({ rules }) => !/^-+$/.test(rules));
    expect(content.filter((row) => row.rules !== "Rule" && !proved(row)).map(({ rules }) => rules)).toEqual([]);
  });

  it("names only what is there, and leaves out no scenario", () => {
    const text = rows.map(({ proofs }) => proofs).join("\n");
    const mentioned = new Set([...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, name = ""]) => name));
    expect([...mentioned].filter((name) => !scenarios.includes(name))).toEqual([]);
    const files = [...text.matchAll(/\btest\/[\w/-]+(?:\.test\.ts)?/g)].map(([path]) => path);
    expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(scenarios.filter((name) => name !== "first-pod" && !mentioned.has(name))).toEqual([]);
  });
});
