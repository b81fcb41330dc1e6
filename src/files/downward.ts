import { BerthError } from "../base/errors.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { metadataField } from "../pod/metadata-field.ts";
import { type Allocatable, resourceField } from "../pod/resource-field.ts";
import type * as v1 from "../pod/v1.ts";

/** Content of one downwardAPI file (cri-mapping 5.2). Throws VolumeFailed for a field that files cannot show. */
export function downwardFile(item: v1.DownwardAPIVolumeFile, pod: DesiredPod, allocatable: Allocatable): Uint8Array {
  if (item.fieldRef) return Buffer.from(fieldText(item.fieldRef.fieldPath, pod));
  const { resourceFieldRef } = item;
  const value = resourceFieldRef && resourceField(pod, "", resourceFieldRef, allocatable);
  if (value !== undefined) return Buffer.from(value);
  throw new BerthError("VolumeFailed", `the source of the downwardAPI file "${item.path}" makes no sense`);
}

function fieldText(path: string, pod: DesiredPod): string {
  if (path === "metadata.labels") return mapText(pod.labels);
  if (path === "metadata.annotations") return mapText(pod.annotations);
  const text = metadataField(path, pod);
  if (text === undefined) throw new BerthError("VolumeFailed", `the downwardAPI cannot show "${path}" in a file`);
  return text;
}

/** Sorted `key="value"` lines without a final newline. */
function mapText(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${quote(map[key] ?? "")}`)
    .join("\n");
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};
/** What is shown as it is: letters, marks, numbers, punctuation, symbols, and of the blanks only the plain one. */
const SHOWN = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A double-quoted string literal as the Go language writes it: applications parse these files with its rules. */
function quote(text: string): string {
  const shown = Array.from(text.toWellFormed(), (sign) => {
    const short = SHORT_ESCAPES[sign];
    if (short !== undefined) return short;
    if (SHOWN.test(sign)) return sign;
    const point = sign.codePointAt(0) ?? 0;
    if (point < 0x80) return `\\x${hex(point, 2)}`;
    return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
  });
  return `"${shown.join("")}"`;
}

const hex = (point: number, digits: number): string => point.toString(16).padStart(digits, "0");
