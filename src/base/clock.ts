/** Milliseconds since the epoch, as shown to people. May jump. */
export type WallMs = number;
/** Milliseconds since an arbitrary start. Never jumps, never goes back. All waits are counted in it. */
export type MonoMs = number;
/** Both readings of one moment. */
export type Now = { readonly wallMs: WallMs; readonly monoMs: MonoMs };

/** Takes back what has not happened yet; does nothing afterwards. */
export type TakeBack = () => void;

/** Time as an argument: the only way in which code outside the edges waits. */
export type Clock = {
  now(): Now;
  /** Calls back once. A signal, a promise and a listener for a wait cost ten times as much: this is for what waits often. */
  after(delayMs: number, act: () => void): TakeBack;
  /** Ends early, without an error, when the signal aborts. */
  sleep(delayMs: number, signal: AbortSignal): Promise<"elapsed" | "aborted">;
};

/** Chance as an argument, so that one seed decides a whole simulation. */
export type Chance = {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** So many random lower-case hexadecimal digits. */
  hex(digits: number): string;
};

/** The host's own clock. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monoMs: performance.now() }),
  after(delayMs, act) {
    const timer = setTimeout(act, Math.max(0, Math.min(delayMs, LONGEST_TIMER_MS)));
    return () => clearTimeout(timer);
  },
  // Not that of node:timers/promises: an error with its stack for each sleep that ends early costs more than all the rest.
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve("aborted");
      const onAbort = (): void => {
        takeBack();
        resolve("aborted");
      };
      const takeBack = systemClock.after(delayMs, () => {
        signal.removeEventListener("abort", onAbort);
        resolve("elapsed");
      });
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};

/** Node.js fires timers beyond 2^31 - 1 ms at once; a sleeper that wakes too early simply looks again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Chance from the host's generator. */
export const systemChance: Chance = {
  fraction: () => Math.random(),
  hex: (digits) =>
    Array.from(crypto.getRandomValues(new Uint8Array(digits)), (byte) => (byte & 15).toString(16)).join(""),
};
