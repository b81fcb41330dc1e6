import { describe, expect, it } from "vitest";
import { effectsOf } from "./fields/effects.ts";
import { HARMLESS, many, metadata, REFUSED } from "./hostile-manifests.ts";
import { compile } from "./kit.ts";

describe("a manifest that tries to escape is refused, with the place", () => {
  it.each(REFUSED)("%s", (_what, manifest, path, words) => {
    const { documents, problems } = compile(manifest);
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: "error", path, line: 1, message: expect.stringContaining(words) }),
    );
    // No pod comes of it: nothing downstream ever sees the value.
    expect(documents.filter(({ kind }) => kind === "pod")).toEqual([]);
  });
});

/** Leaves that are places on the host. */
const PLACES = /(^|\.)(host_path|log_directory|cgroup_parent|log_path|localhost_ref)$/;

describe("a strange manifest stays in its place", () => {
  it.each(HARMLESS)("%s", async (_what, manifest) => {
    expect(compile(manifest).problems).toEqual([]);
    const places = [...(await effectsOf(manifest))].filter(([name, value]) => PLACES.test(name) && value !== "");
    expect(places.length).toBeGreaterThan(2);
    for (const [, place] of places) {
      expect(place.split("/")).not.toContain("..");
      expect(place).toMatch(
        /^(\/var\/lib\/berth\/pods\/|\/var\/log\/pods\/default_web-node1_|\/kubepods\/|app\/0\.log$)/,
      );
    }
  });

  it("the reserved labels are the agent's, whatever the manifest says", async () => {
    const effects = await effectsOf(metadata({ labels: { "io.kubernetes.pod.namespace": "kube-system" } }));
    expect(effects.get("sandbox.labels.io.kubernetes.pod.namespace")).toBe("default");
  });

  it.each([
    ["a document of a thousand levels", `${`{"a":`.repeat(1_000)}1${"}".repeat(1_000)}`],
    [
      "aliases that grow with each line",
      `a: &a [x]\n${many(40, (at) => `b${at}: &b${at} [*${at === 0 ? "a" : `b${at - 1}`}, *a]`).join("\n")}\n`,
    ],
    ["a NUL in the text", "kind: Pod\0"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00])],
    [
      "a key that is JavaScript's own",
      JSON.stringify({ apiVersion: "v1", kind: "Pod", ["__proto__"]: { polluted: true }, constructor: {} }),
    ],
  ])("%s is a problem and no crash", (_what, content) => {
    const { documents, problems } = compile(content);
    expect(problems.length).toBeGreaterThan(0);
    expect(documents.filter(({ kind }) => kind === "pod")).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
