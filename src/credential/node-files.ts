import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type DockerFormat, readDockerConfig } from "./docker-config.ts";
import type { Entry } from "./match.ts";

/** The node's own credentials: the first of Docker's files that can be read (cri-mapping 6.3). */
export type NodeFiles = { entries(): Promise<readonly Entry[]> };

/** A file is read again after so long. */
const FRESH_MS = 5 * 60_000;

/** Looks in the root directory, the working directory, below the home directory and at the top, in this order. */
export function makeNodeFiles(tools: {
  readonly rootDir: string;
  readonly workingDir: string;
  /** Empty when there is none. */
  readonly homeDir: string;
  readonly clock: Clock;
  readonly log: Log;
}): NodeFiles {
  const { rootDir, workingDir, homeDir, clock, log } = tools;
  const places = ([root, docker]: readonly [string, string]): readonly string[] => [
    rootDir,
    workingDir,
    ...(homeDir === "" ? [] : [join(homeDir, root)]),
    docker,
  ];
  const candidates: readonly { readonly path: string; readonly format: DockerFormat }[] = [
    ...places([".docker", "/.docker"]).map((place) => ({
      path: join(place, "config.json"),
      format: "config.json" as const,
    })),
    ...places(["", "/"]).map((place) => ({ path: join(place, ".dockercfg"), format: ".dockercfg" as const })),
  ];
  let known: { readonly entries: readonly Entry[]; readonly untilMonoMs: number } | undefined;

  const read = async (): Promise<readonly Entry[]> => {
    for (const { path, format } of candidates) {
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text === undefined) continue;
      const entries = readDockerConfig(text, format);
      if (entries !== undefined) return entries;
      log.warn("a file with registry credentials is malformed and passed over", { path });
    }
    return [];
  };

  return {
    async entries() {
      const { monoMs } = clock.now();
      if (known === undefined || monoMs >= known.untilMonoMs) {
        known = { entries: await read(), untilMonoMs: monoMs + FRESH_MS };
      }
      return known.entries;
    },
  };
}
