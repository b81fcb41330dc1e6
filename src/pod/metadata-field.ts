import type { DesiredPod } from "./desired.ts";

/** A field of the pod's own metadata by its path, as env and downwardAPI files name it; undefined for any other path (V13). */
export function metadataField(path: string, pod: DesiredPod): string | undefined {
  switch (path) {
    case "metadata.name":
      return pod.name;
    case "metadata.namespace":
      return pod.namespace;
    case "metadata.uid":
      return pod.uid;
  }
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/s.exec(path) ?? [];
  return key === undefined ? undefined : ((map === "labels" ? pod.labels : pod.annotations)[key] ?? "");
}
