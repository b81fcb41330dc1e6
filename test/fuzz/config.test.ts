import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Finding, showFinding } from "../../src/cmd/config/finding.ts";
import { OWN_FLAGS, readFlags } from "../../src/cmd/config/flags.ts";
import { loadSettings } from "../../src/cmd/config/load.ts";
import { mergeAssignments } from "../../src/cmd/config/merge.ts";
import { printSettings } from "../../src/cmd/config/print.ts";
import { readConfigFile } from "../../src/cmd/config/read-document.ts";
import { checkRules } from "../../src/cmd/config/rules.ts";
import { ALL_ROWS, DOCUMENTS, defaultSettings } from "../../src/cmd/config/settings.ts";
import { startCpuTime } from "../kit/cpu-time.ts";
import { hold } from "./hold.ts";
import { changedValue, editedText, spice, strange } from "./mutate.ts";

const PATH = "/etc/berth/config.yaml";
const KUBELET = { apiVersion: DOCUMENTS.KubeletConfiguration.apiVersion, kind: "KubeletConfiguration" };
const AGENT = { apiVersion: DOCUMENTS.AgentConfiguration.apiVersion, kind: "AgentConfiguration" };

const honest = [
  printSettings(defaultSettings()),
  `${stringify({ ...KUBELET, maxPods: 100, clusterDNS: ["10.0.0.1"], evictionHard: { "memory.available": "100Mi" } })}---
${stringify({ ...AGENT, nodeLabels: { a: "b" }, unknownFields: "warn", eventJournal: { maxSize: "1Mi" } })}`,
  `${stringify(AGENT)}nodeLabels: &l { a: b }\neventJournal: *l\nrootDir: *x\nnodeIP: [*y, &z [*z]]\n`,
  `${stringify(AGENT)}nodeLabels: &l { a: *l }\nsocketPath: &k\nviewSocketPath: *k\n`,
];

/** A finding that a person can do something with. */
function checkFindings(findings: readonly Finding[]): void {
  for (const finding of findings) {
    expect(finding.message).not.toBe("");
    expect(finding.message).not.toMatch(/^Cannot read prop|is not a function|Maximum call stack/);
    const { place } = finding;
    if (place.kind !== "file") continue;
    expect(place.path).toBe(PATH);
    expect(Math.min(place.line ?? 0, place.column ?? 0), showFinding(finding)).toBeGreaterThan(0);
  }
}

/** Reads a file as berthd does, and what it says goes through all that follows. */
function readThrough(content: string): void {
  const cpuMs = startCpuTime();
  const { assignments, findings } = readConfigFile(PATH, content);
  expect(cpuMs()).toBeLessThan(5000);
  checkFindings(findings);
  const merged = mergeAssignments([assignments]);
  for (const { message } of checkRules(merged)) expect(message).not.toBe("");
  if (findings.some(({ severity }) => severity === "error")) return;
  const printed = readConfigFile(PATH, printSettings(merged.settings));
  expect(printed.findings.filter(({ severity }) => severity === "error").map(showFinding)).toEqual([]);
  expect(mergeAssignments([printed.assignments]).settings).toEqual(merged.settings);
}

describe("a configuration file is read to the end, whatever it holds", () => {
  it("with edits", () => hold(300, editedText(honest), readThrough));

  it("of spices alone", () =>
    hold(
      100,
      fc.array(spice, { maxLength: 200 }).map((parts) => parts.join("")),
      readThrough,
    ));

  it("of spices many times over", () =>
    hold(
      8,
      fc.tuple(spice, spice, fc.integer({ min: 1, max: 8_000 })).map(([one, two, count]) => (one + two).repeat(count)),
      readThrough,
    ));

  it("with fields of wrong types", () => {
    const rows = fc.constantFrom(...ALL_ROWS);
    const value = fc.oneof(strange, fc.jsonValue({ maxDepth: 3 }));
    const document = fc.array(fc.tuple(rows, value), { minLength: 1, maxLength: 5 }).map((fields) =>
      (["KubeletConfiguration", "AgentConfiguration"] as const).map((kind) => {
        const own = fields.filter(([row]) => row.document === kind);
        const head = kind === "AgentConfiguration" ? AGENT : KUBELET;
        return stringify(nested({ ...head, ...Object.fromEntries(own.map(([row, it]) => [row.key, it])) }));
      }),
    );
    return hold(300, document, (documents) => readThrough(documents.join("---\n")));
  });

  it("with a field of the defaults changed", () => {
    const whole = nested(Object.fromEntries(ALL_ROWS.map(({ key, row }) => [key, row.kind.show(row.default)])));
    return hold(100, changedValue({ ...KUBELET, ...whole }), (value) => readThrough(stringify(value) ?? ""));
  });
});

/** Dotted keys as nested mappings. */
function nested(flat: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flat)) {
    if (value === undefined) continue;
    const parts = key.split(".");
    const last = parts.pop() ?? "";
    let into = all;
    for (const part of parts) {
      const below = into[part];
      const next = typeof below === "object" && below !== null ? (below as Record<string, unknown>) : {};
      into[part] = next;
      into = next;
    }
    into[last] = value;
  }
  return all;
}

describe("a command line", () => {
  const known = [...Object.keys(OWN_FLAGS), ...ALL_ROWS.flatMap(({ row }) => row.flag ?? [])];
  const name = fc.oneof(fc.constantFrom(...known), fc.constantFrom("__proto__", "", "constructor", "v", "x", "-"));
  const value = fc.oneof(
    strange.map((it) => (typeof it === "string" ? it : JSON.stringify(it))),
    fc.string({ maxLength: 10 }),
    fc.constantFrom("a=1,b=2", "10m", "0"),
  );
  const word = fc.oneof(
    name.map((it) => `--${it}`),
    fc.tuple(name, value).map(([it, given]) => `--${it}=${given}`),
    fc.tuple(name, value).map(([it, given]) => `-${it.slice(0, 1)}${given}`),
    value,
    fc.constantFrom("--", "-", "---", "--=", "-h", "-v=3"),
  );

  it("is understood or complained of, whatever it is", () =>
    hold(400, fc.array(word, { maxLength: 6 }), (args) => {
      const read = readFlags(args);
      if ("complaint" in read) {
        expect(read.complaint).not.toBe("");
        return;
      }
      const merged = mergeAssignments([read.assignments]);
      checkRules(merged);
      expect(printSettings(merged.settings)).not.toBe("");
    }));
});

describe("precedence", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "berth-fuzz-config-"));
    mkdirSync(join(dir, "d"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const layers = ["config.yaml", "d/1.conf", "d/2.conf", "environment", "flag"] as const;
  it("is file, drop-ins in order, environment, flag: the last one that says something holds", () =>
    hold(40, fc.uniqueArray(fc.constantFrom(...layers)), async (said) => {
      const wordOf = (layer: string): string => `unix:///run/${layers.indexOf(layer as never)}.sock`;
      for (const file of layers.slice(0, 3)) {
        const more = said.includes(file) ? { containerRuntimeEndpoint: wordOf(file) } : {};
        writeFileSync(join(dir, file), stringify({ ...KUBELET, ...more }));
      }
      const flag = said.includes("flag") ? [`--container-runtime-endpoint=${wordOf("flag")}`] : [];
      const flags = readFlags(["--config", join(dir, "config.yaml"), "--config-dir", join(dir, "d"), ...flag]);
      if ("complaint" in flags) throw new Error(flags.complaint);
      const env = said.includes("environment") ? { CONTAINER_RUNTIME_ENDPOINT: wordOf("environment") } : {};
      const { settings, findings } = await loadSettings(flags, env);
      expect(findings.map(showFinding)).toEqual([]);
      const last = layers.findLast((layer) => said.includes(layer));
      expect(settings.containerRuntimeEndpoint).toBe(
        last === undefined ? defaultSettings().containerRuntimeEndpoint : wordOf(last),
      );
    }));
});
