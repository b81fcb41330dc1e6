import type * as v1 from "../../pod/v1.ts";
import { type Faults, invalid, NO_FAULTS, required, tooLong } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkText } from "./check.ts";
import { dnsLabel, dnsSubdomain, type Grammar, labelValue, qualifiedName } from "./names.ts";

const MOST_ANNOTATION_BYTES = 256 * 1024;

/** V1 to V3. `name` is what the node will call the object: the pod's name with the node's suffix. */
export function metadataFaults(metadata: Loose<v1.ObjectMeta>, name: string, path: string): Faults {
  return [
    ...nameFaults(metadata.name, name, `${path}.name`),
    ...checkText(`${path}.namespace`, metadata.namespace || undefined, dnsLabel),
    ...uidFaults(metadata.uid, `${path}.uid`),
    ...labelFaults(metadata.labels ?? {}, `${path}.labels`),
    ...annotationFaults(metadata.annotations ?? {}, `${path}.annotations`),
  ];
}

function nameFaults(written: string | undefined, name: string, path: string): Faults {
  if (!written) return [required(path, "name is required")];
  const own = checkText(path, written, dnsSubdomain);
  return own.length > 0 ? own : checkText(path, name, dnsSubdomain);
}

/** The uid becomes part of paths and cgroup names: it has to be one plain word. */
const uidFaults = (uid: string | undefined, path: string): Faults =>
  !uid || /^[A-Za-z0-9](?:[-A-Za-z0-9]{0,62}[A-Za-z0-9])?$/.test(uid)
    ? NO_FAULTS
    : [invalid(path, uid, "must consist of at most 64 alphanumeric characters or '-'", "remove it, or write a UUID")];

/** Keys and values of labels or of a node selector. */
export function labelFaults(labels: Readonly<Record<string, string | undefined>>, path: string): Faults {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...keyFaults(path, key, qualifiedName),
    ...checkText(`${path}[${key}]`, value, labelValue),
  ]);
}

const keyFaults = (path: string, key: string, grammar: Grammar): Faults =>
  grammar(key).map((detail) => invalid(`${path}[${key}]`, key, detail));

function annotationFaults(annotations: Readonly<Record<string, string | undefined>>, path: string): Faults {
  const sizes = Object.entries(annotations).map(
    ([key, value = ""]) => Buffer.byteLength(key) + Buffer.byteLength(value),
  );
  const size = sizes.reduce((sum, one) => sum + one, 0);
  return [
    ...Object.keys(annotations).flatMap((key) => keyFaults(path, key, (name) => qualifiedName(name.toLowerCase()))),
    ...(size > MOST_ANNOTATION_BYTES ? [tooLong(path, MOST_ANNOTATION_BYTES)] : NO_FAULTS),
  ];
}
