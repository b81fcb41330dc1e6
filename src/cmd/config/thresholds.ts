/** What must be left of the host, unless the configuration says otherwise (node.md 5.1). */
export const HARD_THRESHOLDS: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
  "nodefs.inodesFree": "5%",
  "imagefs.available": "15%",
  "imagefs.inodesFree": "5%",
};
