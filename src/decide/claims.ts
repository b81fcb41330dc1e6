import type { FileSighting } from "../pod/source.ts";

/** A document that wants a name. */
export type Claim<T> = {
  readonly key: string;
  readonly path: string;
  /** 0-based place in its file. */
  readonly document: number;
  /** Documents with warnings lose a name to those without (D5). */
  readonly warned: boolean;
  /** Whether the file's content has stood still, so that a change counts. */
  readonly settled: boolean;
  /** Equal for two claims that ask for the same thing. */
  readonly identity: string;
  readonly asks: T;
  /** Whoever holds the name with it keeps it as it is until it is gone. */
  readonly sealed?: boolean;
};

/** Who holds a name, and where it stands. */
export type Held<T> = Omit<Claim<T>, "document" | "warned" | "settled">;

/** The names after a sighting, and the claims that have to wait for another's name. */
export type Settlement<T> = {
  readonly held: readonly Held<T>[];
  readonly losers: readonly { readonly claim: Claim<T>; readonly holder: Held<T> }[];
};

/**
 * Gives each name to one document (D1, D5). A holder keeps its name, in its last good form where its file proves nothing; a
 * name without a holder goes to the claims without warnings first, then in path order.
 */
export function settleClaims<T>(
  before: readonly Held<T>[],
  claims: readonly Claim<T>[],
  files: ReadonlyMap<string, FileSighting>,
  lossesCount: boolean,
): Settlement<T> {
  const byKey = Map.groupBy(claims, ({ key }) => key);
  const kept = before.flatMap((holder) => keep(holder, byKey.get(holder.key) ?? [], files, lossesCount) ?? []);
  const taken = new Set(kept.map(({ key }) => key));
  const gained = [...byKey].filter(([key]) => !taken.has(key)).flatMap(([, rivals]) => heldBy(best(rivals)) ?? []);
  const held = [...kept, ...gained];
  const holders = new Map(held.map((holder) => [holder.key, holder]));
  return { held, losers: claims.flatMap((claim) => losing(claim, holders.get(claim.key))) };
}

/** The holder's form from now on, or undefined when it lost its place for certain. */
function keep<T>(
  holder: Held<T>,
  rivals: readonly Claim<T>[],
  files: ReadonlyMap<string, FileSighting>,
  lossesCount: boolean,
): Held<T> | undefined {
  const own = rivals.filter(({ path }) => path === holder.path);
  const same = own.find(({ identity }) => identity === holder.identity);
  if (same !== undefined) return heldBy(same);
  const changed = best(own);
  if (changed !== undefined) return changed.settled && holder.sealed !== true ? heldBy(changed) : holder;
  return lossesCount && provesAbsence(files.get(holder.path), holder.key) ? undefined : holder;
}

/**
 * Whether a file shows that it no longer holds the name: it is gone, or was read whole, has stood still, and has no broken
 * document that may be the one.
 */
function provesAbsence(file: FileSighting | undefined, key: string): boolean {
  if (file === undefined) return true;
  if (file.reading !== "whole" || !file.settled) return false;
  return !file.documents.some((seen) => seen.kind === "broken" && (seen.pod === undefined || seen.pod === key));
}

function best<T>(rivals: readonly Claim<T>[]): Claim<T> | undefined {
  return rivals.toSorted(
    (one, other) => Number(one.warned) - Number(other.warned) || byPath(one, other) || one.document - other.document,
  )[0];
}

/** Byte-wise for the characters that paths are made of (F3). */
const byPath = (one: { path: string }, other: { path: string }): number =>
  one.path === other.path ? 0 : one.path < other.path ? -1 : 1;

const heldBy = <T>(claim: Claim<T> | undefined): Held<T> | undefined =>
  claim === undefined
    ? undefined
    : {
        ...{ key: claim.key, path: claim.path, identity: claim.identity, asks: claim.asks },
        ...(claim.sealed === undefined ? {} : { sealed: claim.sealed }),
      };

function losing<T>(
  claim: Claim<T>,
  holder: Held<T> | undefined,
): { readonly claim: Claim<T>; readonly holder: Held<T> }[] {
  const holds = holder === undefined || (holder.path === claim.path && holder.identity === claim.identity);
  // A form that only waits for its file to stand still takes over by itself.
  const waits = holder?.path === claim.path && !claim.settled;
  return holds || waits ? [] : [{ claim, holder }];
}
