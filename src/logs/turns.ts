import { type FileHandle, open } from "node:fs/promises";

/** Tells followers of a log of each file that took its name, in order. */
export type Turns = {
  /** The files that take this name from now on. */
  follow(place: string): Successors;
  /** A new file stands under this name; resolves when every follower holds it. No rotation may begin before. */
  tell(place: string): Promise<void>;
};

/** Files that one follower has not come to yet. They are open, so that they last however soon they are removed. */
export type Successors = {
  /** The file after this one, taken; undefined while none was told. */
  after(file: FileHandle): Promise<FileHandle | undefined>;
  close(): Promise<void>;
  /** Files that were given up. */
  readonly lost: number;
};

/** Files that wait for a follower. @limit Of one that is slower, the oldest is given up, which the log tells at its end. */
const MOST_WAITING = 8;

/** Turns without followers. */
export function makeTurns(): Turns {
  /** @bound Followers at the moment: one for each such request to a socket. */
  const followers = new Set<{ readonly place: string; take(file: FileHandle): Promise<void> }>();

  return {
    follow(place) {
      /** @bound MOST_WAITING */
      const waiting: FileHandle[] = [];
      let lost = 0;
      const follower = {
        place,
        async take(file: FileHandle) {
          waiting.push(file);
          if (waiting.length <= MOST_WAITING) return;
          lost += 1;
          await waiting.shift()?.close();
        },
      };
      followers.add(follower);
      return {
        get lost() {
          return lost;
        },
        async after(file) {
          // A follower may have found a file by its name before it was told of it.
          const own = await indexOfSame(waiting, file);
          for (const passed of waiting.splice(0, own + 1)) await passed.close();
          return waiting.shift();
        },
        async close() {
          followers.delete(follower);
          for (const file of waiting.splice(0)) await file.close();
        },
      };
    },
    async tell(place) {
      for (const follower of [...followers].filter((one) => one.place === place)) {
        const file = await open(place, "r").catch(() => undefined);
        if (file === undefined) return;
        if (followers.has(follower)) await follower.take(file);
        else await file.close();
      }
    },
  };
}

async function indexOfSame(files: readonly FileHandle[], file: FileHandle): Promise<number> {
  if (files.length === 0) return -1;
  const own = await file.stat();
  const all = await Promise.all(files.map((one) => one.stat()));
  return all.findIndex(({ ino, dev }) => ino === own.ino && dev === own.dev);
}
