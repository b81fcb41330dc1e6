import type { Clock } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import {
  collects,
  type ImageAges,
  type ImageLimits,
  judgeImages,
  noteAges,
  oldEnough,
  type UsedImages,
  unusedImages,
} from "../decide/image-garbage.ts";
import type { NodeMoment } from "../decide/node-news.ts";
import type { ImageGarbage, ImageStore, StoredImage } from "../pod/image-store.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Images } from "../ports.ts";
import type { Round } from "./loop.ts";

/**
 * Collects images that nobody needs (node.md 5.2).
 *
 * I1  An image that a container of anybody was made from, that a pod asks for, or that is pinned, is never removed.
 * I2  The loop removes what the thresholds and ages say; a person who asks for a collection gets all that is unused.
 * I3  One pass at a time.
 * I4  A pass that failed is told from the second one in a row on.
 */
export type ImageCare = {
  readonly run: Round;
  readonly beatWithinMs: number;
  /** Removes all unused images; with dryRun it is only told which ones. Throws what the runtime throws. */
  collect(dryRun: boolean, signal: AbortSignal): Promise<ImageGarbage>;
  /** Removes unused images that are not new until so many bytes are freed, and answers how many were. */
  reclaim(wantedBytes: number, signal: AbortSignal): Promise<number>;
};

const BEAT_MS = 5 * 60_000;

/** The care of images, not begun. */
export function makeImageCare(tools: {
  readonly store: ImageStore;
  readonly limits: ImageLimits;
  readonly images: Pick<Images, "find">;
  /** References that pods ask for, as sent to the runtime. */
  asked(): ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  tell(moment: NodeMoment): void;
}): ImageCare {
  const { store, limits, clock, log, meter } = tools;
  let ages: ImageAges = new Map();
  let failures = 0;
  let last: Promise<unknown> = Promise.resolve();
  /** Each image is a sign of life: there may be many, and a runtime in trouble lets each run into its deadline. */
  let goesRound = (): void => {};

  const askedIds = async (signal: AbortSignal): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (const ref of tools.asked()) {
      const image = await tools.images.find(ref, signal);
      if (image !== undefined) ids.push(image.id);
    }
    return ids;
  };
  const look = async (signal: AbortSignal): Promise<readonly StoredImage[]> => {
    const images = await store.list(signal);
    // Read after the images: what was begun to be used in between is then seen.
    const used: UsedImages = new Set([...(await store.used(signal)), ...(await askedIds(signal))]);
    ages = noteAges(ages, images, used, clock.now().monoMs);
    return unusedImages(images, used, ages);
  };
  const removeOne = async (image: StoredImage, signal: AbortSignal): Promise<string | undefined> => {
    try {
      await store.remove(image.id, signal);
      log.info("an unused image was removed", { image: image.id, names: image.names, bytes: image.bytes });
      return undefined;
    } catch (error) {
      const { message } = asBerthError(error, "removing an image");
      log.warn("an unused image could not be removed", { image: image.id, error });
      return message;
    }
  };
  const removeUntil = async (
    images: readonly StoredImage[],
    wantedBytes: number,
    reason: "age" | "space",
    signal: AbortSignal,
  ): Promise<number> => {
    let freedBytes = 0;
    for (const image of images) {
      if (signal.aborted || freedBytes >= wantedBytes) break;
      goesRound();
      if ((await removeOne(image, signal)) !== undefined) continue;
      freedBytes += image.bytes;
      meter.add("kubelet_image_garbage_collected_total", { reason });
    }
    return freedBytes;
  };
  const pass = async (signal: AbortSignal): Promise<void> => {
    const unused = await look(signal);
    const disk = await store.disk(signal);
    if (disk?.capacityBytes === 0) {
      tools.tell({ kind: "failed", what: "InvalidDiskCapacity", message: "invalid capacity 0 on image filesystem" });
    }
    const verdict = judgeImages(unused, ages, disk, limits, clock.now().monoMs);
    const expired = await removeUntil(verdict.expired, Number.POSITIVE_INFINITY, "age", signal);
    const wanted = verdict.wantedBytes - expired;
    if (wanted <= 0) return;
    const freed = await removeUntil(verdict.candidates, wanted, "space", signal);
    if (freed >= wanted) return;
    const message = `Failed to garbage collect required amount of images. Attempted to free ${Math.round(wanted)} bytes, but only found ${freed} bytes eligible to free.`;
    tools.tell({ kind: "failed", what: "FreeDiskSpaceFailed", message });
  };
  const passAndTell = async (signal: AbortSignal): Promise<void> => {
    try {
      await pass(signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      log.warn("unused images could not be collected", { error });
      if (failures < 2) return;
      tools.tell({ kind: "failed", what: "ImageGCFailed", message: asBerthError(error, "collecting images").message });
    }
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    beatWithinMs: 3 * BEAT_MS,
    async run(signal, beat) {
      goesRound = beat;
      while (!signal.aborted) {
        beat();
        await clock.sleep(BEAT_MS, signal);
        if (!signal.aborted && collects(limits)) await inTurn(() => passAndTell(signal));
      }
    },
    reclaim: (wantedBytes, signal) =>
      inTurn(async () =>
        removeUntil(oldEnough(await look(signal), ages, limits, clock.now().monoMs), wantedBytes, "space", signal),
      ),
    collect: (dryRun, signal) =>
      inTurn(async () => {
        const images: ImageGarbage["images"][number][] = [];
        for (const image of await look(signal)) {
          const failure = dryRun || signal.aborted ? undefined : await removeOne(image, signal);
          const { id, names, bytes } = image;
          images.push({ id, names, bytes, ...(failure === undefined ? {} : { failure }) });
        }
        return { dryRun, images };
      }),
  };
}
