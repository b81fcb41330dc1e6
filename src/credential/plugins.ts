import type { Clock, MonoMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { covers, type Entry } from "./match.ts";
import { type Answer, askPlugin, type Plugin } from "./plugin.ts";

/** All plugins of the node, with what they said lately. */
export type Plugins = { entries(repository: string): Promise<readonly Entry[]> };

/** Answers that are kept. @limit The oldest is forgotten, which costs one run of its plugin. */
const MOST_ANSWERS = 1000;

type Kept = { readonly entries: readonly Entry[]; readonly untilMonoMs: MonoMs };

/** Runs of the same plugin for one repository are shared; a plugin that fails is told in the log and passed over. */
export function makePlugins(tools: {
  readonly plugins: readonly Plugin[];
  readonly binDir: string;
  readonly clock: Clock;
  readonly log: Log;
}): Plugins {
  const { plugins, binDir, clock, log } = tools;
  /** @bound MOST_ANSWERS */
  const kept = new Map<string, Kept>();
  /** @bound Runs under way: at most one for each plugin and image that is being pulled. */
  const running = new Map<string, Promise<readonly Entry[]>>();

  const keep = (key: string, { entries, cacheMs }: Answer): void => {
    if (cacheMs <= 0) return;
    kept.delete(key);
    kept.set(key, { entries, untilMonoMs: clock.now().monoMs + cacheMs });
    const oldest = kept.keys().next();
    if (kept.size > MOST_ANSWERS && !oldest.done) kept.delete(oldest.value);
  };
  /** Nobody's signal: others may wait for it, too; it has a bound of its own. */
  const run = async (plugin: Plugin, repository: string): Promise<readonly Entry[]> => {
    const answer = await askPlugin(binDir, plugin, repository);
    keep(keyOf(plugin, answer.cacheKey, repository), answer);
    return answer.entries;
  };
  const ask = async (plugin: Plugin, repository: string): Promise<readonly Entry[]> => {
    const { monoMs } = clock.now();
    for (const kind of ["Image", "Registry", "Global"] as const) {
      const known = kept.get(keyOf(plugin, kind, repository));
      if (known !== undefined && monoMs < known.untilMonoMs) return known.entries;
    }
    const key = keyOf(plugin, "Image", repository);
    const flight = running.get(key) ?? run(plugin, repository).finally(() => running.delete(key));
    running.set(key, flight);
    try {
      return await flight;
    } catch (error) {
      log.warn("a credential provider is passed over", { provider: plugin.name, error });
      return [];
    }
  };

  return {
    async entries(repository) {
      const asked = plugins.filter(({ matchImages }) => matchImages.some((pattern) => covers(pattern, repository)));
      return (await Promise.all(asked.map((plugin) => ask(plugin, repository)))).flat();
    },
  };
}

function keyOf({ name }: Plugin, kind: Answer["cacheKey"], repository: string): string {
  const [registry = ""] = repository.split("/");
  const about = { Image: repository, Registry: registry, Global: "" }[kind];
  return JSON.stringify([name, kind, about]);
}
