import { type BuiltImage, buildImage, makeLayer } from "./oci.ts";
import { buildPause } from "./pause.ts";

/** An image for sandboxes under this name: it reaps what pods leave behind, and ends at once when it is told to. */
export function buildPauseImage(name: string): BuiltImage {
  const layer = makeLayer([{ kind: "file", path: "pause", mode: 0o755, body: buildPause() }]);
  return buildImage({ names: [name], layers: [layer], config: { entrypoint: ["/pause"] } });
}
