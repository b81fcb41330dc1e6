import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { aManifest, bytesOf, compile, complaints, podOf, words } from "./kit.ts";

const SHARED = join(import.meta.dirname, "../manifests");
const shared = (file: string): Uint8Array => readFileSync(join(SHARED, file));
const summary = (file: string): string[] =>
  compile(shared(file)).problems.map(
    ({ code, severity, line, column, path }) => `${line}:${column} ${severity} ${code} ${path ?? ""}`,
  );

describe("manifests in general use", () => {
  it.each([
    ["javaweb-2.yaml", "default/javaweb-2-node1"],
    ["lifecycle-demo.yaml", "demo/lifecycle-demo-node1"],
    ["myapp-pod.yaml", "demo/myapp-pod-node1"],
    ["node-selector.yaml", "default/test-node1"],
    ["probe-demo.yaml", "demo/probe-demo-node1"],
    ["two-containers.yaml", "default/two-containers-node1"],
    ["twocontainers.yaml", "default/twocontainers-node1"],
  ])("%s is taken as written", (file, key) => {
    const { reading, documents, problems } = compile(shared(file));
    expect(problems).toEqual([]);
    expect(reading).toBe("whole");
    const [document] = documents;
    expect(document).toMatchObject({ kind: "pod", warned: false });
    if (document?.kind === "pod") expect(`${document.pod.namespace}/${document.pod.name}`).toBe(key);
  });
});

describe("what people paste", () => {
  it("two-containers-one-line.yaml: all line breaks lost", () => {
    expect(summary("broken/two-containers-one-line.yaml")).toEqual(["1:13 error NotAMapping "]);
    expect(compile(shared("broken/two-containers-one-line.yaml"))).toMatchObject({
      reading: "broken",
      documents: [{ kind: "broken" }],
      problems: [{ advice: expect.stringContaining("line breaks were lost") }],
    });
  });

  it("javaweb-2-ports-in-spec.yaml: ports under spec", () => {
    const { reading, documents, problems } = compile(shared("broken/javaweb-2-ports-in-spec.yaml"));
    expect(reading).toBe("whole");
    expect(documents).toEqual([{ kind: "broken", pod: "default/javaweb-2-node1" }]);
    expect(problems).toEqual([
      {
        code: "FieldUnknown",
        severity: "error",
        file: "/m/pod.yaml",
        line: 20,
        column: 3,
        path: "spec.ports",
        message: "unknown field `spec.ports`",
        advice: "the nearest known path is `spec.containers[0].ports`: move it there",
        pod: "default/javaweb-2",
      },
    ]);
  });

  it("myapp-pod-smart-quotes.yaml: valid, with a warning that names the character", () => {
    const { documents, problems } = compile(shared("broken/myapp-pod-smart-quotes.yaml"));
    expect(documents).toMatchObject([{ kind: "pod", warned: true }]);
    expect(summary("broken/myapp-pod-smart-quotes.yaml")).toEqual([
      "23:15 warning QuoteSuspicious spec.containers[0].command[0]",
      "23:21 warning QuoteSuspicious spec.containers[0].command[1]",
      "23:27 warning QuoteSuspicious spec.containers[0].command[2]",
    ]);
    expect(problems[0]?.message).toContain("‘ (U+2018 LEFT SINGLE QUOTATION MARK)");
  });

  it("node-selector-flat.yaml: lost indentation and `...` as a placeholder", () => {
    expect(summary("broken/node-selector-flat.yaml")).toEqual([
      "1:1 error ValueInvalid metadata.name",
      "1:1 error ValueInvalid spec.containers",
      "4:1 error KindUnknown ",
    ]);
    expect(compile(shared("broken/node-selector-flat.yaml")).problems[2]?.advice).toContain("`...` on line 3");
  });

  it("test-misindented.yaml: every field that lost its place is named before the line that is no YAML", () => {
    const { reading, problems } = compile(shared("broken/test-misindented.yaml"));
    expect(reading).toBe("broken");
    expect(
      problems.map(({ line, path, advice }) => `${line} ${path ?? ""} ${/`([^`]+)`/.exec(advice)?.[1] ?? ""}`),
    ).toEqual([
      "6 run metadata.labels",
      "9 spec.env spec.nodeSelector",
      "12 spec.image spec.containers[0].image",
      "13 spec.imagePullPolicy spec.containers[0].imagePullPolicy",
      "14 spec.ports spec.containers[0].ports",
      "16 spec.env spec.containers[0].env",
      "18 spec.value spec.containers[0].env[0].value",
      "19  ",
    ]);
  });
});

describe("files", () => {
  const pod = (name: string): string => JSON.stringify(aManifest({}, {}, { name }));

  it("holds many documents, separated and ended as YAML has it", () => {
    const { documents } = compile(
      `# head\n---\n${pod("a")}\n---\n# nothing\n---\n${pod("b")}\n...\n---\n${pod("c")}\n`,
    );
    expect(documents.map((one) => one.kind === "pod" && one.pod.manifestName)).toEqual(["a", "b", "c"]);
    expect(documents.map((one) => one.kind === "pod" && one.pod.origin)).toMatchObject([
      { document: 0, line: 3 },
      { document: 1, line: 7 },
      { document: 2, line: 10 },
    ]);
  });

  it.each(["", "\n", "# only a comment\n", "---\n", "---\n---\n", "\ufeff"])("holds nothing: %j", (text) => {
    expect(compile(text)).toMatchObject({ reading: "whole", documents: [], problems: [] });
  });

  it("takes a v1 List apart and places what is wrong in it", () => {
    const list = { apiVersion: "v1", kind: "List", items: [aManifest(), aManifest({ port: 1 }, {}, { name: "b" })] };
    const { documents, problems } = compile(list);
    expect(documents.map(({ kind }) => kind)).toEqual(["pod", "broken"]);
    expect(problems.map(words)).toEqual(["items[1].spec.port: unknown field `items[1].spec.port`"]);
  });

  it.each<[string, object, string]>([
    ["without items", {}, "items: Required value: must be a list of objects"],
    ["with a word for items", { items: "x" }, "items: Required value: must be a list of objects"],
    ["with a typo", { itmes: [], items: [] }, "itmes: unknown field `itmes`"],
    ["with nothing for an item", { items: [null] }, "items[0]: the document is not a mapping of fields"],
  ])("does not take a List %s for an empty one", (_name, rest, complaint) => {
    const list = { apiVersion: "v1", kind: "List", ...rest };
    expect(complaints(list)).toEqual([complaint]);
    expect(compile(list).documents).toEqual([{ kind: "broken" }]);
  });

  it("takes the items of a PodList for pods", () => {
    const { kind: _kind, apiVersion: _version, ...bare } = aManifest();
    const { documents } = compile({ apiVersion: "v1", kind: "PodList", items: [bare] });
    expect(documents.map(({ kind }) => kind)).toEqual(["pod"]);
  });

  it("reads UTF-8 with a byte order mark", () => {
    expect(podOf(`\ufeff${pod("a")}`).manifestName).toBe("a");
  });

  it.each<[string, Uint8Array, string]>([
    ["UTF-16 with a mark", Buffer.from(`\ufeff${pod("a")}`, "utf16le"), "written in UTF-16"],
    ["UTF-16 without", Buffer.from(pod("a"), "utf16le"), "written in UTF-16"],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), "written in UTF-32"],
    ["NUL bytes", bytesOf("kind: Pod\nx: a\0b"), "NUL byte"],
    ["control characters", bytesOf("a: \u0007"), "0x07"],
    ["Latin-1", Buffer.from("a: caf\xe9\n", "latin1"), "not UTF-8"],
  ])("refuses %s with a clear problem", (_name, bytes, message) => {
    const { reading, problems } = compile(bytes);
    expect(reading).toBe("broken");
    expect(problems).toMatchObject([{ code: "FileNotText", message: expect.stringContaining(message) }]);
  });

  it("says where the byte is", () => {
    expect(compile("kind: Pod\nx: a\0b").problems).toMatchObject([{ line: 2, column: 5 }]);
  });

  it("reports what is wrong in all documents together, in order", () => {
    const text =
      "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{name: a, imag: x}]}\n---\na: b: c\n---\n- 1\n";
    expect(compile(text).problems.map(({ line, code }) => `${line} ${code}`)).toEqual([
      "4 ValueInvalid",
      "4 FieldUnknown",
      "6 YamlInvalid",
      "8 NotAMapping",
    ]);
  });

  it("keeps the list of problems short", () => {
    const many = Array.from({ length: 500 }, (_, at) => `field${at}: 1\n`).join("");
    const { problems } = compile(`apiVersion: v1\nkind: Pod\n${many}`);
    expect(problems).toHaveLength(100);
    expect(problems.some(({ message }) => message.endsWith("(and 402 more)"))).toBe(true);
  });
});

describe("kinds", () => {
  it.each([
    ["apps/v1", "Deployment", "spec.template"],
    ["apps/v1", "DaemonSet", "spec.template"],
    ["apps/v1", "StatefulSet", "spec.template"],
    ["apps/v1", "ReplicaSet", "spec.template"],
    ["batch/v1", "Job", "spec.template"],
    ["batch/v1", "CronJob", "spec.jobTemplate.spec.template"],
  ])("says where the pod template of a %s %s is", (apiVersion, kind, path) => {
    const { documents, problems } = compile(
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec:\n  replicas: 2\n  template: {}\n`,
    );
    expect(documents).toMatchObject([{ kind: "broken" }]);
    expect(problems).toMatchObject([{ code: "KindHasTemplate", path, message: expect.stringContaining(path) }]);
    if (path === "spec.template") expect(problems[0]).toMatchObject({ line: 6, column: 3 });
  });

  it.each([
    ["apiVersion: v1\nkind: pod", "kind", "did you mean Pod?"],
    ["apiVersion: v1\nkind: Service", "kind", "remove the document"],
    ["apiVersion: apps/v1\nkind: Pod", "apiVersion", "write apiVersion: v1"],
    ["kind: Pod", "apiVersion", "write apiVersion: v1"],
    ["metadata: {name: a}", undefined, "write apiVersion: v1 and kind: Pod"],
    [
      "apiVersion: v1\nkind: List\nitems:\n- kind: List\n  apiVersion: v1",
      "items[0]",
      "put its items into the outer one",
    ],
  ])("%j", (text, path, advice) => {
    const [problem] = compile(text).problems;
    expect(problem).toMatchObject({ code: "KindUnknown", advice: expect.stringContaining(advice) });
    expect(problem?.path).toBe(path);
  });
});

describe("ConfigMaps and Secrets", () => {
  const config = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c" },
    data: { a: "1" },
    binaryData: { b: "AAE=" },
  };
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "demo" },
    stringData: { a: "hidden" },
  };

  it("are documents with a version that follows their content", () => {
    const [first] = compile(config).documents;
    expect(first).toMatchObject({ kind: "config", key: "ConfigMap/default/c", warned: false });
    const changed = compile({ ...config, data: { a: "2" } }).documents[0];
    expect(changed).not.toEqual(first);
    expect(compile(Object.fromEntries(Object.entries(config).reverse())).documents[0]).toEqual(first);
  });

  it("hand their bodies over beside the documents", () => {
    const [body] = compile(secret).contents;
    expect(body).toMatchObject({ key: "Secret/demo/s", body: { type: "Opaque" } });
    expect(Buffer.from(body?.body.data.get("a") ?? []).toString()).toBe("hidden");
    expect(JSON.stringify(compile(secret).documents)).not.toContain("hidden");
  });

  it.each<[string, object]>([
    ["a number", { ...secret, stringData: { password: 424_242 } }],
    ["bad base64", { ...secret, data: { password: "not base64 424242" } }],
    ["a list", { ...secret, stringData: { password: ["424242"] } }],
    ["a bad key", { ...secret, stringData: { "a b": "424242" } }],
  ])("never have their values repeated: %s", (_name, document) => {
    const { documents, problems } = compile(document);
    expect(documents).toMatchObject([{ kind: "broken" }]);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("424242");
  });

  it("keep a key named __proto__ a plain key", () => {
    const text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"__proto__":"x"}}';
    expect([...(compile(text).contents[0]?.body.data.keys() ?? [])]).toEqual(["__proto__"]);
  });
});

describe("strictness", () => {
  it.each<[string, string, string]>([
    ["a typo", "spec:\n  restartPolice: Never", "did you mean `spec.restartPolicy`?"],
    ["wrong case", "spec:\n  hostnetwork: true", "did you mean `spec.hostNetwork`?"],
    [
      "a field of the container",
      "spec:\n  livenessProbe: {}",
      "the nearest known path is `spec.containers[0].livenessProbe`: move it there",
    ],
    ["a field of the pod", "image: x", "the nearest known path is `spec.containers[0].image`: move it there"],
    ["nothing like it", "spec:\n  zzzzzzzz: 1", "remove it, or use one of: activeDeadlineSeconds"],
  ])("%s", (_name, lines, advice) => {
    const { problems } = compile(`apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n${lines}\n`);
    expect(problems.find(({ code }) => code === "FieldUnknown")?.advice).toContain(advice);
  });

  it("finds the place in lists where the field stood", () => {
    const two = aManifest({
      containers: [
        { name: "a", image: "b" },
        { name: "b", image: "b", httpGet: {} },
      ],
    });
    expect(compile(two).problems[0]?.advice).toContain("`spec.containers[1].livenessProbe.httpGet`");
  });

  it("lets unknown fields pass with a warning where the settings say so", () => {
    const { documents, problems } = compile(aManifest({ zzz: 1 }), { unknownFields: "warn" });
    expect(documents).toMatchObject([{ kind: "pod", warned: true }]);
    expect(problems).toMatchObject([{ code: "FieldUnknown", severity: "warning" }]);
  });

  it("refuses a field that is written twice, naming both lines", () => {
    const { problems } = compile(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\nspec: {containers: [{name: a, image: b}]}\n",
    );
    expect(problems).toMatchObject([
      { code: "FieldDuplicate", line: 5, column: 3, path: "metadata.name", advice: expect.stringContaining("line 4") },
    ]);
  });

  it.each<[string, object, string]>([
    [
      "a number for a text",
      aManifest({}, { env: [{ name: "A", value: 30 }] }),
      "spec.containers[0].env[0].value: Invalid value: must be a text, not a number",
    ],
    [
      "a text for a number",
      aManifest({ terminationGracePeriodSeconds: "30" }),
      "spec.terminationGracePeriodSeconds: Invalid value: must be a whole number, not a text",
    ],
    [
      "a fraction",
      aManifest({ activeDeadlineSeconds: 1.5 }),
      "spec.activeDeadlineSeconds: Invalid value: must be a whole number, not a number",
    ],
    [
      "more than 32 bits",
      aManifest({ priority: 3_000_000_000 }),
      "spec.priority: Invalid value: 3000000000: the number is too large",
    ],
    [
      "a text for a boolean",
      aManifest({ hostNetwork: "true" }),
      "spec.hostNetwork: Invalid value: must be true or false, not a text",
    ],
    [
      "a mapping for a list",
      aManifest({ containers: {} }),
      "spec.containers: Invalid value: must be a list, not a mapping",
    ],
    [
      "a word for a mapping",
      aManifest({ securityContext: "x" }),
      "spec.securityContext: Invalid value: must be a mapping of fields, not a single word",
    ],
    [
      "a bad quantity",
      aManifest({}, { resources: { limits: { memory: "1Gb" } } }),
      'spec.containers[0].resources.limits[memory]: Invalid value: "1Gb": quantities are a number with a suffix such as m, k, M, G, Ki, Mi or Gi',
    ],
  ])("knows the types: %s", (_name, manifest, expected) => {
    expect(complaints(manifest)).toEqual([expected]);
  });

  it("never rounds a number that does not fit", () => {
    const text = JSON.stringify(aManifest({ terminationGracePeriodSeconds: 1 })).replace(":1}", ":9007199254740993}");
    expect(complaints(text)).toEqual([
      "spec.terminationGracePeriodSeconds: Invalid value: 9007199254740993: the number is too large",
    ]);
  });

  it("does not hold rules against a field that could not be read", () => {
    expect(complaints(aManifest({}, { image: 5 }))).toEqual([
      "spec.containers[0].image: Invalid value: must be a text, not a number",
    ]);
  });

  it("reads nulls as absent", () => {
    expect(
      podOf(aManifest({ volumes: null, hostNetwork: null }, { command: null, env: null })).spec.volumes,
    ).toBeUndefined();
  });

  it("keeps __proto__ out", () => {
    const text =
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"__proto__":"x"}},"spec":{"__proto__":{"hostNetwork":true},"containers":[{"name":"a","image":"b"}]}}';
    expect(compile(text).problems.map(({ path }) => path)).toEqual(["metadata.labels[__proto__]", "spec.__proto__"]);
  });
});

describe("anchors and aliases", () => {
  it("unfolds them, and merges", () => {
    const text = [
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:",
      "  containers:",
      "  - &base {name: one, image: 'busybox:1', env: [{name: A, value: &v 'x'}]}",
      "  - <<: *base\n    name: two\n    env: [{name: B, value: *v}]",
    ].join("\n");
    expect(podOf(text).spec.containers).toMatchObject([
      { name: "one", image: "busybox:1", env: [{ name: "A", value: "x" }] },
      { name: "two", image: "busybox:1", env: [{ name: "B", value: "x" }] },
    ]);
  });

  it.each(["&a [*a]", "apiVersion: v1\nkind: Pod\nmetadata: &m\n  <<: *m\n  name: x\n", "a: *missing"])(
    "survives circles: %j",
    (text) => {
      expect(compile(text).problems.length).toBeGreaterThan(0);
    },
  );

  it("gives up on what unfolds without end", () => {
    const rows = [..."bcdefghi"].map(
      (name, at) => `    - &${name} {${Array.from({ length: 9 }, (_, n) => `k${n}: *${"abcdefgh"[at]}`).join(", ")}}`,
    );
    const bomb = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  managedFields:\n    - &a {manager: x}\n${rows.join("\n")}\n`;
    const lists = `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &a {name: x, args: &l [${"x,".repeat(999)}]}\n  - args: [${"*l,".repeat(999)}]\n`;
    for (const text of [bomb, lists]) expect(compile(text).problems.length).toBeGreaterThan(0);
    const wide = `apiVersion: v1\nkind: Pod\nspec:\n  containers: &c [{args: &x [${"x,".repeat(800)}]}, ${"{args: *x},".repeat(800)}]\n`;
    expect(compile(wide).problems).toMatchObject([{ code: "TooComplex" }]);
  });
});

describe("several handlers (D10)", () => {
  it("uses the first and warns of the others", () => {
    const probe = { tcpSocket: { port: 80 }, httpGet: { port: 80 }, exec: { command: ["true"] } };
    const { documents, problems } = compile(aManifest({}, { livenessProbe: probe }));
    expect(problems.map(({ path, code, severity }) => `${path} ${code} ${severity}`).sort()).toEqual([
      "spec.containers[0].livenessProbe.httpGet HandlerIgnored warning",
      "spec.containers[0].livenessProbe.tcpSocket HandlerIgnored warning",
    ]);
    const [document] = documents;
    if (document?.kind !== "pod") throw new Error("no pod");
    expect(document.pod.spec.containers[0]?.livenessProbe).toMatchObject({ exec: { command: ["true"] } });
    expect(document.pod.spec.containers[0]?.livenessProbe).not.toHaveProperty("httpGet");
  });
});

describe("what needs an API server (F16)", () => {
  it.each<[string, object, string, string]>([
    ["service account", aManifest({ serviceAccountName: "a" }), "spec.serviceAccountName", "serviceaccounts"],
    [
      "claim",
      aManifest({ volumes: [{ name: "a", persistentVolumeClaim: { claimName: "a" } }] }),
      "spec.volumes[0].persistentVolumeClaim",
      "persistentvolumeclaims",
    ],
    [
      "token",
      aManifest({ volumes: [{ name: "a", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] }),
      "spec.volumes[0].projected.sources[0].serviceAccountToken",
      "serviceaccounts",
    ],
    ["csi", aManifest({ volumes: [{ name: "a", csi: { driver: "x" } }] }), "spec.volumes[0].csi", "csi volumes"],
    ["claims of devices", aManifest({ resourceClaims: [{ name: "a" }] }), "spec.resourceClaims", "resourceclaims"],
  ])("%s", (_name, manifest, path, what) => {
    const { problems } = compile(manifest);
    expect(problems).toMatchObject([
      { code: "ReferenceForbidden", path, message: `Forbidden: static pods may not reference ${what}` },
    ]);
  });
});
