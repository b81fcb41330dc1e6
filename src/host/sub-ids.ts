import { readFile } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import { USER_RANGE_LENGTH, type UserBlock } from "../pod/user-range.ts";

/** Whose subordinate ids are for pods, as with the kubelet (cri-mapping 1.7). */
const OWNER = "kubelet";
const LAST_ID = 2 ** 32 - 1;

/** Where the system keeps subordinate ids. */
export type SubIdFiles = { readonly users: string; readonly groups: string };

/**
 * The ids that pods with `hostUsers: false` share out: those of the user `kubelet` in the files of subordinate ids, else those
 * from 65536 on, one range for each pod that the node takes. Throws ConfigInvalid when users and groups differ, or are no
 * whole ranges: a pod would get ids that are somebody else's.
 */
export async function readUserBlock(
  maxPods: number,
  { users, groups }: SubIdFiles = { users: "/etc/subuid", groups: "/etc/subgid" },
): Promise<UserBlock> {
  const [ofUsers, ofGroups] = await Promise.all([linesOf(users), linesOf(groups)]);
  if (ofUsers.length === 0 && ofGroups.length === 0) return { firstHostId: USER_RANGE_LENGTH, ranges: maxPods };
  const [first, ...more] = ofUsers;
  if (first === undefined || more.length > 0 || ofGroups.length !== 1 || first !== ofGroups[0]) {
    throw wrong(users, groups, "must have one line for the user kubelet each, with the same numbers");
  }
  const [start = Number.NaN, count = Number.NaN] = first.split(":").map(Number);
  const whole = [start, count].every((one) => Number.isSafeInteger(one) && one > 0 && one % USER_RANGE_LENGTH === 0);
  if (!whole || start + count - 1 > LAST_ID) {
    throw wrong(users, groups, `must give the user kubelet whole ranges of ${USER_RANGE_LENGTH} ids`);
  }
  return { firstHostId: start, ranges: count / USER_RANGE_LENGTH };
}

/** `start:count` of every line of the owner; a file that is missing has none. */
async function linesOf(path: string): Promise<readonly string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [owner, start = "", count = ""] = line.trim().split(":");
    return owner === OWNER ? [`${start}:${count}`] : [];
  });
}

const wrong = (users: string, groups: string, what: string): BerthError =>
  new BerthError("ConfigInvalid", `${users} and ${groups} ${what}`);
