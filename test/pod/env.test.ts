import { describe, expect, it } from "vitest";
import type { DocumentBody } from "../../src/pod/document.ts";
import { type EnvSource, resolveEnv } from "../../src/pod/env.ts";
import { rootProblem } from "../../src/pod/run-as-non-root.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { desiredPod } from "../kit/compiled-pod.ts";

const bytes = (values: Record<string, string>): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(values).map(([key, value]) => [key, new TextEncoder().encode(value)]));

function source(container: Partial<v1.Container>, changes: Partial<EnvSource> = {}, spec: Partial<v1.PodSpec> = {}) {
  const pod = desiredPod({
    metadata: { name: "web", uid: "u1", labels: { tier: "front" }, annotations: { note: "hello" } },
    spec: { containers: [{ name: "app", image: "app:1", ...container }], serviceAccountName: "robot", ...spec },
  });
  const first = pod.containers[0];
  if (first === undefined) throw new Error("the pod has no container");
  return {
    pod,
    container: first,
    podIps: ["10.0.0.7", "fd00::7"],
    hostIps: ["192.0.2.1"],
    nodeName: "node",
    allocatable: { cpuMillis: 2000, memoryBytes: 4 * 1024 ** 3 },
    documents: new Map([
      ["ConfigMap/default/settings", body({ COLOUR: "blue", ABC: "1", BLOB: "\0" }, ["BLOB"])],
      ["Secret/default/token", body({ KEY: "s3cret" })],
    ] as const),
    ...changes,
  } satisfies EnvSource;
}

const body = (data: Record<string, string>, binary: string[] = []): DocumentBody => ({
  ...{ type: "", data: bytes(data), binaryKeys: new Set(binary) },
});

/** The variables as an object, or the failure's message. */
function resolved(from: EnvSource): Record<string, string> | string {
  const result = resolveEnv(from);
  if (result.kind === "failed") return result.message;
  return Object.fromEntries(result.variables.map(({ name, value }) => [name, value]));
}

describe("environment (cri-mapping 2.3)", () => {
  it("takes literals in order, expands earlier names only, and lets later ones win", () => {
    const env = [
      { name: "A", value: "$(B)-x" },
      { name: "B", value: "b" },
      { name: "C", value: "$(B)$(A)" },
      { name: "EMPTY" },
      { name: "B", value: "$(B)2" },
    ];
    expect(resolved(source({ env }))).toEqual({ A: "$(B)-x", B: "b2", C: "b$(B)-x", EMPTY: "" });
  });

  it("puts envFrom first, with sorted keys and a prefix, where env wins", () => {
    const container = {
      envFrom: [{ prefix: "P_", configMapRef: { name: "settings" } }, { secretRef: { name: "token" } }],
      env: [{ name: "P_ABC", value: "own, $(P_COLOUR)" }],
    };
    expect(resolveEnv(source(container))).toEqual({
      kind: "resolved",
      variables: [
        { name: "P_ABC", value: "own, blue" },
        { name: "P_COLOUR", value: "blue" },
        { name: "KEY", value: "s3cret" },
      ],
    });
  });

  it("reads keys of documents", () => {
    const env = [
      { name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "COLOUR" } } },
      { name: "B", valueFrom: { secretKeyRef: { name: "token", key: "KEY" } } },
    ];
    expect(resolved(source({ env }))).toEqual({ A: "blue", B: "s3cret" });
  });

  it.each([
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "none", key: "k" } } }] },
      `configmap "none" not found`,
    ],
    [{ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] }, `secret "none" not found`],
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "k" } } }] },
      "couldn't find key k in ConfigMap default/settings",
    ],
    [
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "token", key: "k" } } }] },
      "couldn't find key k in Secret default/token",
    ],
    [{ envFrom: [{ configMapRef: { name: "none" } }] }, `configmap "none" not found`],
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "BLOB" } } }] },
      "couldn't find key BLOB in ConfigMap default/settings",
    ],
  ])("says what is missing: %j", (container, message) => {
    expect(resolved(source(container))).toBe(message);
  });

  it("skips optional references that lead nowhere and keeps an earlier value (B14)", () => {
    const container = {
      envFrom: [{ secretRef: { name: "none", optional: true } }],
      env: [
        { name: "A", value: "first" },
        { name: "A", valueFrom: { configMapKeyRef: { name: "none", key: "k", optional: true } } },
        { name: "B", valueFrom: { secretKeyRef: { name: "token", key: "k", optional: true } } },
      ],
    };
    expect(resolved(source(container))).toEqual({ A: "first" });
  });

  it.each([
    ["metadata.name", "web-node"],
    ["metadata.namespace", "default"],
    ["metadata.uid", "u1"],
    ["metadata.labels['tier']", "front"],
    ["metadata.labels['none']", ""],
    ["metadata.annotations['note']", "hello"],
    ["spec.nodeName", "node"],
    ["spec.serviceAccountName", "robot"],
    ["status.hostIP", "192.0.2.1"],
    ["status.hostIPs", "192.0.2.1"],
    ["status.podIP", "10.0.0.7"],
    ["status.podIPs", "10.0.0.7,fd00::7"],
  ])("fieldRef %s is %j", (fieldPath, value) => {
    expect(resolved(source({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath } } }] }))).toEqual({ A: value });
  });

  it("puts the family of the node's primary address first", () => {
    const env = [{ name: "A", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } }];
    expect(resolved(source({ env }, { hostIps: ["fd00::1"] }))).toEqual({ A: "fd00::7,10.0.0.7" });
  });

  it("gives the node's addresses to pods of the host network", () => {
    const env = [{ name: "A", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }];
    expect(resolved(source({ env }, { podIps: [] }, { hostNetwork: true }))).toEqual({ A: "192.0.2.1" });
  });

  it.each([
    ["limits.cpu", "1m", "1500"],
    ["limits.cpu", undefined, "2"],
    ["requests.cpu", "1m", "1"],
    ["limits.memory", "1Mi", "97"],
    ["limits.memory", "0", "100663297"],
    ["requests.memory", undefined, "0"],
    ["limits.ephemeral-storage", undefined, "0"],
  ])("resourceFieldRef %s by %s is %s", (resource, divisor, value) => {
    const resources = { limits: { cpu: "1.5", memory: "100663296.5" }, requests: { cpu: "0.0001" } };
    const resourceFieldRef = { resource, ...(divisor === undefined ? {} : { divisor }) };
    expect(resolved(source({ resources, env: [{ name: "A", valueFrom: { resourceFieldRef } }] }))).toEqual({
      A: value,
    });
  });

  it.each([
    ["limits.cpu", {}, "2"],
    ["limits.memory", {}, "4294967296"],
    ["limits.memory", { resources: { limits: { memory: "1Gi" } } }, "1073741824"],
  ])("an absent %s is the pod's, else the node's", (resource, spec, value) => {
    const env = [{ name: "A", valueFrom: { resourceFieldRef: { resource } } }];
    expect(resolved(source({ env }, {}, spec))).toEqual({ A: value });
  });
});

describe("runAsNonRoot (cri-mapping 2.6)", () => {
  const check = (
    container: v1.SecurityContext,
    pod: v1.PodSecurityContext,
    image: { uid?: number; username?: string },
  ) => {
    const from = source({ securityContext: container }, {}, { securityContext: pod });
    return rootProblem(from.pod, from.container, { id: "sha256:1", ...image });
  };
  const where = `(pod: "web-node_default(u1)", container: app)`;

  it("lets everything pass that does not ask for it", () => {
    expect(check({}, {}, { uid: 0 })).toBeUndefined();
    expect(check({ runAsNonRoot: false }, { runAsNonRoot: true }, { uid: 0 })).toBeUndefined();
  });

  it.each([
    [{}, { uid: 0 }, `container has runAsNonRoot and image will run as root ${where}`],
    [{}, {}, `container has runAsNonRoot and image will run as root ${where}`],
    [{ runAsUser: 0 }, { uid: 1000 }, `container's runAsUser breaks non-root policy ${where}`],
    [
      {},
      { username: "app" },
      `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`,
    ],
    [{}, { uid: 1000 }, undefined],
    [{ runAsUser: 7 }, { uid: 0 }, undefined],
  ])("container %j, image %j", (container, image, problem) => {
    expect(check(container, { runAsNonRoot: true }, image)).toBe(problem);
  });
});
