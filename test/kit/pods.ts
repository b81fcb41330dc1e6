import type { DesiredContainer, DesiredPod } from "../../src/pod/desired.ts";
import type * as v1 from "../../src/pod/v1.ts";

/** A desired app container for tests: what the change leaves out has a plain value. */
export function aContainer(
  change: Omit<Partial<DesiredContainer>, "spec"> & { spec?: Partial<v1.Container> } = {},
): DesiredContainer {
  const { spec, ...rest } = change;
  const name = change.name ?? "app";
  const image = change.image ?? "busybox:1.36";
  return {
    name,
    role: "app",
    image,
    imageRef: image,
    pullPolicy: "IfNotPresent",
    restartPolicy: "Always",
    restartRules: [],
    hash: "abcd1234",
    volumes: [],
    ...rest,
    spec: { name, image, terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File", ...spec },
  };
}

/** A desired pod for tests: one app container, nothing else. */
export function aPod(change: Partial<DesiredPod> = {}): DesiredPod {
  const containers = change.containers ?? [aContainer()];
  return {
    uid: "0123456789abcdef0123456789abcdef",
    namespace: "default",
    name: "web-node",
    manifestName: "web",
    origin: { kind: "file", path: "/manifests/web.yaml", document: 0, line: 1 },
    labels: {},
    annotations: {},
    volumes: [],
    documents: [],
    restartPolicy: "Always",
    graceSeconds: 30,
    hostNetwork: false,
    seenWallMs: 1_700_000_000_000,
    ...change,
    containers,
    spec: change.spec ?? {
      containers: containers.filter((container) => container.role === "app").map((container) => container.spec),
      initContainers: containers.filter((container) => container.role !== "app").map((container) => container.spec),
      restartPolicy: "Always",
      securityContext: {},
    },
  };
}
