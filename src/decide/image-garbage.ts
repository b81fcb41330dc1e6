import type { MonoMs } from "../base/clock.ts";
import type { Disk, StoredImage } from "../pod/image-store.ts";

/** When images are collected (node.md 5.2). */
export type ImageLimits = {
  /** imageGCHighThresholdPercent; 100 switches it off. */
  readonly highPercent: number;
  readonly lowPercent: number;
  /** imageMinimumGCAge. */
  readonly minAgeMs: number;
  /** imageMaximumGCAge; 0 is never. */
  readonly maxAgeMs: number;
};

/** What is remembered of one image. */
export type ImageAge = { readonly seenMonoMs: MonoMs; readonly usedMonoMs?: MonoMs };
export type ImageAges = ReadonlyMap<string, ImageAge>;

/** Whether there is anything to collect for. */
export const collects = ({ highPercent, maxAgeMs }: ImageLimits): boolean => highPercent < 100 || maxAgeMs > 0;

/** Ages after a look at all images: new ones are seen now, used ones were used now, gone ones are forgotten. */
export function noteAges(ages: ImageAges, images: readonly StoredImage[], used: UsedImages, now: MonoMs): ImageAges {
  return new Map(
    images.map((image) => {
      const seen = { seenMonoMs: now, ...ages.get(image.id) };
      return [image.id, isUsed(image, used) ? { ...seen, usedMonoMs: now } : seen];
    }),
  );
}

/** Ids and names of images that are in use or asked for. */
export type UsedImages = ReadonlySet<string>;

const isUsed = ({ id, names }: StoredImage, used: UsedImages): boolean =>
  used.has(id) || names.some((name) => used.has(name));

/** All that may be removed at all: neither in use nor pinned; the one that was used the longest ago first. */
export function unusedImages(
  images: readonly StoredImage[],
  used: UsedImages,
  ages: ImageAges,
): readonly StoredImage[] {
  const lastUse = ({ id }: StoredImage): number => ages.get(id)?.usedMonoMs ?? Number.NEGATIVE_INFINITY;
  const firstSeen = ({ id }: StoredImage): number => ages.get(id)?.seenMonoMs ?? 0;
  return images
    .filter((image) => !image.pinned && !isUsed(image, used))
    .sort((a, b) => compare(lastUse(a), lastUse(b)) || compare(firstSeen(a), firstSeen(b)) || compare(a.id, b.id));
}

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** What is to go: whatever is older than the maximum, then as much as brings the disk down to the low threshold. */
export type ImageVerdict = {
  readonly expired: readonly StoredImage[];
  /** Removed one after the other until so many bytes are free that were not. */
  readonly candidates: readonly StoredImage[];
  readonly wantedBytes: number;
};

/** Judges unused images in their order (node.md 5.2). */
export function judgeImages(
  unused: readonly StoredImage[],
  ages: ImageAges,
  disk: Disk | undefined,
  limits: ImageLimits,
  now: MonoMs,
): ImageVerdict {
  const ageOf = ({ id }: StoredImage): number => {
    const age = ages.get(id);
    return age === undefined ? 0 : now - (age.usedMonoMs ?? age.seenMonoMs);
  };
  const expired = unused.filter((image) => limits.maxAgeMs > 0 && ageOf(image) > limits.maxAgeMs);
  const candidates = oldEnough(unused, ages, limits, now).filter((image) => !expired.includes(image));
  return { expired, candidates, wantedBytes: wantedBytes(disk, limits) };
}

/** Images that have been there for imageMinimumGCAge, in their order. */
export function oldEnough(
  images: readonly StoredImage[],
  ages: ImageAges,
  { minAgeMs }: Pick<ImageLimits, "minAgeMs">,
  now: MonoMs,
): readonly StoredImage[] {
  return images.filter(({ id }) => now - (ages.get(id)?.seenMonoMs ?? now) >= minAgeMs);
}

function wantedBytes(disk: Disk | undefined, { highPercent, lowPercent }: ImageLimits): number {
  if (disk === undefined || disk.capacityBytes <= 0 || highPercent >= 100) return 0;
  const usedPercent = 100 - Math.floor((disk.availableBytes * 100) / disk.capacityBytes);
  if (usedPercent < highPercent) return 0;
  return Math.max(0, (disk.capacityBytes * (100 - lowPercent)) / 100 - disk.availableBytes);
}
