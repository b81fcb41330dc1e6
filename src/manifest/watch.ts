import { lstat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { type FSWatcher, watch } from "chokidar";

/** A watch on the manifest path. It only rings: what is there is found out by looking. */
export type Watch = { close(): Promise<void> };

export type WatchListener = {
  /** Something happened to an entry of the directory; with `name` undefined to any of them, or to the directory itself. */
  onChange(name: string | undefined, how: "moved" | "written"): void;
  /** The watch cannot be trusted any more. */
  onError(error: unknown): void;
};

/**
 * Watches the path, the targets of the links in it, and the link that it is itself. Resolves when changes from now on are
 * told. One inotify watch serves the whole directory: regular files are ignored, so that none gets a watch or a record of
 * its own; what happens to them comes as raw events of the directory.
 */
export async function watchManifests(path: string, listener: WatchListener): Promise<Watch> {
  const root = resolve(path);
  const parent = dirname(root);
  const parents = (await isLink(root)) ? [parent] : [];
  const watcher: FSWatcher = watch([root, ...parents], {
    depth: 0,
    ignoreInitial: true,
    atomic: false,
    ignorePermissionErrors: true,
    ignored: (entry, stats) => entry !== root && (parents.includes(dirname(entry)) || stats?.isFile() === true),
  });
  watcher.on("raw", (event, name, details) => {
    const watched = String(Reflect.get(Object(details), "watchedPath") ?? "");
    const how = event === "rename" ? "moved" : "written";
    if (watched === root && typeof name === "string" && name !== basename(root)) listener.onChange(name, how);
    else if (watched === root || name === basename(root)) listener.onChange(undefined, "moved");
  });
  // Targets of links are told by the name of their link.
  watcher.on("all", (_event, entry) => listener.onChange(entry === root ? undefined : basename(entry), "written"));
  watcher.on("error", (error) => listener.onError(error));
  await new Promise<void>((ready) => {
    watcher.once("ready", ready).once("error", () => ready());
  });
  return { close: () => watcher.close() };
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    // A path that is not there is no link yet.
    return false;
  }
}
