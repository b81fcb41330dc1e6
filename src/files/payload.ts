import { posix } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { DesiredPod, DesiredVolume, DocumentKey } from "../pod/desired.ts";
import type { DocumentBodies } from "../pod/document.ts";
import type { Allocatable } from "../pod/resource-field.ts";
import { TOKEN_DATA_KEY, tokenKey } from "../pod/token-use.ts";
import type * as v1 from "../pod/v1.ts";
import { downwardFile } from "./downward.ts";

/** Files of a content volume by path below it. */
export type Payload = ReadonlyMap<string, PayloadFile>;
export type PayloadFile = {
  readonly data: Uint8Array;
  readonly mode: number;
  /** The user whose file it is; absent: root's. */
  readonly owner?: number;
};

/** What a payload is made from. */
export type PayloadSources = {
  readonly pod: DesiredPod;
  readonly bodies: DocumentBodies;
  readonly allocatable: Allocatable;
};

/** Modes of files that say nothing about theirs (cri-mapping 0). */
const USUAL_MODE = 0o644;
const OWNERS_MODE = 0o600;

/**
 * The files of a configMap, secret, downwardAPI or projected volume; undefined for other volumes. Throws VolumeFailed
 * with every reason at once (5.2). Values of secrets are never part of a message.
 */
export function payloadOf(volume: DesiredVolume, sources: PayloadSources): Payload | undefined {
  const projections = projectionsOf(volume.spec);
  if (projections === undefined) return undefined;

  const files = new Map<string, PayloadFile>();
  const reasons: string[] = [];
  for (const projection of projections.list) {
    try {
      for (const [path, file] of filesOf(projection, projections.mode, sources)) files.set(cleaned(path), file);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      reasons.push(error.message);
    }
  }
  if (reasons.length > 0) throw failed(reasons.join(", "));
  checkPaths(files);
  return files;
}

/** Every content volume is a list of projections; the plain kinds have one. */
function projectionsOf(spec: v1.Volume): { list: readonly v1.VolumeProjection[]; mode: number } | undefined {
  const { configMap, secret, downwardAPI, projected } = spec;
  if (configMap) return { list: [{ configMap }], mode: configMap.defaultMode ?? USUAL_MODE };
  if (downwardAPI) return { list: [{ downwardAPI }], mode: downwardAPI.defaultMode ?? USUAL_MODE };
  if (projected) return { list: projected.sources ?? [], mode: projected.defaultMode ?? USUAL_MODE };
  if (secret) {
    const { secretName, ...rest } = secret;
    const named = secretName === undefined ? rest : { ...rest, name: secretName };
    return { list: [{ secret: named }], mode: secret.defaultMode ?? USUAL_MODE };
  }
  return undefined;
}

type Files = readonly (readonly [string, PayloadFile])[];

function filesOf(projection: v1.VolumeProjection, mode: number, sources: PayloadSources): Files {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (serviceAccountToken) return [tokenFile(serviceAccountToken, mode, sources)];
  if (configMap) return documentFiles("ConfigMap", configMap, mode, sources);
  if (secret) return documentFiles("Secret", secret, mode, sources);
  if (downwardAPI) {
    return (downwardAPI.items ?? []).map((item) => [
      item.path,
      { data: downwardFile(item, sources.pod, sources.allocatable), mode: item.mode ?? mode },
    ]);
  }
  throw failed(`a projected volume cannot have the source ${Object.keys(projection).join(", ") || "(none)"} here`);
}

/** People write `./name` and `name/` as well: the shortest form is what is shown. What climbs stays as it is, to be refused. */
const cleaned = (path: string): string =>
  path.split("/").includes("..") ? path : posix.normalize(path).replace(/(.)\/$/, "$1");

/**
 * A token is its owner's alone where the pod has a group that the files are given to, or where one user runs all of its
 * containers, who then owns it (cri-mapping 5.2).
 */
function tokenFile(
  token: v1.ServiceAccountTokenProjection,
  mode: number,
  { pod, bodies }: PayloadSources,
): Files[number] {
  const data = bodies.get(tokenKey(pod, token))?.data.get(TOKEN_DATA_KEY);
  if (data === undefined) throw failed(`there is no token of the service account for ${token.path}`);
  const owner = onlyUser(pod);
  const isOpen = owner === undefined && pod.spec.securityContext?.fsGroup === undefined;
  return [token.path, { data, mode: isOpen ? mode : OWNERS_MODE, ...(owner === undefined ? {} : { owner }) }];
}

/** The user that all containers are to run as; undefined where they differ or one of them leaves it to its image. */
function onlyUser({ spec, containers }: DesiredPod): number | undefined {
  const users = new Set(
    containers.map(({ spec: own }) => own.securityContext?.runAsUser ?? spec.securityContext?.runAsUser),
  );
  return users.size === 1 ? [...users][0] : undefined;
}

/** Without items every key is a file; with items only those, under their paths (5.2). */
function documentFiles(
  kind: "ConfigMap" | "Secret",
  source: v1.ConfigMapProjection | v1.SecretProjection,
  mode: number,
  { pod, bodies }: PayloadSources,
): Files {
  const key: DocumentKey = `${kind}/${pod.namespace}/${source.name ?? ""}`;
  const body = bodies.get(key);
  if (body === undefined) {
    if (source.optional) return [];
    throw failed(`${kind.toLowerCase()} "${source.name ?? ""}" not found`);
  }
  if (!source.items?.length) return [...body.data].map(([path, data]) => [path, { data, mode }]);

  return source.items.flatMap((item) => {
    const data = body.data.get(item.key);
    if (data !== undefined) return [[item.path, { data, mode: item.mode ?? mode }] as const];
    if (source.optional) return [];
    throw failed(`${kind.toLowerCase()} "${source.name ?? ""}" has no key "${item.key}"`);
  });
}

const LONGEST_PATH = 4096;
const LONGEST_PART = 255;

/** The rules of 5.4, and that no file is also a directory of another. */
function checkPaths(payload: Payload): void {
  for (const path of payload.keys()) {
    const parts = path.split("/");
    if (path.startsWith("/")) throw failed(`the path "${path}" must be relative`);
    if (parts.some((part) => part === "" || part === "." || part === "..") || path.startsWith("..")) {
      throw failed(`the path "${path}" must not have empty parts, ".", ".." or begin with ".."`);
    }
    if (path.includes("\0")) throw failed(`the path ${JSON.stringify(path)} must not hold a NUL`);
    if (Buffer.byteLength(path) > LONGEST_PATH || parts.some((part) => Buffer.byteLength(part) > LONGEST_PART)) {
      throw failed(`the path "${path.slice(0, LONGEST_PART)}" or a part of it is too long`);
    }
    const above = parts.slice(1).map((_, count) => parts.slice(0, count + 1).join("/"));
    const file = above.find((directory) => payload.has(directory));
    if (file !== undefined) throw failed(`the path "${path}" lies below the file "${file}"`);
  }
}

const failed = (message: string): BerthError => new BerthError("VolumeFailed", message);
