import { aManifest } from "../kit.ts";

type Json = { [name: string]: unknown };

/** How a test shows that a field is honoured. */
export type Proof =
  /** Two manifests that differ in the field alone, and where the difference is seen. */
  | { readonly kind: "change"; readonly one: object; readonly other: object; readonly sees: string }
  /** A scenario whose story becomes another one when this text of its manifest is replaced by that. */
  | { readonly kind: "scenario"; readonly name: string; readonly from: string; readonly to: string }
  /** The one test of exactly that title, where only a process, a disk or a network can show it; `writes` stands in its body. */
  | { readonly kind: "test"; readonly file: string; readonly title: string; readonly writes: string };

/** Two values of one field in a container of its own. */
export const inContainer = (of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof => ({
  kind: "change",
  one: aManifest({}, of(one)),
  other: aManifest({}, of(other)),
  sees,
});

/** The same in the pod's spec. */
export const inSpec = (of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof => ({
  kind: "change",
  one: aManifest(of(one)),
  other: aManifest(of(other)),
  sees,
});

/** Two values of a field in a volume `v`, which the container mounts at /v. */
export function inVolume(of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof {
  const pod = (value: unknown): object =>
    aManifest({ volumes: [{ name: "v", ...of(value) }] }, { volumeMounts: [{ name: "v", mountPath: "/v" }] });
  return { kind: "change", one: pod(one), other: pod(other), sees };
}

/** Seen by a test of its own, which writes the field so. */
export const shownBy = (file: string, title: string, writes: string): Proof => ({ kind: "test", file, title, writes });

/** Seen in a scenario, as soon as its manifest says something else. */
export const inScenario = (name: string, from: string, to: string): Proof => ({ kind: "scenario", name, from, to });

/** The source of the test, or of the row of a table of tests, that has this title; undefined unless there is exactly one. */
export function testNamed(source: string, title: string): string | undefined {
  const lines = source.split("\n");
  const places = lines.flatMap((line, at) => (isTitleOf(line, title) ? [at] : []));
  const [at] = places;
  if (at === undefined || places.length > 1) return undefined;
  return lines.slice(beginOf(lines, at), endOf(lines, at)).join("\n");
}

/** `it("...")`, `it.skipIf(x)("...")`, the end of `it.each([...])("...")`, or the first element of a row. */
function isTitleOf(line: string, title: string): boolean {
  const [before, ...after] = line.split(`"${title}",`);
  return after.length === 1 && /^\s*(it[.\w]*\(([\w]*\)\()?|\]\)\(|\[)?$/.test(before ?? "");
}

const depth = (line: string): number => line.search(/\S/);

/** Rows of `it.each` stand before its title. */
function beginOf(lines: readonly string[], at: number): number {
  const isEach = lines[at]?.trimStart().startsWith("])(") === true;
  return isEach ? lines.findLastIndex((line, other) => other < at && /^\s*it\.each/.test(line)) : at;
}

function endOf(lines: readonly string[], at: number): number {
  const first = lines[at] ?? "";
  const opening = first.trimStart()[0];
  if (opening === "[") return at + 1;
  const least = opening === '"' ? depth(first) - 1 : depth(first);
  const end = lines.findIndex((line, other) => other > at && depth(line) >= 0 && depth(line) <= least);
  return end < 0 ? lines.length : end + 1;
}
