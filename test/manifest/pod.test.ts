import { describe, expect, it } from "vitest";
import { containerHash } from "../../src/manifest/identity.ts";
import { recompilePod } from "../../src/manifest/recompile.ts";
import type { StoredPod } from "../../src/ports.ts";
import { aManifest, compile, podOf } from "./kit.ts";

type Json = { [name: string]: unknown };
const first = (manifest: object) => podOf(manifest).spec.containers[0];

describe("defaults (1.3)", () => {
  it("of the pod", () => {
    const { spec } = podOf(aManifest());
    expect(spec).toMatchObject({
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      schedulerName: "default-scheduler",
      terminationGracePeriodSeconds: 30,
      securityContext: {},
      enableServiceLinks: true,
    });
    for (const field of ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"])
      expect(spec).not.toHaveProperty(field);
  });

  it("of a container", () => {
    expect(first(aManifest({}, { ports: [{ containerPort: 80 }] }))).toEqual({
      name: "app",
      image: "busybox:1.36",
      imagePullPolicy: "IfNotPresent",
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
      ports: [{ containerPort: 80, protocol: "TCP" }],
    });
  });

  it("keeps an explicit grace of 0", () => {
    expect(podOf(aManifest({ terminationGracePeriodSeconds: 0 })).graceSeconds).toBe(0);
  });

  it("hostNetwork gives every port its own number on the host", () => {
    const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 81 }];
    const { spec } = podOf(
      aManifest({ hostNetwork: true, initContainers: [{ name: "i", image: "b", ports }] }, { ports }),
    );
    for (const one of [spec.containers[0], spec.initContainers?.[0]]) {
      expect(one?.ports?.map(({ hostPort }) => hostPort)).toEqual([80, 81]);
    }
  });

  it("of probes, zeros counting as absent", () => {
    const probe = { httpGet: { port: 80 }, periodSeconds: 0, timeoutSeconds: 5 };
    expect(first(aManifest({}, { readinessProbe: probe }))?.readinessProbe).toEqual({
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      initialDelaySeconds: 0,
      timeoutSeconds: 5,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(first(aManifest({}, { livenessProbe: { grpc: { port: 80 } } }))?.livenessProbe?.grpc).toEqual({
      port: 80,
      service: "",
    });
  });

  it("of hooks and variables", () => {
    const container = first(
      aManifest(
        {},
        {
          lifecycle: { preStop: { httpGet: { port: 80 } } },
          env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
        },
      ),
    );
    expect(container?.lifecycle?.preStop?.httpGet).toEqual({ port: 80, path: "/", scheme: "HTTP" });
    expect(container?.env?.[0]?.valueFrom?.fieldRef).toEqual({ apiVersion: "v1", fieldPath: "metadata.name" });
  });

  it("of volumes", () => {
    const volumes = [
      { name: "a" },
      { name: "b", hostPath: { path: "/b" } },
      { name: "c", downwardAPI: { items: [{ path: "n", fieldRef: { fieldPath: "metadata.name" } }] } },
      {
        name: "d",
        projected: { sources: [{ downwardAPI: { items: [{ path: "n", fieldRef: { fieldPath: "metadata.name" } }] } }] },
      },
      { name: "e", image: { reference: "x" } },
    ];
    const item = { path: "n", fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } };
    expect(podOf(aManifest({ volumes })).spec.volumes).toEqual([
      { name: "a", emptyDir: {} },
      { name: "b", hostPath: { path: "/b", type: "" } },
      { name: "c", downwardAPI: { defaultMode: 420, items: [item] } },
      { name: "d", projected: { defaultMode: 420, sources: [{ downwardAPI: { items: [item] } }] } },
      { name: "e", image: { reference: "x", pullPolicy: "Always" } },
    ]);
  });

  it.each<[string, Json, Json]>([
    [
      "requests from limits",
      { limits: { cpu: "1", memory: "1Gi" } },
      { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } },
    ],
    [
      "what is asked stays",
      { limits: { cpu: "1" }, requests: { cpu: "100m" } },
      { limits: { cpu: "1" }, requests: { cpu: "100m" } },
    ],
    ["rounded up to thousandths", { requests: { cpu: "0.0001" } }, { requests: { cpu: "1m" } }],
    ["nothing from nothing", {}, {}],
  ])("of resources: %s", (_name, resources, expected) => {
    expect(first(aManifest({}, { resources }))?.resources).toEqual(expected);
  });

  it("of the pod's own resources: what its containers ask for, else its limit", () => {
    const resources = { limits: { cpu: "2", memory: "1Gi" } };
    const { spec } = podOf(aManifest({ resources }, { resources: { requests: { cpu: "250m" } } }));
    expect(spec.resources).toEqual({ limits: { cpu: "2", memory: "1Gi" }, requests: { cpu: "250m", memory: "1Gi" } });
  });
});

describe("identity (1.2)", () => {
  const text = JSON.stringify(aManifest({}, {}, { namespace: "demo", labels: { a: "b" } }));

  it("names the pod after its node, binds it, and keeps it there", () => {
    const pod = podOf(text);
    expect(pod).toMatchObject({ name: "web-node1", manifestName: "web", namespace: "demo", labels: { a: "b" } });
    expect(pod.spec.nodeName).toBe("Node1");
    expect(pod.spec.tolerations).toEqual([{ operator: "Exists", effect: "NoExecute" }]);
    expect(pod.uid).toMatch(/^[0-9a-f]{32}$/);
  });

  it("puts pods without a namespace into default", () => {
    expect(podOf(aManifest()).namespace).toBe("default");
  });

  it.each<[string, string, Parameters<typeof podOf>[1]]>([
    ["content", text.replace("1.36", "1.37"), {}],
    ["annotations", text.replace('"labels"', '"annotations"'), {}],
    ["path (I1)", text, { path: "/m/other.yaml" }],
    ["node", text, { nodeName: "node2" }],
    ["name", text.replace("web", "www"), {}],
  ])("the UID follows the %s", (_name, changed, settings) => {
    expect(podOf(changed, settings).uid).not.toBe(podOf(text).uid);
  });

  it.each<[string, string]>([
    ["place in the file", `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\n${text}`],
    ["comments and blanks", `# note\n\n${text}`],
    [
      "order of fields",
      JSON.stringify({
        spec: aManifest().spec,
        metadata: { labels: { a: "b" }, namespace: "demo", name: "web" },
        kind: "Pod",
        apiVersion: "v1",
      }),
    ],
    ["defaults written out", text.replace('"spec":{', '"spec":{"restartPolicy":"Always",')],
    ["list that it is in", `{"apiVersion":"v1","kind":"List","items":[${text}]}`],
  ])("the UID does not follow the %s", (_name, changed) => {
    const { documents } = compile(changed);
    expect(documents.map((one) => one.kind === "pod" && one.pod.uid)).toContain(podOf(text).uid);
  });

  it("the UID does not follow the moment", () => {
    expect(podOf(text, { seenWallMs: 5 }).uid).toBe(podOf(text).uid);
  });

  it("keeps a UID that is written", () => {
    expect(podOf(aManifest({}, {}, { uid: "0d1c3a2e-6f9f" })).uid).toBe("0d1c3a2e-6f9f");
  });

  it("hashes name and image of a container only (S19)", () => {
    // FNV-1a of {"image":"busybox:1.36","name":"app"}, worked out by hand.
    expect(containerHash("app", "busybox:1.36")).toBe(fnv('{"image":"busybox:1.36","name":"app"}'));
    const other = podOf(aManifest({}, { env: [{ name: "A", value: "b" }] })).containers[0];
    expect(other?.hash).toBe(podOf(aManifest()).containers[0]?.hash);
    expect(containerHash("app", "busybox:1.37")).not.toBe(containerHash("app", "busybox:1.36"));
  });
});

/** The definition: for each byte, xor and then multiply by the prime, modulo 2^32. */
function fnv(text: string): string {
  const end = [...Buffer.from(text)].reduce(
    (hash, byte) => ((hash ^ BigInt(byte)) * 16_777_619n) % 2n ** 32n,
    2_166_136_261n,
  );
  return end.toString(16);
}

describe("the desired pod", () => {
  it("lists containers in the order in which they start, each with its role and policy", () => {
    const pod = podOf(
      aManifest({
        restartPolicy: "OnFailure",
        initContainers: [
          { name: "one", image: "b:1" },
          { name: "two", image: "b:1", restartPolicy: "Always" },
          {
            name: "three",
            image: "b:1",
            restartPolicy: "Never",
            restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [3] } }],
          },
        ],
      }),
    );
    expect(
      pod.containers.map(({ name, role, restartPolicy, restartRules }) => [
        name,
        role,
        restartPolicy,
        restartRules.length,
      ]),
    ).toEqual([
      ["one", "init", "OnFailure", 0],
      ["two", "sidecar", "Always", 0],
      ["three", "init", "Never", 1],
      ["app", "app", "OnFailure", 0],
    ]);
  });

  it("counts Always as OnFailure for a plain init container (S10)", () => {
    expect(podOf(aManifest({ initContainers: [{ name: "i", image: "b:1" }] })).containers[0]?.restartPolicy).toBe(
      "OnFailure",
    );
  });

  it("carries why an image name does not parse", () => {
    expect(podOf(aManifest({}, { image: "A:b" })).containers[0]).toMatchObject({
      imageProblem: expect.stringContaining("must be lowercase"),
    });
  });

  it("knows which volumes a container mounts", () => {
    const mounts = [
      { name: "b", mountPath: "/b" },
      { name: "a", mountPath: "/a" },
      { name: "b", mountPath: "/c" },
    ];
    expect(
      podOf(aManifest({ volumes: [{ name: "a" }, { name: "b" }] }, { volumeMounts: mounts })).containers[0]?.volumes,
    ).toEqual(["b", "a"]);
  });
});

describe("a recorded pod", () => {
  const document = compile(aManifest({}, {}, { uid: "u" })).documents[0];
  if (document?.kind !== "pod") throw new Error("no pod");
  const stored = (change: Partial<StoredPod>): StoredPod => ({
    ...{ uid: "abc", namespace: "default", name: "web-node1", path: "/m/pod.yaml", document: 2, seenWallMs: 7 },
    manifest: document.manifest,
    record: { version: 1, initialized: false, instances: {}, decidedWallMs: {}, conditions: [] },
    ...change,
  });
  const settings = { nodeName: "Node2", unknownFields: "error" } as const;

  it("is compiled again under the identity of its record", () => {
    expect(recompilePod(stored({}), settings)).toMatchObject({
      ...{ uid: "abc", name: "web-node1", manifestName: "web", seenWallMs: 7 },
      origin: { path: "/m/pod.yaml", document: 2 },
      spec: { restartPolicy: "Always" },
    });
  });

  it("is undefined when its manifest does not pass any more", () => {
    expect(
      recompilePod(stored({ manifest: { ...document.manifest, spec: { containers: [] } } }), settings),
    ).toBeUndefined();
  });
});
