import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FIELD_GROUPS } from "../../../dev/field-groups.ts";
import { fieldsOf } from "../../../src/manifest/shapes.ts";
import { FIELDS, podFields } from "../../../src/manifest/supported.ts";
import { playScenario } from "../../kit/scenario/run.ts";
import { aManifest, compile } from "../kit.ts";
import { CONTAINER_PROOFS } from "./container-proofs.ts";
import { type Effects, effectsOf } from "./effects.ts";
import { POD_PROOFS } from "./pod-proofs.ts";
import { type Proof, testNamed } from "./proof.ts";
import { VOLUME_PROOFS } from "./volume-proofs.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PROOFS: Readonly<Record<string, Proof>> = { ...POD_PROOFS, ...CONTAINER_PROOFS, ...VOLUME_PROOFS };
const entries = Object.entries(PROOFS);
const changes = entries.flatMap(([name, proof]) => (proof.kind === "change" ? [[name, proof] as const] : []));
const scenarios = entries.flatMap(([name, proof]) => (proof.kind === "scenario" ? [[name, proof] as const] : []));
const tests = entries.flatMap(([name, proof]) => (proof.kind === "test" ? [[name, proof] as const] : []));

describe("the table of fields (D4)", () => {
  it.each(Object.entries(FIELDS))("%s: every field has a row, and every row a field", (type, rows) => {
    expect(Object.keys(rows).toSorted()).toEqual([...(fieldsOf(type)?.keys() ?? [])].toSorted());
  });

  it("every field below PodSpec is found once", () => {
    const names = podFields().map(({ type, field }) => `${type}.${field}`);
    expect(new Set(names).size).toBe(names.length);
    const types = new Set(["PodSpec"]);
    for (const type of types) {
      for (const { base } of fieldsOf(type)?.values() ?? []) if (fieldsOf(base) !== undefined) types.add(base);
    }
    const all = [...types].flatMap((type) => [...(fieldsOf(type)?.keys() ?? [])].map((field) => `${type}.${field}`));
    expect(names.toSorted()).toEqual(all.toSorted());
  });

  it("every honoured field has its proof, and no other", () => {
    const honoured = podFields().flatMap(({ type, field, row }) =>
      row.kind === "honoured" ? [`${type}.${field}`] : [],
    );
    expect(Object.keys(PROOFS).toSorted()).toEqual(honoured.toSorted());
  });
});

describe("a field that is honoured changes what comes of the pod", () => {
  it.each(changes)("%s", async (_name, { one, other, sees }) => {
    const [before, again, after] = await Promise.all([effectsOf(one), effectsOf(one), effectsOf(other)]);
    expect(differences(before, again)).toEqual([]);
    expect(differences(before, after).filter((path) => path === sees || path.startsWith(`${sees}.`))).not.toEqual([]);
  });

  it.each(scenarios)("%s, in a scenario", async (_name, { name, from, to }) => {
    const text = readFileSync(join(ROOT, "test/scenarios", `${name}.txt`), "utf8").replace(/^expect .*\n?/gm, "");
    expect(text.split(from)).toHaveLength(2);
    expect(await playScenario(text.replace(from, to))).not.toBe(await playScenario(text));
  });

  it.each(tests)("%s: the test that shows it is there, and writes it", (_name, { file, title, writes }) => {
    expect(testNamed(readFileSync(join(ROOT, file), "utf8"), title) ?? "no such test, or several").toContain(writes);
  });
});

it.each(FIELD_GROUPS.map(({ group, file, title }) => [group, file, title] as const))(
  "the group %s is seen from inside by a test that is there",
  (_group, file, title) => {
    expect(testNamed(readFileSync(join(ROOT, file), "utf8"), title)).toBeDefined();
  },
);

/** Paths whose values differ. Those that carry the UID always do: no proof looks there. */
function differences(one: Effects, other: Effects): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path));
}

describe("a field that is refused", () => {
  it("is a problem with its place", () => {
    const { problems } = compile(aManifest({ runtimeClassName: "gvisor" }));
    expect(problems).toMatchObject([{ code: "FieldUnsupported", path: "spec.runtimeClassName", line: 1 }]);
  });

  const refused = podFields().filter(({ type, row, below }) => row.kind === "refused" && !below && type === "PodSpec");
  it.each(refused.map(({ field, row }) => [field, row] as const))("%s is told with its reason", (field, row) => {
    const { problems, documents } = compile(aManifest({ [field]: [{}] }));
    expect(documents).toMatchObject([{ kind: "broken" }]);
    expect(problems).toMatchObject([{ path: `spec.${field}`, ...("message" in row ? { message: row.message } : {}) }]);
  });

  it.each([null, []])("asks for nothing when it is %j", (value) => {
    expect(compile(aManifest({ ephemeralContainers: value })).problems).toEqual([]);
  });
});
