import type { DesiredContainer, DesiredPod } from "../../src/pod/desired.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { PrepareRequest } from "../../src/ports.ts";

export type PodWish = {
  readonly spec?: Partial<v1.PodSpec>;
  readonly containers?: readonly Partial<v1.Container>[];
  readonly volumes?: readonly v1.Volume[];
  readonly labels?: Record<string, string>;
  readonly uid?: string;
  readonly name?: string;
};

/** A pod as the manifest room would hand it over. */
export function podOf(wish: PodWish = {}): DesiredPod {
  const specs = (wish.containers ?? [{}]).map((container, place) => ({
    name: `c${place}`,
    image: "busybox",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    ...container,
  }));
  const volumes = [...(wish.volumes ?? [])];
  return {
    uid: wish.uid ?? "uid-1",
    namespace: "default",
    name: wish.name ?? "web-node1",
    manifestName: "web",
    origin: { kind: "file", path: "/etc/berth/manifests/web.yaml", document: 0, line: 1 },
    labels: wish.labels ?? {},
    annotations: {},
    spec: { containers: specs, volumes, ...wish.spec },
    containers: specs.map(containerOf),
    volumes: volumes.map((spec) => ({ name: spec.name, spec, documents: [] })),
    documents: [],
    restartPolicy: "Always",
    graceSeconds: 30,
    hostNetwork: wish.spec?.hostNetwork === true,
    seenWallMs: 0,
  };
}

const containerOf = (spec: v1.Container): DesiredContainer => ({
  name: spec.name,
  role: "app",
  image: spec.image ?? "",
  pullPolicy: "IfNotPresent",
  restartPolicy: "Always",
  restartRules: [],
  hash: "0",
  volumes: (spec.volumeMounts ?? []).map(({ name }) => name),
  spec,
});

export function requestOf(pod: DesiredPod, changes: Partial<PrepareRequest> = {}): PrepareRequest {
  const [container] = pod.containers;
  if (container === undefined) throw new Error("the pod has no container");
  return { pod, container, attempt: 0, podIps: ["10.0.0.7"], environment: [], ...changes };
}
