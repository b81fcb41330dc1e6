/** User ids of one pod with `hostUsers: false`: as many as a container can tell apart (cri-mapping 1.7). */
export const USER_RANGE_LENGTH = 65_536;

/** A run of user ids of the host, and of group ids with the same numbers, that is one pod's own (cri-mapping 1.7). */
export type UserRange = { readonly firstHostId: number; readonly length: number };

/** All user ids of the host that pods may have, a range of USER_RANGE_LENGTH for each. */
export type UserBlock = { readonly firstHostId: number; readonly ranges: number };
