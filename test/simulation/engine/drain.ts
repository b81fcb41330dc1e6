import { setFlagsFromString } from "node:v8";

setFlagsFromString("--allow-natives-syntax");

/**
 * Runs every promise reaction that is due, and those that follow from them, before it returns: a whole hour of an agent's
 * life then is one synchronous loop, in which nothing of the real world can come between. Works only where no promise
 * reaction is being run, as in a callback of setImmediate.
 */
export const drain = new Function("return %PerformMicrotaskCheckpoint()") as () => void;

/** Calls `work` where `drain` works. */
export function outsideReactions<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
