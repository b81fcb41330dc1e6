import { parseQuantity } from "../../pod/quantity.ts";
import type * as v1 from "../../pod/v1.ts";
import { duplicate, type Faults, forbidden, invalid, NO_FAULTS, notFound, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkInside, checkName, checkRange, checkWord, doubles, hasParent } from "./check.ts";
import { dnsLabel, dnsSubdomain } from "./names.ts";
import { fieldRefFaults, resourceRefFaults } from "./references.ts";

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const LARGEST_MODE = 0o777;

/** V15 for all volumes of a pod. */
export function volumesFaults(spec: Loose<v1.PodSpec>, path: string): Faults {
  const volumes = spec.volumes ?? [];
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  const names = volumes.map(({ name }) => name);
  return [
    ...volumes.flatMap((volume, at) => volumeFaults(volume, `${path}[${at}]`, containers)),
    ...doubles(names, (at, name) => duplicate(`${path}[${at}].name`, name)),
  ];
}

function volumeFaults(volume: Loose<v1.Volume>, path: string, containers: readonly (string | undefined)[]): Faults {
  const { name, ...sources } = volume;
  const given = Object.entries(sources).filter(([, source]) => source !== undefined);
  return [
    ...checkName(`${path}.name`, name, dnsLabel),
    ...given.slice(1).map(([kind]) => forbidden(`${path}.${kind}`, "may not specify more than 1 volume type")),
    ...(sources.emptyDir ? emptyDirFaults(sources.emptyDir, `${path}.emptyDir`) : NO_FAULTS),
    ...(sources.hostPath ? hostPathFaults(sources.hostPath, `${path}.hostPath`) : NO_FAULTS),
    ...(sources.image ? imageFaults(sources.image, `${path}.image`) : NO_FAULTS),
    ...(sources.downwardAPI ? downwardFaults(sources.downwardAPI, `${path}.downwardAPI`, containers) : NO_FAULTS),
    ...(sources.configMap ? documentFaults("name", sources.configMap, `${path}.configMap`) : NO_FAULTS),
    ...(sources.secret ? documentFaults("secretName", sources.secret, `${path}.secret`) : NO_FAULTS),
    ...(sources.projected ? projectedFaults(sources.projected, `${path}.projected`, containers) : NO_FAULTS),
  ];
}

function emptyDirFaults(source: Loose<v1.EmptyDirVolumeSource>, path: string): Faults {
  const { medium = "", sizeLimit } = source;
  const known = ["", "Memory", "HugePages"].includes(medium) || medium.startsWith("HugePages-");
  const size = parseQuantity(sizeLimit ?? "0");
  return [
    ...when(!known, () => invalid(`${path}.medium`, medium, "must be empty, Memory, HugePages or HugePages-<size>")),
    ...when(size !== undefined && size.nanos < 0n, () =>
      forbidden(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity", "write a size such as 1Gi"),
    ),
  ];
}

function hostPathFaults(source: Loose<v1.HostPathVolumeSource>, path: string): Faults {
  const host = source.path ?? "";
  if (host === "") return [required(`${path}.path`)];
  return [
    ...when(hasParent(host), () => invalid(`${path}.path`, host, "must not contain '..'")),
    ...checkWord(`${path}.type`, source.type, HOST_PATH_TYPES),
  ];
}

const imageFaults = (source: Loose<v1.ImageVolumeSource>, path: string): Faults => [
  ...when(!source.reference, () => required(`${path}.reference`)),
  ...checkWord(`${path}.pullPolicy`, source.pullPolicy, ["Always", "IfNotPresent", "Never"]),
];

function downwardFaults(
  source: Loose<v1.DownwardAPIVolumeSource>,
  path: string,
  containers: readonly (string | undefined)[],
): Faults {
  return [
    ...checkRange(`${path}.defaultMode`, source.defaultMode, 0, LARGEST_MODE),
    ...(source.items ?? []).flatMap((item, at) => fileFaults(item, `${path}.items[${at}]`, containers)),
  ];
}

function fileFaults(
  file: Loose<v1.DownwardAPIVolumeFile>,
  path: string,
  containers: readonly (string | undefined)[],
): Faults {
  const { fieldRef, resourceFieldRef } = file;
  return [
    ...when(!file.path, () => required(`${path}.path`)),
    ...checkInside(`${path}.path`, file.path),
    ...checkRange(`${path}.mode`, file.mode, 0, LARGEST_MODE),
    ...when(!fieldRef && !resourceFieldRef, () => required(path, "one of fieldRef and resourceFieldRef is required")),
    ...when(Boolean(fieldRef && resourceFieldRef), () =>
      invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously", "remove one"),
    ),
    ...(fieldRef ? fieldRefFaults(fieldRef, `${path}.fieldRef`, "file") : NO_FAULTS),
    ...(resourceFieldRef ? resourceRefFaults(resourceFieldRef, `${path}.resourceFieldRef`, containers) : NO_FAULTS),
  ];
}

type DocumentSource = Loose<v1.ConfigMapVolumeSource & v1.SecretVolumeSource>;

/** A volume of a ConfigMap or Secret, or a projection of one; `field` is where its name stands. */
function documentFaults(field: "name" | "secretName", source: DocumentSource, path: string): Faults {
  const items = source.items ?? [];
  return [
    ...checkName(`${path}.${field}`, source[field], dnsSubdomain),
    ...checkRange(`${path}.defaultMode`, source.defaultMode, 0, LARGEST_MODE),
    ...items.flatMap((item, at) => itemFaults(item, `${path}.items[${at}]`)),
  ];
}

const itemFaults = (item: Loose<v1.KeyToPath>, path: string): Faults => [
  ...when(!item.key, () => required(`${path}.key`)),
  ...when(!item.path, () => required(`${path}.path`)),
  ...checkInside(`${path}.path`, item.path),
  ...when(item.path?.startsWith("..") === true && !hasParent(item.path), () =>
    invalid(`${path}.path`, item.path ?? "", "must not start with '..'"),
  ),
  ...checkRange(`${path}.mode`, item.mode, 0, LARGEST_MODE),
];

function projectedFaults(
  source: Loose<v1.ProjectedVolumeSource>,
  path: string,
  containers: readonly (string | undefined)[],
): Faults {
  const paths = (source.sources ?? []).flatMap(({ downwardAPI, configMap, secret }) =>
    [...(downwardAPI?.items ?? []), ...(configMap?.items ?? []), ...(secret?.items ?? [])].map((item) => item.path),
  );
  return [
    ...checkRange(`${path}.defaultMode`, source.defaultMode, 0, LARGEST_MODE),
    ...(source.sources ?? []).flatMap((one, at) => {
      const where = `${path}.sources[${at}]`;
      const given = Object.entries(one).filter(([, value]) => value !== undefined);
      const more = given
        .slice(1)
        .map(([kind]) => forbidden(`${where}.${kind}`, "may not specify more than 1 volume type"));
      return [
        ...more,
        ...(one.downwardAPI ? downwardFaults(one.downwardAPI, `${where}.downwardAPI`, containers) : NO_FAULTS),
        ...(one.configMap ? documentFaults("name", one.configMap, `${where}.configMap`) : NO_FAULTS),
        ...(one.secret ? documentFaults("name", one.secret, `${where}.secret`) : NO_FAULTS),
      ];
    }),
    ...doubles(paths, (_at, value) => invalid(`${path}.sources`, value, "conflicting duplicate paths")),
  ];
}

/** V16 for one container: `volumes` are those of the pod by name. */
export function mountsFaults(
  container: Loose<v1.Container>,
  path: string,
  volumes: ReadonlyMap<string, Loose<v1.Volume>>,
): Faults {
  const mounts = container.volumeMounts ?? [];
  return [
    ...mounts.flatMap((mount, at) => mountFaults(mount, `${path}.volumeMounts[${at}]`, volumes, container)),
    ...doubles(
      mounts.map(({ mountPath }) => mountPath),
      (at, value) => invalid(`${path}.volumeMounts[${at}].mountPath`, value, "must be unique", "choose another path"),
    ),
  ];
}

function mountFaults(
  mount: Loose<v1.VolumeMount>,
  path: string,
  volumes: ReadonlyMap<string, Loose<v1.Volume>>,
  container: Loose<v1.Container>,
): Faults {
  const { name, mountPath, subPath, subPathExpr, mountPropagation } = mount;
  const declared = [...volumes.keys()];
  const advice = declared.length === 0 ? "declare it under spec.volumes" : `declared volumes: ${declared.join(", ")}`;
  const privileged = container.securityContext?.privileged === true;
  return [
    ...when(!name, () => required(`${path}.name`)),
    ...when(Boolean(name) && !volumes.has(name ?? ""), () => notFound(`${path}.name`, name ?? "", advice)),
    ...when(!mountPath, () => required(`${path}.mountPath`)),
    ...checkInside(`${path}.subPath`, subPath),
    ...checkInside(`${path}.subPathExpr`, subPathExpr),
    ...when(Boolean(subPath && subPathExpr), () =>
      invalid(`${path}.subPathExpr`, subPathExpr ?? "", "subPathExpr and subPath are mutually exclusive", "keep one"),
    ),
    ...checkWord(`${path}.mountPropagation`, mountPropagation, ["Bidirectional", "HostToContainer", "None"]),
    ...when(mountPropagation === "Bidirectional" && !privileged, () =>
      forbidden(
        `${path}.mountPropagation`,
        "Bidirectional mount propagation is available only to privileged containers",
      ),
    ),
    ...readOnlyFaults(mount, path),
  ];
}

function readOnlyFaults(mount: Loose<v1.VolumeMount>, path: string): Faults {
  const { recursiveReadOnly, readOnly, mountPropagation = "None" } = mount;
  if (recursiveReadOnly === undefined || recursiveReadOnly === "Disabled") return NO_FAULTS;
  const at = `${path}.recursiveReadOnly`;
  return [
    ...checkWord(at, recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"]),
    ...when(readOnly !== true, () => forbidden(at, "may only be specified when readOnly is true")),
    ...when(mountPropagation !== "None", () =>
      forbidden(at, "may only be specified when mountPropagation is None or not specified"),
    ),
  ];
}
