import type { Life } from "../../kit/mortal.ts";

/** A life whose end can be set so many steps ahead: each call, answer and piece of news is one. */
export type FusedLife = Life & {
  /** Ends after so many crossings between the agent and what is outside. */
  light(crossings: number): void;
  /** Called when it has ended, in the order of asking. */
  onEnd(call: () => void): void;
  /** Whether it goes on, without counting as a crossing. */
  peek(): boolean;
};

/** A life that goes on until it is ended. */
export function fusedLife(): FusedLife {
  let isAlive = true;
  let fuse = Number.POSITIVE_INFINITY;
  const ended: (() => void)[] = [];
  const end = (): void => {
    if (!isAlive) return;
    isAlive = false;
    for (const call of ended) call();
  };
  return {
    alive() {
      fuse -= 1;
      if (fuse < 0) end();
      return isAlive;
    },
    peek: () => isAlive,
    end,
    light(crossings) {
      fuse = Math.min(fuse, crossings);
    },
    onEnd(call) {
      ended.push(call);
    },
  };
}
