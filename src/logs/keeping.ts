import { realpath, statfs } from "node:fs/promises";
import type { LogKeeping } from "../pod/log-keeping.ts";
import { compressRotated, logSize, rotateLog } from "./rotate.ts";
import type { Turns } from "./turns.ts";
import { watchFiles } from "./watch-files.ts";

/** Keeps the logs below this directory. */
export function makeLogKeeping(podLogsDir: string, turns: Turns): LogKeeping {
  return {
    size: logSize,
    async freeBytes() {
      const { bfree, bsize } = await statfs(podLogsDir);
      return bfree * bsize;
    },
    watch: watchFiles,
    async rotate(path, maxFiles, reopen) {
      const place = await realpath(path);
      const reopenAndTell = async (): Promise<void> => {
        await reopen();
        await turns.tell(place);
      };
      await rotateLog(place, maxFiles, reopenAndTell, new Date());
    },
    compress: compressRotated,
  };
}
