/** Lets a bounded number of holders in. Among those that wait, lower rank goes first, then first come. */
export type Gate = {
  /** Resolves to the way out, or to undefined when the signal aborts first. The way out may be called more than once. */
  enter(rank: number, signal: AbortSignal): Promise<Leave | undefined>;
  /** Holders inside and waiting now, for metrics. */
  readonly inside: number;
  readonly waiting: number;
};
export type Leave = () => void;

type Waiter = { rank: number; admit: () => void };

/** A gate for so many holders at once. */
export function makeGate(capacity: number): Gate {
  let inside = 0;
  /** @bound Work that waits for room: one for each action, read or probe; each subject and each probe has one at a time. */
  const queue: Waiter[] = [];

  const leaveOnce = (): Leave => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside -= 1;
      queue.shift()?.admit();
    };
  };
  const join = (waiter: Waiter): void => {
    const after = queue.findIndex((other) => other.rank > waiter.rank);
    queue.splice(after < 0 ? queue.length : after, 0, waiter);
  };

  return {
    get inside() {
      return inside;
    },
    get waiting() {
      return queue.length;
    },
    async enter(rank, signal) {
      if (signal.aborted) return undefined;
      if (inside < capacity) {
        inside += 1;
        return leaveOnce();
      }
      return new Promise((resolve) => {
        const onAbort = (): void => {
          queue.splice(queue.indexOf(waiter), 1);
          resolve(undefined);
        };
        const waiter: Waiter = {
          rank,
          admit: () => {
            signal.removeEventListener("abort", onAbort);
            inside += 1;
            resolve(leaveOnce());
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        join(waiter);
      });
    },
  };
}
