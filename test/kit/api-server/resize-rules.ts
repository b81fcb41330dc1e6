import { sameData } from "../../../src/base/same.ts";
import { isJson, type Json } from "./merge.ts";
import { Refusal } from "./refusal.ts";

/** Resources of a pod's containers change by the subresource `resize`, which changes nothing else (1.33). Throws Invalid. */
export function refuseResize(before: Json, after: Json, isResize: boolean): void {
  const same = isResize ? sameData(withoutResources(before), withoutResources(after)) : !isResized(before, after);
  if (same) return;
  const what = isResize ? "only cpu and memory resources are mutable" : "pod updates may not change resources";
  throw new Refusal(422, "Invalid", `Pod is invalid: spec: Forbidden: ${what}`);
}

const LISTS = ["containers", "initContainers"] as const;

const specOf = ({ spec }: Json): Json => (isJson(spec) ? spec : {});
const listOf = (pod: Json, name: (typeof LISTS)[number]): readonly Json[] => {
  const list = specOf(pod)[name];
  return Array.isArray(list) ? list.filter(isJson) : [];
};

/** The same containers with other resources; another set of containers is refused elsewhere. */
const isResized = (before: Json, after: Json): boolean =>
  LISTS.some((name) =>
    listOf(before, name).some((one) => {
      const other = listOf(after, name).find((next) => next.name === one.name);
      return other !== undefined && !sameData(one.resources, other.resources);
    }),
  );

const withoutResources = (pod: Json): Json => ({
  ...specOf(pod),
  resources: undefined,
  ...Object.fromEntries(
    LISTS.map((name) => [name, listOf(pod, name).map(({ resources: _, resizePolicy: __, ...rest }) => rest)]),
  ),
});
