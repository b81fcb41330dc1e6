import type * as v1 from "../../../src/pod/v1.ts";
import { refuseEphemeral, refuseOtherEphemeral } from "./ephemeral-rules.ts";
import { isJson, type Json, merged } from "./merge.ts";
import { afterDeletion, refuseForeignPod } from "./pod-rules.ts";
import { Refusal } from "./refusal.ts";
import type { Asked } from "./requests.ts";
import { refuseResize } from "./resize-rules.ts";
import type { Kept, Shelf } from "./shelf.ts";

/** Performs a POST of an object. `asNode`: NodeRestriction holds. */
export function create(shelf: Shelf, at: Asked, body: Json, asNode: boolean): Kept {
  if (at.resource === "pods" && asNode) refuseForeignPod(body as v1.Pod);
  const metadata = isJson(body.metadata) ? body.metadata : {};
  const placed = at.namespace === undefined ? metadata : { ...metadata, namespace: at.namespace };
  const status = at.resource === "pods" ? { status: { phase: "Pending" } } : {};
  return shelf.add(at.resource, { ...body, ...status, metadata: placed });
}

/** Performs a PUT or a PATCH, of the object or of its status alone. */
export function change(shelf: Shelf, at: Asked, name: string, body: Json, how: "replace" | "patch"): Kept {
  const before = shelf.get(at.resource, at.namespace, name);
  const given = isJson(body.metadata) ? body.metadata : {};
  const { uid, resourceVersion } = before.metadata;
  if (given.uid !== undefined && given.uid !== uid)
    throw new Refusal(
      409,
      "Conflict",
      `Precondition failed: UID in precondition: ${String(given.uid)}, in object: ${uid}`,
    );
  if (given.resourceVersion !== undefined && given.resourceVersion !== "" && given.resourceVersion !== resourceVersion)
    throw new Refusal(409, "Conflict", "the object has been modified; please apply your changes to the latest version");
  const after = how === "replace" ? body : merged(before, body);
  const metadata = { ...(isJson(after.metadata) ? after.metadata : {}), ...fixed(before) };
  const statusOnly = at.subresource === "status" && at.resource === "pods";
  if (statusOnly) return shelf.put(at.resource, { ...before, ...part(after, "status") });
  if (at.subresource === "ephemeralcontainers") refuseEphemeral(before, after);
  else if (at.resource === "pods") refuseOtherEphemeral(before, after);
  if (at.resource === "pods") refuseResize(before, after, at.subresource === "resize");
  const hasStatus = at.resource === "pods" || at.resource === "nodes";
  const status = hasStatus && at.subresource !== "status" ? part(before, "status") : {};
  const changed = at.subresource !== "status" && JSON.stringify(after.spec) !== JSON.stringify(before.spec);
  const generation = (before.metadata.generation ?? 1) + (changed ? 1 : 0);
  return shelf.put(at.resource, { ...after, ...status, metadata: { ...metadata, generation } } as Kept);
}

/** What no write changes. */
function fixed({ metadata }: Kept): Kept["metadata"] {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation } = metadata;
  const all = { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Kept["metadata"];
}

const part = (object: Json, name: string): Json => (object[name] === undefined ? {} : { [name]: object[name] });

/** Performs a DELETE. */
export function remove(shelf: Shelf, at: Asked, name: string, options: Json): Kept {
  const object = shelf.get(at.resource, at.namespace, name);
  const wanted = isJson(options.preconditions) ? options.preconditions.uid : undefined;
  const { uid } = object.metadata;
  if (wanted !== undefined && wanted !== uid)
    throw new Refusal(
      409,
      "Conflict",
      `Precondition failed: UID in precondition: ${String(wanted)}, in object: ${uid}`,
    );
  if (at.resource !== "pods") return shelf.drop(at.resource, object);
  const seconds = options.gracePeriodSeconds;
  const left = afterDeletion(object, typeof seconds === "number" ? seconds : undefined, Date.now());
  return left === undefined ? shelf.drop("pods", object) : shelf.put("pods", left);
}
