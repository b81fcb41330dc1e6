import { type FSWatcher, watch } from "node:fs";

/** Files that are watched at once. @limit More are not: they are looked at instead. */
const MOST_FILES = 512;

/** Calls back on each change of one of the files, until what it returns is called; undefined when not all can be watched. */
export function watchFiles(paths: readonly string[], onStir: () => void): (() => void) | undefined {
  /** @bound Watched files: MOST_FILES. */
  const watchers: FSWatcher[] = [];
  const close = (): void => {
    for (const watcher of watchers.reverse()) watcher.close();
  };
  if (paths.length > MOST_FILES) return undefined;
  try {
    for (const path of paths) {
      const watcher = watch(path, { persistent: false }, onStir);
      watchers.push(watcher);
      watcher.on("error", onStir);
    }
  } catch {
    close();
    return undefined;
  }
  return close;
}
