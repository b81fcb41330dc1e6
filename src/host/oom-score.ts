import { readFile } from "node:fs/promises";

/** How willingly the kernel ends this process when memory runs out: -1000 is never, 1000 is first. */
export async function ownOomScore(): Promise<number> {
  return Number(await readFile("/proc/self/oom_score_adj", "utf8"));
}
