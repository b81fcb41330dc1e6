import type { DirectorySighting, FileSighting } from "../pod/source.ts";

/** Whether two sightings tell the same: the same files with the very same documents and problems. */
export function sameDirectory(one: DirectorySighting, other: DirectorySighting): boolean {
  if (one.listing.kind !== "whole" || other.listing.kind !== "whole") {
    return one.listing.kind === other.listing.kind && failureOf(one) === failureOf(other);
  }
  return (
    one.listing.device === other.listing.device &&
    sameItems(one.files, other.files, sameFile) &&
    sameItems(one.ignored, other.ignored, (left, right) => left.file === right.file)
  );
}

const failureOf = ({ listing }: DirectorySighting): string =>
  listing.kind === "failed" ? listing.problem.message : "";

const sameFile = (one: FileSighting, other: FileSighting): boolean =>
  one === other ||
  (one.path === other.path &&
    one.settled === other.settled &&
    one.reading === other.reading &&
    sameItems(one.documents, other.documents, Object.is) &&
    sameItems(one.problems, other.problems, Object.is));

const sameItems = <T>(one: readonly T[], other: readonly T[], same: (left: T, right: T) => boolean): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every((item, at) => {
      const counterpart = other[at];
      return counterpart !== undefined && same(item, counterpart);
    }));
