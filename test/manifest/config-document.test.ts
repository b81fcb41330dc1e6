import { describe, expect, it } from "vitest";
import { aManifest, compile, complaints, podOf } from "./kit.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const configMap = (fields: object): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c" },
  ...fields,
});
const secret = (type: string, data: Record<string, string>, annotations = {}): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "s", annotations },
  type,
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});
const bodyOf = (document: object): Record<string, string> =>
  Object.fromEntries(
    [...(compile(document).contents[0]?.body.data ?? [])].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]),
  );

describe("ConfigMaps and Secrets (D2)", () => {
  it("data is text, binaryData is decoded and marked", () => {
    const document = configMap({ data: { b: "text" }, binaryData: { a: base64("\u0001") } });
    expect(bodyOf(document)).toEqual({ a: "\u0001", b: "text" });
    expect([...(compile(document).contents[0]?.body.binaryKeys ?? [])]).toEqual(["a"]);
  });

  it("a Secret's data is decoded, and stringData wins over it", () => {
    const document = { ...secret("", { a: "one", b: "two" }), stringData: { b: "three" } };
    expect(bodyOf(document)).toEqual({ a: "one", b: "three" });
  });

  it("immutable is told beside the version", () => {
    expect(compile(configMap({ data: { a: "1" }, immutable: true })).documents).toMatchObject([{ immutable: true }]);
    expect(compile(configMap({ data: { a: "1" } })).documents[0]).not.toHaveProperty("immutable");
  });

  it("a version follows the content, and tells nothing of it without the key of the root directory", () => {
    const versionOf = (value: string, digestKey: string): string | undefined =>
      compile(secret("", { a: value }), { digestKey }).contents[0]?.version;
    expect(versionOf("hush", "key")).toBe(versionOf("hush", "key"));
    expect(versionOf("hush", "key")).not.toBe(versionOf("hash", "key"));
    expect(versionOf("hush", "key")).not.toBe(versionOf("hush", "other"));
  });

  it("the size that counts is that of the decoded values", () => {
    const mebibyte = 1024 * 1024;
    expect(complaints(secret("", { a: "x".repeat(mebibyte) }))).toEqual([]);
    expect(complaints(secret("", { a: "x".repeat(mebibyte + 1) }))).toEqual([
      "data: Too long: may not be more than 1048576 bytes",
    ]);
    expect(complaints(configMap({ data: { a: "ä".repeat(mebibyte / 2 + 1) } }))).toHaveLength(1);
  });

  it.each<[string, object, string[]]>([
    ["an own type", secret("example.org/mine", {}), []],
    ["Opaque", secret("Opaque", {}), []],
    ["dockerconfigjson", secret("kubernetes.io/dockerconfigjson", { ".dockerconfigjson": '{"auths":{}}' }), []],
    [
      "dockerconfigjson without its key",
      secret("kubernetes.io/dockerconfigjson", { other: "{}" }),
      ["data[.dockerconfigjson]: Required value"],
    ],
    [
      "dockerconfigjson that is no JSON",
      secret("kubernetes.io/dockerconfigjson", { ".dockerconfigjson": "hush {" }),
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must hold a JSON object'],
    ],
    ["dockercfg", secret("kubernetes.io/dockercfg", { ".dockercfg": "{}" }), []],
    ["dockercfg without its key", secret("kubernetes.io/dockercfg", {}), ["data[.dockercfg]: Required value"]],
    ["basic-auth", secret("kubernetes.io/basic-auth", { password: "hush" }), []],
    [
      "basic-auth with neither key",
      secret("kubernetes.io/basic-auth", { user: "hush" }),
      ["data[username]: Required value: or data.password"],
    ],
    ["ssh-auth", secret("kubernetes.io/ssh-auth", { "ssh-privatekey": "hush" }), []],
    [
      "ssh-auth with an empty key",
      secret("kubernetes.io/ssh-auth", { "ssh-privatekey": "" }),
      ["data[ssh-privatekey]: Required value"],
    ],
    ["tls", secret("kubernetes.io/tls", { "tls.crt": "", "tls.key": "" }), []],
    [
      "tls without its keys",
      secret("kubernetes.io/tls", {}),
      ["data[tls.crt]: Required value", "data[tls.key]: Required value"],
    ],
    [
      "service-account-token",
      secret("kubernetes.io/service-account-token", {}, { "kubernetes.io/service-account.name": "robot" }),
      [],
    ],
    [
      "service-account-token of nobody",
      secret("kubernetes.io/service-account-token", {}),
      ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    ],
  ])("each type has its own checks: %s", (_name, document, expected) => {
    const found = complaints(document);
    expect(found).toEqual(expected);
    expect(found.join()).not.toContain("hush");
  });
});

describe("what a pod says of its documents", () => {
  const volume = (source: object): object => aManifest({ volumes: [{ name: "v", ...source }] });
  const variable = (valueFrom: object): object => aManifest({}, { env: [{ name: "A", valueFrom }] });

  it.each<[string, object, string[]]>([
    ["a ConfigMap's volume", volume({ configMap: { name: "c", items: [{ key: "k", path: "a/b", mode: 0o400 }] } }), []],
    ["a volume without a name", volume({ configMap: {} }), ["spec.volumes[0].configMap.name: Required value"]],
    ["a Secret's volume without a name", volume({ secret: {} }), ["spec.volumes[0].secret.secretName: Required value"]],
    [
      "a mode out of bounds",
      volume({ secret: { secretName: "s", defaultMode: 0o1777 } }),
      ["spec.volumes[0].secret.defaultMode: Invalid value: 1023: must be between 0 and 511, inclusive"],
    ],
    [
      "a path that climbs",
      volume({ configMap: { name: "c", items: [{ key: "k", path: "../k" }] } }),
      [`spec.volumes[0].configMap.items[0].path: Invalid value: "../k": must not contain '..'`],
    ],
    [
      "a path that looks like the writer's own",
      volume({ configMap: { name: "c", items: [{ key: "k", path: "..data" }] } }),
      [`spec.volumes[0].configMap.items[0].path: Invalid value: "..data": must not start with '..'`],
    ],
    [
      "two projections of one path",
      volume({
        projected: {
          sources: [
            { configMap: { name: "c", items: [{ key: "k", path: "x" }] } },
            { secret: { name: "s", items: [{ key: "k", path: "x" }] } },
          ],
        },
      }),
      ['spec.volumes[0].projected.sources: Invalid value: "x": conflicting duplicate paths'],
    ],
    ["a key of a ConfigMap", variable({ configMapKeyRef: { name: "c", key: "k" } }), []],
    [
      "a reference without key",
      variable({ secretKeyRef: { name: "s" } }),
      ["spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value"],
    ],
    [
      "a name that climbs",
      aManifest({}, { envFrom: [{ secretRef: { name: "../s" } }] }),
      [expect.stringContaining("spec.containers[0].envFrom[0].secretRef.name: Invalid value") as unknown as string],
    ],
  ])("is checked: %s", (_name, manifest, expected) => {
    expect(complaints(manifest)).toEqual(expected);
  });

  it("is what it waits for, in its own namespace", () => {
    const pod = podOf(
      aManifest(
        { volumes: [{ name: "v", secret: { secretName: "s", optional: true } }] },
        { envFrom: [{ configMapRef: { name: "c" } }] },
        { namespace: "shop" },
      ),
    );
    expect(pod.documents).toEqual([
      { key: "Secret/shop/s", optional: true },
      { key: "ConfigMap/shop/c", optional: false },
    ]);
  });
});
