import type { DocumentKey } from "../pod/desired.ts";
import type { DocumentContent } from "../pod/document.ts";
import { documentBody } from "../pod/document-body.ts";
import type * as v1 from "../pod/v1.ts";
import { duplicate, type Faults, invalid, NO_FAULTS, tooLong, when } from "./fault.ts";
import { contentDigest } from "./identity.ts";
import type { Loose } from "./loose.ts";
import { join } from "./nearest.ts";
import { secretTypeFaults } from "./secret-types.ts";
import { metadataFaults } from "./validate/metadata.ts";
import { configKey } from "./validate/names.ts";

/** Bytes of the data of a ConfigMap or Secret. @limit It is a problem, and its pods wait. */
const MOST_BYTES = 1024 * 1024;
const PARTS = ["data", "binaryData", "stringData"] as const;
type Config = Loose<v1.ConfigMap & v1.Secret>;
type ConfigKind = "ConfigMap" | "Secret";

/** The rules of ConfigMaps and Secrets: name, keys, size, and what a Secret's type asks for. Values are never repeated. */
export function configFaults(config: Config, kind: ConfigKind, path: string): Faults {
  const metadata = config.metadata ?? {};
  const keys = PARTS.flatMap((part) => Object.keys(config[part] ?? {}).map((key) => ({ part, key })));
  const { data } = documentBody(kind, config);
  const size = [...data.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return [
    ...metadataFaults(metadata, metadata.name ?? "", join(path, "metadata")),
    ...keys.flatMap(({ part, key }) =>
      configKey(key).map((detail) => invalid(`${join(path, part)}[${key}]`, key, detail)),
    ),
    ...Object.keys(config.binaryData ?? {}).flatMap((key) =>
      when(Object.hasOwn(config.data ?? {}, key), () => duplicate(`${join(path, "binaryData")}[${key}]`, key)),
    ),
    ...when(size > MOST_BYTES, () => tooLong(join(path, "data"), MOST_BYTES)),
    ...(kind === "Secret" ? secretTypeFaults(config, data, path) : NO_FAULTS),
  ];
}

/** The document as it is handed on, with a digest of its content as version. */
export function contentOf(
  key: DocumentKey,
  kind: ConfigKind,
  config: Config,
  { seenWallMs, digestKey }: { readonly seenWallMs: number; readonly digestKey: string },
): DocumentContent {
  const body = documentBody(kind, config);
  const values = [...body.data].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  const version = contentDigest([body.type, values, [...body.binaryKeys].sort()], digestKey);
  return { key, version, immutable: config.immutable === true, seenWallMs, body };
}
