import { isDeepStrictEqual } from "node:util";
import type * as v1 from "../../../src/pod/v1.ts";
import type { Json } from "./merge.ts";
import { Refusal } from "./refusal.ts";

/** What the API lets nobody ask of an ephemeral container. */
const FORBIDDEN = [
  ...["lifecycle", "livenessProbe", "ports", "readinessProbe", "resizePolicy", "resources", "restartPolicy"],
  ...["restartPolicyRules", "startupProbe"],
] as const;

const ephemeralOf = ({ spec }: Json): readonly v1.EphemeralContainer[] =>
  (spec as v1.PodSpec | undefined)?.ephemeralContainers ?? [];

/** The subresource `ephemeralcontainers` adds such containers to a pod, and does nothing else. Throws Invalid. */
export function refuseEphemeral(before: Json, after: Json): void {
  const rest = ({ spec }: Json): object => ({ ...(spec as v1.PodSpec), ephemeralContainers: undefined });
  if (!isDeepStrictEqual(rest(before), rest(after))) refuse("spec: only ephemeral containers may be added here");
  const now = ephemeralOf(after);
  for (const old of ephemeralOf(before)) {
    const kept = now.find(({ name }) => name === old.name);
    if (!isDeepStrictEqual(kept, old)) refuse(`existing ephemeral containers "${old.name}" may not be changed`);
  }
  const spec = after.spec as v1.PodSpec;
  const others = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
  for (const one of now) {
    if (others.includes(one.name)) refuse(`spec.ephemeralContainers: Duplicate value: "${one.name}"`);
    const target = one.targetContainerName;
    if (target && !others.includes(target))
      refuse(`spec.ephemeralContainers.targetContainerName: Not found: "${target}"`);
    for (const field of FORBIDDEN) {
      if (one[field] !== undefined) refuse(`spec.ephemeralContainers.${field}: Forbidden`);
    }
  }
}

/** Nothing else adds one. */
export function refuseOtherEphemeral(before: Json, after: Json): void {
  if (!isDeepStrictEqual(ephemeralOf(before), ephemeralOf(after)))
    refuse("spec: pod updates may not change this field");
}

function refuse(why: string): never {
  throw new Refusal(422, "Invalid", why);
}
