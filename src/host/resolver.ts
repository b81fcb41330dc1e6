import { readWhole } from "../base/bounded-file.ts";
import { BerthError } from "../base/errors.ts";
import { fileMarks } from "../base/file-marks.ts";
import type { Log } from "../base/log.ts";
import type { HostResolver, ResolvConf } from "../pod/node.ts";
import { parseResolvConf } from "./resolv-conf.ts";

/** Bytes of the resolver file. @limit berthd does not start; later what was read before goes on to count. */
const LARGEST_RESOLVER_BYTES = 10 * 1024 * 1024;

/** The resolver file at this path; an empty path is an empty file. Throws ConfigInvalid. */
export async function readResolver(path: string): Promise<ResolvConf> {
  if (path === "") return { servers: [], searches: [], options: [] };
  const text = await readWhole(path, LARGEST_RESOLVER_BYTES).catch((error: unknown) => {
    throw new BerthError("ConfigInvalid", `cannot read the resolver file ${path}: ${wordsOf(error)}`, { cause: error });
  });
  return parseResolvConf(text, path);
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The host's resolver file from the reading at start on: a host may get its name servers after its pods were asked for. */
export function makeHostResolver(path: string, first: ResolvConf, log: Pick<Log, "warn">): HostResolver {
  let newest = first;
  let mark = "";
  let warned = "";
  return {
    now: () => newest,
    async refresh() {
      if (path === "") return;
      const found = await fileMarks([path]);
      if (found === mark) return;
      try {
        newest = await readResolver(path);
        mark = found;
        warned = "";
      } catch (error) {
        const problem = wordsOf(error);
        if (problem !== warned) log.warn(`${problem}; new pods get what it said before`);
        warned = problem;
      }
    },
  };
}
