import { BerthError } from "../base/errors.ts";
import type { DesiredVolume } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import { type Places, type VolumePlugin, volumeDir } from "./layout.ts";

/** The plugin whose directory a volume has; undefined for those that lie elsewhere (cri-mapping 5.1). */
export function pluginOf(spec: v1.Volume): VolumePlugin | undefined {
  if (spec.emptyDir) return "empty-dir";
  if (spec.configMap) return "configmap";
  if (spec.secret) return "secret";
  if (spec.downwardAPI) return "downward-api";
  if (spec.projected) return "projected";
  return undefined;
}

/** Where a volume lies on the host. Throws VolumeFailed for a kind that Berth does not run. */
export function volumeSource(places: Places, uid: string, { name, spec }: DesiredVolume): string {
  if (spec.hostPath) return spec.hostPath.path;
  const plugin = pluginOf(spec);
  if (plugin === undefined)
    throw new BerthError("VolumeFailed", `the volume "${name}" is of a kind that is not supported`);
  return volumeDir(places, uid, plugin, name);
}

/** Whether containers may only ever read the volume (2.4). */
export function isReadOnlyByNature(spec: v1.Volume): boolean {
  const plugin = pluginOf(spec);
  return spec.image !== undefined || (plugin !== undefined && plugin !== "empty-dir");
}
