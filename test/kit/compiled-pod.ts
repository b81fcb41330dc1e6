import type { DesiredContainer, DesiredPod, DesiredVolume, DocumentUse, RestartPolicy } from "../../src/pod/desired.ts";
import type * as v1 from "../../src/pod/v1.ts";

/** Where a test's pod was written down. */
export type Written = { readonly path: string; readonly document?: number; readonly seenWallMs?: number };

/** The node that the tests' pods live on. */
export const NODE_NAME = "node";

/**
 * A desired pod from a v1 Pod, with the few defaults that tests need. Stands in for the compiler of manifest/, which tests
 * of the agent may not depend on; the UID is a digest of content and path as there.
 */
export function desiredPod(manifest: v1.Pod, written: Written = { path: "/manifests/pod.yaml" }): DesiredPod {
  const spec: v1.PodSpec = manifest.spec ?? { containers: [] };
  const manifestName = manifest.metadata?.name ?? "pod";
  const namespace = manifest.metadata?.namespace ?? "default";
  const restartPolicy = (spec.restartPolicy ?? "Always") as RestartPolicy;
  const containers = [
    ...(spec.initContainers ?? []).map((container) => desiredContainer(container, restartPolicy, true)),
    ...spec.containers.map((container) => desiredContainer(container, restartPolicy, false)),
  ];
  const volumes = (spec.volumes ?? []).map((volume) => desiredVolume(volume, namespace));
  const document = written.document ?? 0;
  return {
    uid: manifest.metadata?.uid ?? digest(JSON.stringify([manifest, written.path, NODE_NAME]), 4),
    namespace,
    name: `${manifestName}-${NODE_NAME}`,
    manifestName,
    origin: { kind: "file", path: written.path, document, line: 1 },
    labels: manifest.metadata?.labels ?? {},
    annotations: manifest.metadata?.annotations ?? {},
    spec: { restartPolicy, terminationGracePeriodSeconds: 30, securityContext: {}, ...spec },
    containers,
    volumes,
    documents: unique([...containers.flatMap((one) => envDocuments(one, namespace)), ...volumes.flatMap(documentsOf)]),
    restartPolicy,
    graceSeconds: spec.terminationGracePeriodSeconds ?? 30,
    hostNetwork: spec.hostNetwork ?? false,
    ...(spec.activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds: spec.activeDeadlineSeconds }),
    seenWallMs: written.seenWallMs ?? 0,
  };
}

/** A v1 Pod of one plain app container, changed at will. */
export function plainPod(name: string, spec: Partial<v1.PodSpec> = {}): v1.Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "app", image: "app:1" }], ...spec },
  };
}

/** What the compiler says of an image name that is none. */
const unparsed = (image: string): string =>
  `couldn't parse image name ${JSON.stringify(image)}: invalid reference format`;

function desiredContainer(spec: v1.Container, ofPod: RestartPolicy, init: boolean): DesiredContainer {
  const role = init ? (spec.restartPolicy === "Always" ? "sidecar" : "init") : "app";
  const own = (spec.restartPolicy ?? ofPod) as RestartPolicy;
  const image = spec.image ?? "";
  const parses = /^[a-z0-9][a-z0-9._\-/]*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/.test(image);
  const tagged = /[:@]/.test(image.slice(image.lastIndexOf("/") + 1));
  const always = !tagged || image.endsWith(":latest");
  return {
    name: spec.name,
    role,
    image,
    ...(parses ? { imageRef: tagged ? image : `${image}:latest` } : { imageProblem: unparsed(image) }),
    pullPolicy: (spec.imagePullPolicy ?? (always ? "Always" : "IfNotPresent")) as DesiredContainer["pullPolicy"],
    restartPolicy: role === "init" && own === "Always" ? "OnFailure" : own,
    restartRules: spec.restartPolicyRules ?? [],
    hash: digest(JSON.stringify([spec.name, image]), 1),
    volumes: (spec.volumeMounts ?? []).map((mount) => mount.name),
    spec,
  };
}

function desiredVolume(spec: v1.Volume, namespace: string): DesiredVolume {
  const documents: DocumentUse[] = [];
  if (spec.configMap?.name !== undefined) {
    const key = `ConfigMap/${namespace}/${spec.configMap.name}` as const;
    documents.push({ key, optional: spec.configMap.optional ?? false });
  }
  if (spec.secret?.secretName !== undefined) {
    const key = `Secret/${namespace}/${spec.secret.secretName}` as const;
    documents.push({ key, optional: spec.secret.optional ?? false });
  }
  return { name: spec.name, spec, documents };
}

const documentsOf = (volume: DesiredVolume): readonly DocumentUse[] => volume.documents;

function envDocuments(container: DesiredContainer, namespace: string): DocumentUse[] {
  const uses: DocumentUse[] = [];
  const use = (kind: "ConfigMap" | "Secret", reference: { name?: string; optional?: boolean } | undefined): void => {
    if (reference?.name === undefined) return;
    uses.push({ key: `${kind}/${namespace}/${reference.name}`, optional: reference.optional ?? false });
  };
  for (const from of container.spec.envFrom ?? []) {
    use("ConfigMap", from.configMapRef);
    use("Secret", from.secretRef);
  }
  for (const entry of container.spec.env ?? []) {
    use("ConfigMap", entry.valueFrom?.configMapKeyRef);
    use("Secret", entry.valueFrom?.secretKeyRef);
  }
  return uses;
}

function unique(uses: readonly DocumentUse[]): DocumentUse[] {
  return [...new Map(uses.map((use) => [use.key, use])).values()];
}

/** So many groups of eight hexadecimal digits that follow from the text (FNV-1a, re-seeded for each group). */
export function digest(text: string, groups: number): string {
  return Array.from({ length: groups }, (_, group) => {
    let hash = 0x811c9dc5 ^ group;
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    return (hash >>> 0).toString(16).padStart(8, "0");
  }).join("");
}
