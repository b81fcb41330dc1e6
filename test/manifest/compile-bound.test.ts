import { expect, it } from "vitest";
import { compileBound } from "../../src/manifest/compile-bound.ts";
import { podRequests } from "../../src/pod/resources.ts";
import type * as v1 from "../../src/pod/v1.ts";

const bound = (spec: Partial<v1.PodSpec>): v1.Pod => ({
  metadata: { name: "web", namespace: "default", uid: "0f6e7f0a-5d5e-4b5c-9d4c-0d7b1a9b1c1d" },
  spec: { nodeName: "n1", containers: [{ name: "app", image: "app:1" }], ...spec },
});

it("takes the account and the token that every pod of a cluster has, and waits for what stands beside it", () => {
  const sources: v1.VolumeProjection[] = [
    { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
  ];
  const access = { name: "kube-api-access-x", projected: { sources } };
  const pod = compileBound(bound({ serviceAccountName: "default", serviceAccount: "default", volumes: [access] }));
  expect(pod.bound?.unfit).toBeUndefined();
  expect(pod.documents.map(({ key }) => key.split("/", 3).join("/")).sort()).toEqual([
    "ConfigMap/default/kube-root-ca.crt",
    "Token/default/default",
  ]);
});

it("takes ephemeral containers last, with their target and what their environment needs", () => {
  const debug = {
    ...{ name: "debug", image: "tools", targetContainerName: "app", stdin: true },
    env: [{ name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } }],
  };
  const { bound: facts, containers, documents } = compileBound(bound({ ephemeralContainers: [debug] }));
  expect(facts?.unfit).toBeUndefined();
  expect(containers.map(({ name, role }) => `${name} ${role}`)).toEqual(["app app", "debug ephemeral"]);
  expect(containers[1]).toMatchObject({
    ...{ target: "app", imageRef: "tools:latest", restartPolicy: "Never", restartRules: [] },
    spec: { name: "debug", stdin: true, terminationMessagePath: "/dev/termination-log" },
  });
  expect(documents.map(({ key }) => key)).toEqual(["ConfigMap/default/settings"]);
});

it("takes a runtime class and its overhead, which file pods may not have", () => {
  const pod = compileBound(bound({ runtimeClassName: "vm", overhead: { cpu: "250m", memory: "64Mi" } }));
  expect(pod.bound?.unfit).toBeUndefined();
  expect(pod.documents).toEqual([{ key: "RuntimeClass//vm", optional: false }]);
  expect(podRequests(pod.spec).get("memory")?.nanos).toBe(64n * 2n ** 20n * 1_000_000_000n);
});

it("names what the node does not have", () => {
  const claim = { name: "data", persistentVolumeClaim: { claimName: "data" } };
  const pod = compileBound(bound({ volumes: [claim], resourceClaims: [{ name: "gpu" }] }));
  const { unfit = "" } = pod.bound ?? {};
  expect(unfit.split(", ").sort()).toEqual(["spec.resourceClaims", "spec.volumes[0].persistentVolumeClaim"]);
});
