import { describe, expect, it } from "vitest";
import { isMirror, LEFT_OUT_ANNOTATION, MIRROR_ANNOTATION, mirrorOf, mirrorStep } from "../../src/decide/mirror-pod.ts";
import { statusPatch } from "../../src/decide/mirror-status.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { refuseForeignPod } from "../kit/api-server/pod-rules.ts";

const OWNER = { name: "n1", uid: "node-uid" };
const local = (spec: Partial<v1.PodSpec> = {}, hash = "h1"): v1.Pod => ({
  metadata: {
    name: "web-n1",
    namespace: "default",
    uid: "static-uid",
    labels: { app: "web" },
    annotations: { "kubernetes.io/config.hash": hash, note: "kept" },
  },
  spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }], ...spec },
  status: { phase: "Running" },
});
const mirror = (hash = "h1", metadata: v1.ObjectMeta = {}): v1.Pod => ({
  metadata: { name: "web-n1", uid: "mirror-uid", annotations: { [MIRROR_ANNOTATION]: hash }, ...metadata },
});

describe("the mirror of a static pod (node.md 3.5)", () => {
  it("shows the pod with its hash, owned by the node, with an identity of its own", () => {
    const made = mirrorOf(local(), OWNER);
    expect(made.metadata).toEqual({
      name: "web-n1",
      namespace: "default",
      labels: { app: "web" },
      annotations: { "kubernetes.io/config.hash": "h1", note: "kept", [MIRROR_ANNOTATION]: "h1" },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n1", uid: "node-uid", controller: true }],
    });
    expect(made.spec).toEqual(local().spec);
    expect(made.status).toBeUndefined();
    expect(isMirror(made)).toBe(true);
    expect(isMirror(local())).toBe(false);
  });

  it("leaves out what the server refuses, and says what", () => {
    const made = mirrorOf(
      local({
        serviceAccountName: "robot",
        imagePullSecrets: [{ name: "registry" }],
        volumes: [
          { name: "plain", hostPath: { path: "/srv" } },
          { name: "settings", configMap: { name: "web" } },
          { name: "both", projected: { sources: [{ secret: { name: "tls" } }, { configMap: { name: "web" } }] } },
        ],
        initContainers: [{ name: "i", image: "i", envFrom: [{ configMapRef: { name: "start" } }] }],
        containers: [
          {
            name: "c",
            image: "i",
            env: [
              { name: "A", value: "1" },
              { name: "B", valueFrom: { secretKeyRef: { name: "password", key: "p" } } },
              { name: "C", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ],
            envFrom: [{ secretRef: { name: "more" } }],
          },
        ],
      }),
      OWNER,
    );
    expect(() => refuseForeignPod(made)).not.toThrow();
    expect(made.metadata?.annotations?.[LEFT_OUT_ANNOTATION]).toBe(
      "ConfigMap/start, ConfigMap/web, Secret/more, Secret/password, Secret/registry, Secret/tls, ServiceAccount/robot",
    );
    expect(made.spec?.volumes).toEqual([
      { name: "plain", hostPath: { path: "/srv" } },
      { name: "settings", emptyDir: {} },
      { name: "both", emptyDir: {} },
    ]);
    expect(made.spec?.containers[0]?.env?.map(({ name }) => name)).toEqual(["A", "C"]);
  });
});

describe("the next step about a mirror (node.md 3.5)", () => {
  const deleted = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  it.each([
    ["is made when it is missing", local(), undefined, OWNER, "create"],
    ["is not made without a node", local(), undefined, undefined, "none"],
    [
      "is not made for a pod that ends",
      { ...local(), metadata: { ...local().metadata, ...deleted } },
      undefined,
      OWNER,
      "none",
    ],
    ["stays when it fits", local(), mirror(), OWNER, "none"],
    ["goes when it shows another hash", local(), mirror("h0"), OWNER, "remove"],
    ["goes when somebody deletes it", local(), mirror("h1", deleted), OWNER, "remove"],
    ["goes with its pod", undefined, mirror(), undefined, "remove"],
    ["is nothing where there is no pod", undefined, undefined, OWNER, "none"],
  ] as const)("%s", (_title, pod, shown, owner, kind) => {
    const step = mirrorStep(pod, shown, owner);
    expect(step.kind).toBe(kind);
    if (step.kind === "remove") expect(step.uid).toBe("mirror-uid");
  });
});

describe("the status of a mirror (node.md 3.6)", () => {
  const status: v1.PodStatus = {
    phase: "Running",
    podIP: "10.0.0.2",
    podIPs: [{ ip: "10.0.0.2" }],
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
  };
  const shown = (there: v1.PodStatus): v1.Pod => ({ ...mirror(), status: there });

  it("is sent as what differs, for the mirror's own UID", () => {
    expect(statusPatch(status, shown({ phase: "Pending" }))).toEqual({ metadata: { uid: "mirror-uid" }, status });
    expect(statusPatch(status, shown(status))).toBeUndefined();
  });

  it("takes away what is no longer so, and replaces addresses", () => {
    const before = { ...status, message: "old", podIPs: [{ ip: "10.0.0.1" }] };
    expect(statusPatch(status, shown(before))?.status).toEqual({
      message: null,
      podIPs: [{ $patch: "replace" }, { ip: "10.0.0.2" }],
    });
  });

  it("leaves conditions and fields of others alone, and empty fields that the server fills in", () => {
    const others: v1.PodStatus = {
      ...status,
      qosClass: "BestEffort",
      message: "",
      initContainerStatuses: [],
      conditions: [...(status.conditions ?? []), { type: "example.org/gate", status: "True" }],
    };
    expect(statusPatch(status, shown(others))).toBeUndefined();
  });
});
