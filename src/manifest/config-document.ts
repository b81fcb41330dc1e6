import type { DocumentKey } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import { duplicate, type Faults, invalid, tooLong, when } from "./fault.ts";
import type { Loose } from "./loose.ts";
import { join } from "./nearest.ts";
import { metadataFaults } from "./validate/metadata.ts";
import { configKey } from "./validate/names.ts";

/** The body of a ConfigMap or Secret. It never becomes part of a picture, plan, log or record. */
export type DocumentContent = {
  readonly key: DocumentKey;
  /** The type of a Secret; empty for a ConfigMap. */
  readonly type: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
};

/** Bytes of the data of a ConfigMap or Secret. @limit It is a problem, and its pods wait. */
const MOST_BYTES = 1024 * 1024;
const PARTS = ["data", "binaryData", "stringData"] as const;
type Config = Loose<v1.ConfigMap & v1.Secret>;

/** The rules of ConfigMaps and Secrets: name, keys, size. Values are never repeated. */
export function configFaults(config: Config, path: string): Faults {
  const metadata = config.metadata ?? {};
  const keys = PARTS.flatMap((part) => Object.keys(config[part] ?? {}).map((key) => ({ part, key })));
  const size = PARTS.flatMap((part) => Object.values(config[part] ?? {})).reduce(
    (sum, text) => sum + (text?.length ?? 0),
    0,
  );
  return [
    ...metadataFaults(metadata, metadata.name ?? "", join(path, "metadata")),
    ...keys.flatMap(({ part, key }) =>
      configKey(key).map((detail) => invalid(`${join(path, part)}[${key}]`, key, detail)),
    ),
    ...Object.keys(config.binaryData ?? {}).flatMap((key) =>
      when(Object.hasOwn(config.data ?? {}, key), () => duplicate(`${join(path, "binaryData")}[${key}]`, key)),
    ),
    ...when(size > MOST_BYTES, () => tooLong(join(path, "data"), MOST_BYTES)),
  ];
}

/** The bytes of each key; those of stringData win. */
export function contentOf(key: DocumentKey, kind: "ConfigMap" | "Secret", config: Config): DocumentContent {
  const encoding = kind === "Secret" ? "base64" : "utf8";
  const data = new Map<string, Buffer>();
  const take = (part: Readonly<Record<string, string | undefined>> | undefined, as: BufferEncoding): void => {
    for (const [name, text = ""] of Object.entries(part ?? {})) data.set(name, Buffer.from(text, as));
  };
  take(config.data, encoding);
  take(config.binaryData, "base64");
  take(config.stringData, "utf8");
  const sorted = new Map([...data].sort(([left], [right]) => (left < right ? -1 : 1)));
  return { key, type: kind === "Secret" ? config.type || "Opaque" : "", data: sorted };
}
