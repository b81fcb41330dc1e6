import type { ManifestSource } from "../ports.ts";

/**
 * The source of a directory from which every manifest was taken away: pods of earlier times are compiled as ever, and none
 * is asked for. Where they were listed last, so is the empty list, as a removal on another device would prove nothing (D1).
 */
export function emptied(source: ManifestSource): ManifestSource {
  let newest = { seenWallMs: Number.NEGATIVE_INFINITY, device: "" };
  return {
    ...source,
    recompile(stored) {
      const { seenWallMs, device } = stored;
      if (device !== undefined && seenWallMs >= newest.seenWallMs) newest = { seenWallMs, device };
      return source.recompile(stored);
    },
    async *sightings(signal) {
      yield { listing: { kind: "whole", device: newest.device }, files: [], ignored: [] };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
}
