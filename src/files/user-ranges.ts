import { constants } from "node:fs";
import { open, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { USER_RANGE_LENGTH, type UserBlock, type UserRange } from "../pod/user-range.ts";
import { ifThere, systemCode } from "./failure.ts";
import { type Places, podDir, podsDir } from "./layout.ts";

/** Which pod has which user ids of the host (cri-mapping 1.7). No two pods have the same ones as long as both have a home. */
export type UserRanges = {
  /** The ids of a pod; undefined when it has taken none. */
  of(uid: string): UserRange | undefined;
  /** Gives a pod its ids, the same ones each time. Its home must stand. Throws FileFailed when none are left. */
  take(uid: string): Promise<void>;
  /** The pod's home is gone, and with it everything that had its ids. */
  leave(uid: string): void;
};

const LARGEST_FILE_BYTES = 4096;

/**
 * Shares out user ids, going on with what earlier agents gave: each pod's are kept in its home as `userns`. Ids outside the block,
 * from before it was changed, stay with their pod as well.
 */
export async function openUserRanges(places: Places, block: UserBlock, log: Log): Promise<UserRanges> {
  /** @bound One for each pod that has a home and wants ids of its own. */
  const given = new Map<string, UserRange>();
  for (const uid of (await ifThere(readdir(podsDir(places)))) ?? []) {
    const range = await readRange(join(podsDir(places), uid, "userns"), log);
    if (range !== undefined) given.set(uid, range);
  }

  function free(): UserRange | undefined {
    const taken = new Set([...given.values()].map(({ firstHostId }) => firstHostId));
    for (let at = 0; at < block.ranges; at += 1) {
      const firstHostId = block.firstHostId + at * USER_RANGE_LENGTH;
      if (!taken.has(firstHostId)) return { firstHostId, length: USER_RANGE_LENGTH };
    }
    return undefined;
  }

  return {
    of: (uid) => given.get(uid),
    async take(uid) {
      if (given.has(uid)) return;
      const range = free();
      if (range === undefined) {
        throw new BerthError(
          "FileFailed",
          `all ${block.ranges} ranges of user ids of the host are taken by other pods`,
        );
      }
      // Taken before the disk knows of it, so that nobody else takes it meanwhile.
      given.set(uid, range);
      try {
        await writeRange(join(podDir(places, uid), "userns"), range);
      } catch (error) {
        given.delete(uid);
        throw error;
      }
    },
    leave: (uid) => void given.delete(uid),
  };
}

/** As the kubelet writes it. */
const textOf = ({ firstHostId, length }: UserRange): string => {
  const mappings = [{ hostId: firstHostId, containerId: 0, length }];
  return JSON.stringify({ uidMappings: mappings, gidMappings: mappings });
};

/** Whole or not at all, and never through a link. */
async function writeRange(path: string, range: UserRange): Promise<void> {
  await writeFile(`${path}.next`, textOf(range), { mode: 0o600 });
  await rename(`${path}.next`, path);
}

/** What does not read as a range counts as none, and is said: its pod gets new ids with its next sandbox. */
async function readRange(path: string, log: Log): Promise<UserRange | undefined> {
  try {
    const text = await readSmall(path);
    return text === undefined ? undefined : rangeOf(JSON.parse(text));
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return undefined;
    log.warn("the user ids of a pod cannot be read", { path, error });
    return undefined;
  }
}

async function readSmall(path: string): Promise<string | undefined> {
  const file = await ifThere(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LARGEST_FILE_BYTES), 0, LARGEST_FILE_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

function rangeOf(parsed: { uidMappings?: readonly { hostId?: unknown; length?: unknown }[] } | null): UserRange {
  const { hostId, length } = parsed?.uidMappings?.[0] ?? {};
  const isRange = Number.isSafeInteger(hostId) && Number(hostId) >= USER_RANGE_LENGTH && length === USER_RANGE_LENGTH;
  if (!isRange) throw new Error("it is no range of user ids");
  return { firstHostId: Number(hostId), length: USER_RANGE_LENGTH };
}
