import type { Clock } from "../base/clock.ts";
import type { SeenImage } from "../pod/action.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Images, PullRequest } from "../ports.ts";
import { sizeLabel } from "./action-counts.ts";
import { type Gates, RANK, WITHDRAWN } from "./gates.ts";
import { makeShare } from "./share.ts";

/** Images as all pods see them: equal look-ups and pulls under way are shared. */
export type SharedImages = {
  find(ref: string, signal: AbortSignal): Promise<SeenImage | undefined>;
  /** `onBegun` is called when the pull, perhaps another pod's, has left the queue. Cancelled when nobody wants it any more. */
  pull(request: PullRequest, onBegun: () => void, signal: AbortSignal): Promise<SeenImage>;
  /** What the last look-up or pull of this reference told. */
  known(ref: string): SeenImage | undefined;
};

/**
 * Images whose look-up is remembered; a node has some hundred. @limit The oldest is forgotten, which costs one look-up.
 */
const MOST_KNOWN = 1000;

type Tools = { readonly clock: Clock; readonly meter: Meter };

/** Shared images of one runtime; a pull passes the gate once for all that wait for it. */
export function makeSharedImages(images: Images, gates: Gates, { clock, meter }: Tools): SharedImages {
  const finds = makeShare<SeenImage | undefined>();
  const pulls = makeShare<SeenImage>();
  /** @bound MOST_KNOWN */
  const known = new Map<string, SeenImage>();

  const remember = (ref: string, image: SeenImage | undefined): void => {
    known.delete(ref);
    if (image === undefined) return;
    known.set(ref, image);
    const oldest = known.keys().next();
    if (known.size > MOST_KNOWN && !oldest.done) known.delete(oldest.value);
  };

  return {
    known: (ref) => known.get(ref),
    find: (ref, signal) =>
      finds.join({
        key: ref,
        signal,
        run: async (shared) => {
          const image = await images.find(ref, shared);
          remember(ref, image);
          return image;
        },
      }),
    pull: (request, onBegun, signal) =>
      pulls.join({
        key: JSON.stringify([request.ref, request.credential?.username, request.credential?.password]),
        signal,
        onBegun,
        run: async (shared, begun) => {
          const image = await gates.pull(RANK.any, shared, async () => {
            begun();
            const begunMonoMs = clock.now().monoMs;
            const pulled = await images.pull(request, shared);
            const size = { image_size_in_bytes: sizeLabel(pulled.size) };
            meter.observe("kubelet_image_pull_duration_seconds", size, (clock.now().monoMs - begunMonoMs) / 1000);
            return pulled;
          });
          if (image === WITHDRAWN) throw shared.reason;
          remember(request.ref, image);
          return image;
        },
      }),
  };
}
