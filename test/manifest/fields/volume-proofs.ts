import { aManifest } from "../kit.ts";
import { inContainer, inSpec, inVolume, type Proof, shownBy } from "./proof.ts";

const mounting =
  (change: object, volume: object = { hostPath: { path: "/h" } }) =>
  (value: unknown, field: string) =>
    aManifest(
      {
        volumes: [
          { name: "v", ...volume },
          { name: "w", hostPath: { path: "/w" } },
        ],
      },
      { volumeMounts: [{ name: "v", mountPath: "/v", ...change, [field]: value }] },
    );
const mounted = (field: string, one: unknown, other: unknown, sees: string, change: object = {}): Proof => {
  const pod = mounting(change);
  return { kind: "change", one: pod(one, field), other: pod(other, field), sees };
};
/** The same fields in a volume of its own and in a projection. */
const items = (change: object) => [{ key: "a", path: "p", ...change }];
const projected = (source: unknown) => ({ projected: { sources: [source] } });
const config = (change: object) => ({ configMap: { name: "one", ...change } });
const secret = (change: object) => ({ secret: { secretName: "one", ...change } });
const file = (change: object) => ({
  downwardAPI: { items: [{ path: "p", fieldRef: { fieldPath: "metadata.name" }, ...change }] },
});
const FILES = "test/files/volumes.test.ts";

/** Volumes and how containers mount them. */
export const VOLUME_PROOFS: Readonly<Record<string, Proof>> = {
  "Volume.configMap": inVolume((name) => config({ name }), "one", "two", "volumes.v.a.text"),
  "Volume.downwardAPI": inVolume((path) => file({ path }), "x", "y", "volumes.v.x"),
  "Volume.emptyDir": shownBy(FILES, "lies on disk with mode 0777 and is left alone once it stands", "emptyDir: {}"),
  "Volume.hostPath": inVolume((path) => ({ hostPath: { path } }), "/x", "/y", "app.config.mounts.0.host_path"),
  "Volume.image": inVolume((reference) => ({ image: { reference } }), "x:1", "y:1", "app.config.mounts.0.image"),
  "Volume.name": inSpec((name) => ({ volumes: [{ name, configMap: { name: "one" } }] }), "x", "y", "volumes.x"),
  "Volume.projected": inVolume((name) => projected(config({ name })), "one", "two", "volumes.v.a.text"),
  "Volume.secret": inVolume((secretName) => secret({ secretName }), "one", "two", "volumes.v.a.text"),
  "VolumeMount.mountPath": mounted("mountPath", "/x", "/y", "app.config.mounts.0.container_path"),
  "VolumeMount.mountPropagation": mounted(
    "mountPropagation",
    "None",
    "HostToContainer",
    "app.config.mounts.0.propagation",
  ),
  "VolumeMount.name": mounted("name", "v", "w", "app.config.mounts.0.host_path"),
  "VolumeMount.readOnly": mounted("readOnly", false, true, "app.config.mounts.0.readonly"),
  "VolumeMount.recursiveReadOnly": mounted(
    "recursiveReadOnly",
    "Disabled",
    "Enabled",
    "app.config.mounts.0.recursive_read_only",
    {
      readOnly: true,
    },
  ),
  "VolumeMount.subPath": shownBy(
    "test/files/sub-path.test.ts",
    "mounts a directory or a file of the volume, and does it once",
    'subPath: "a/b"',
  ),
  "VolumeMount.subPathExpr": shownBy(
    "test/files/sub-path.test.ts",
    "expands an expression; unknown and empty variables are errors (2.2)",
    'subPathExpr: "$(A)-$$(A)"',
  ),
  "ConfigMapVolumeSource.defaultMode": inVolume(
    (defaultMode) => config({ defaultMode }),
    0o400,
    0o600,
    "volumes.v.a.mode",
  ),
  "ConfigMapVolumeSource.items": inVolume((path) => config({ items: items({ path }) }), "x", "y", "volumes.v.x"),
  "ConfigMapVolumeSource.name": inVolume((name) => config({ name }), "one", "two", "volumes.v.a.text"),
  "ConfigMapVolumeSource.optional": inVolume(
    (optional) => config({ name: "none", optional }),
    false,
    true,
    "volumes.v",
  ),
  "SecretVolumeSource.defaultMode": inVolume(
    (defaultMode) => secret({ defaultMode }),
    0o400,
    0o600,
    "volumes.v.a.mode",
  ),
  "SecretVolumeSource.items": inVolume((path) => secret({ items: items({ path }) }), "x", "y", "volumes.v.x"),
  "SecretVolumeSource.optional": inVolume(
    (optional) => secret({ secretName: "none", optional }),
    false,
    true,
    "volumes.v",
  ),
  "SecretVolumeSource.secretName": inVolume((secretName) => secret({ secretName }), "one", "two", "volumes.v.a.text"),
  "KeyToPath.key": inVolume((key) => config({ items: items({ key }) }), "a", "b", "volumes.v.p.text"),
  "KeyToPath.mode": inVolume((mode) => config({ items: items({ mode }) }), 0o400, 0o600, "volumes.v.p.mode"),
  "KeyToPath.path": inVolume((path) => config({ items: items({ path }) }), "x", "y", "volumes.v.x"),
  "DownwardAPIVolumeSource.defaultMode": inVolume(
    (defaultMode) => ({ downwardAPI: { ...file({}).downwardAPI, defaultMode } }),
    ...([0o400, 0o600, "volumes.v.p.mode"] as const),
  ),
  "DownwardAPIVolumeSource.items": inVolume((path) => file({ path }), "x", "y", "volumes.v.x"),
  "DownwardAPIVolumeFile.fieldRef": inVolume(
    (fieldPath) => file({ fieldRef: { fieldPath } }),
    ...["metadata.name", "metadata.namespace", "volumes.v.p.text"],
  ),
  "DownwardAPIVolumeFile.mode": inVolume((mode) => file({ mode }), 0o400, 0o600, "volumes.v.p.mode"),
  "DownwardAPIVolumeFile.path": inVolume((path) => file({ path }), "x", "y", "volumes.v.x"),
  "DownwardAPIVolumeFile.resourceFieldRef": inVolume(
    (resource) => ({ downwardAPI: { items: [{ path: "p", resourceFieldRef: { containerName: "app", resource } }] } }),
    ...["limits.cpu", "limits.memory", "volumes.v.p.text"],
  ),
  "EmptyDirVolumeSource.medium": shownBy(
    FILES,
    "in memory is a tmpfs of its size, mounted once, and again after a boot",
    'medium: "Memory"',
  ),
  "EmptyDirVolumeSource.sizeLimit": shownBy(
    FILES,
    "in memory is a tmpfs of its size, mounted once, and again after a boot",
    'sizeLimit: "3Mi"',
  ),
  "HostPathVolumeSource.path": inVolume(
    (path) => ({ hostPath: { path } }),
    "/x",
    "/y",
    "app.config.mounts.0.host_path",
  ),
  "HostPathVolumeSource.type": shownBy(FILES, "checks each type (5.3), through links", "await check(path, type)"),
  "ImageVolumeSource.pullPolicy": shownBy(
    "test/decide/plan.test.ts",
    "are pulled without a look with pullPolicy Always",
    'image("models", "models:3", "Always")',
  ),
  "ImageVolumeSource.reference": inVolume(
    (reference) => ({ image: { reference } }),
    "x:1",
    "y:1",
    "app.config.mounts.0.image",
  ),
  "ProjectedVolumeSource.defaultMode": inVolume(
    (defaultMode) => ({ projected: { sources: [config({})], defaultMode } }),
    ...([0o400, 0o600, "volumes.v.a.mode"] as const),
  ),
  "ProjectedVolumeSource.sources": inVolume((name) => projected(config({ name })), "one", "two", "volumes.v.a.text"),
  "VolumeProjection.configMap": inVolume((name) => projected(config({ name })), "one", "two", "volumes.v.a.text"),
  "VolumeProjection.downwardAPI": inVolume((path) => projected(file({ path })), "x", "y", "volumes.v.x"),
  "VolumeProjection.secret": inVolume((name) => projected({ secret: { name } }), "one", "two", "volumes.v.a.text"),
  "ConfigMapProjection.items": inVolume(
    (path) => projected(config({ items: items({ path }) })),
    "x",
    "y",
    "volumes.v.x",
  ),
  "ConfigMapProjection.name": inVolume((name) => projected(config({ name })), "one", "two", "volumes.v.a.text"),
  "ConfigMapProjection.optional": inVolume(
    (optional) => projected(config({ name: "none", optional })),
    false,
    true,
    "volumes.v",
  ),
  "DownwardAPIProjection.items": inVolume((path) => projected(file({ path })), "x", "y", "volumes.v.x"),
  "SecretProjection.items": inVolume(
    (path) => projected({ secret: { name: "one", items: items({ path }) } }),
    ...["x", "y", "volumes.v.x"],
  ),
  "SecretProjection.name": inVolume((name) => projected({ secret: { name } }), "one", "two", "volumes.v.a.text"),
  "SecretProjection.optional": inVolume(
    (optional) => projected({ secret: { name: "none", optional } }),
    false,
    true,
    "volumes.v",
  ),
  "ResourceRequirements.limits": inContainer(
    (memory) => ({ resources: { limits: { memory } } }),
    ...["1Gi", "2Gi", "app.config.linux.resources.memory_limit_in_bytes"],
  ),
  "ResourceRequirements.requests": inContainer(
    (cpu) => ({ resources: { requests: { cpu } } }),
    ...["1", "2", "app.config.linux.resources.cpu_shares"],
  ),
};
