import { describe, expect, it } from "vitest";
import { readPlain } from "../../src/manifest/scalars.ts";
import { aManifest, podOf } from "./kit.ts";

describe("unquoted words mean what they mean to Kubernetes", () => {
  it.each<[string, unknown]>([
    ["yes", true],
    ["Off", false],
    ["y", true],
    ["NO", false],
    ["~", null],
    ["", null],
    ["0644", 420],
    ["0o644", 420],
    ["0x1F", 31],
    ["0b101", 5],
    ["-010", -8],
    ["089", 89],
    ["1_000", 1000],
    ["1e3", 1000],
    [".5", 0.5],
    ["1.10", 1.1],
    ["12:30:45", "12:30:45"],
    ["80:80", "80:80"],
    ["2026-01-02", "2026-01-02"],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["99999999999999999999", 1e20],
    ["1.2.3", "1.2.3"],
    ["0x", "0x"],
    ["-", "-"],
    ["1Gi", "1Gi"],
    ["nope", "nope"],
  ])("%s", (word, value) => {
    expect(readPlain(word)).toEqual(value);
  });

  it("is quick with a number of many digits", () => {
    expect(readPlain("9".repeat(100_000))).toBe("9".repeat(100_000));
  });
});

describe("in a manifest", () => {
  const withMode = (mode: string): string =>
    JSON.stringify(aManifest({ volumes: [{ name: "v", downwardAPI: { defaultMode: "MODE" } }] })).replace(
      '"MODE"',
      mode,
    );

  it.each([
    ["0644", 420],
    ["420", 420],
    ["0o400", 256],
  ])("defaultMode: %s", (written, mode) => {
    expect(podOf(withMode(written)).spec.volumes?.[0]?.downwardAPI?.defaultMode).toBe(mode);
  });

  it("quotes and tags make texts", () => {
    const text = `apiVersion: v1
kind: Pod
metadata: {name: a, labels: {a: "yes", b: !!str 1.10, c: '0644', 12: "x", on: "y"}}
spec: {containers: [{name: a, image: b}]}`;
    expect(podOf(text).labels).toEqual({ a: "yes", b: "1.10", c: "0644", "12": "x", true: "y" });
  });
});
