import type { Clock } from "../base/clock.ts";
import type { NodeImage } from "../pod/cluster.ts";
import type { ImageStore, StoredImage } from "../pod/image-store.ts";
import type { Round } from "./loop.ts";

/** The images that the runtime has, as a node's status tells them (node.md 2.2). */
export type ImageList = { images(): readonly NodeImage[]; readonly run: Round; readonly beatWithinMs: number };

const LOOK_MS = 30_000;
/** A runtime may take minutes for an answer; the loop does not hang for that. */
const LONGEST_LIST_MS = 300_000;

/** No image yet. What was listed last stays while the runtime does not answer: a restart of it is no news for the scheduler. */
export function makeImageList(tools: {
  readonly store: Pick<ImageStore, "list">;
  readonly clock: Clock;
  onChange(): void;
}): ImageList {
  /** @bound Images of the runtime; of each only names and size. */
  let images: readonly NodeImage[] = [];
  let text = "[]";

  return {
    images: () => images,
    beatWithinMs: 3 * LOOK_MS + LONGEST_LIST_MS,
    async run(signal, beat) {
      while (!signal.aborted) {
        beat();
        const listed = await tools.store.list(signal).catch(() => undefined);
        const next = listed === undefined ? images : toldOf(listed);
        const nextText = JSON.stringify(next);
        if (nextText !== text) {
          images = next;
          text = nextText;
          tools.onChange();
        }
        await tools.clock.sleep(LOOK_MS, signal);
      }
    },
  };
}

/** The same for the same images, in whatever order the runtime lists them: else each list would be a change. */
function toldOf(images: readonly StoredImage[]): readonly NodeImage[] {
  return images
    .filter(({ names }) => names.length > 0)
    .map(({ names, bytes }) => ({ names: digestsFirst(names), sizeBytes: bytes }))
    .sort((one, other) => other.sizeBytes - one.sizeBytes || compare(one.names[0] ?? "", other.names[0] ?? ""));
}

const digestsFirst = (names: readonly string[]): string[] =>
  names.toSorted((one, other) => Number(other.includes("@")) - Number(one.includes("@")) || compare(one, other));

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
