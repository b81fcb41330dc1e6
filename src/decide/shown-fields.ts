import type { DesiredPod } from "../pod/desired.ts";
import { metadataField } from "../pod/metadata-field.ts";
import type * as v1 from "../pod/v1.ts";

/**
 * What the files of a volume show of the pod's own fields, as one text: when it changes they are written anew (cri-mapping 5.2,
 * 5.6). Undefined for a volume that shows none.
 */
export function shownFields(pod: DesiredPod, { downwardAPI, projected }: v1.Volume): string | undefined {
  const sources = [downwardAPI, ...(projected?.sources ?? []).map((source) => source.downwardAPI)];
  const items = sources.flatMap((source) => source?.items ?? []);
  return items.length === 0 ? undefined : JSON.stringify(items.map((item) => fieldOf(pod, item)));
}

function fieldOf(pod: DesiredPod, { fieldRef, resourceFieldRef }: v1.DownwardAPIVolumeFile): unknown {
  const { fieldPath = "" } = fieldRef ?? {};
  if (fieldPath === "metadata.labels") return pod.labels;
  if (fieldPath === "metadata.annotations") return pod.annotations;
  if (fieldRef !== undefined) return metadataField(fieldPath, pod);
  const container = pod.containers.find(({ name }) => name === resourceFieldRef?.containerName);
  return [container?.spec.resources, pod.spec.resources];
}
