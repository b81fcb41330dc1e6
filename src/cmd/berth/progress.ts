import type { Terminal } from "./terminal.ts";

/** Nothing is said about what is done sooner. */
const PATIENCE_MS = 1000;
const CLEAR_LINE = "\r\u001b[K";

/**
 * Does work of the command's own that may take a while, such as a copy. After a second a terminal shows on stderr what is
 * done, on one line that changes and goes away at the end. Elsewhere nothing is said: a script's log has no use for it, and
 * what stands on stderr there is taken for trouble.
 */
export async function withProgress<T>(terminal: Terminal, words: () => string, work: Promise<T>): Promise<T> {
  const { err } = terminal;
  return err.isTerminal ? withChangingLine(terminal, words, work) : work;
}

/**
 * Waits for something that others do, such as a pod's end. After a second it is said on stderr what is waited for: on a
 * terminal as `withProgress` does it, elsewhere on a line for each change of the words, so that a log tells why it took long.
 */
export async function whileWaiting<T>(terminal: Terminal, words: () => string, work: Promise<T>): Promise<T> {
  const { err } = terminal;
  if (err.isTerminal) return withChangingLine(terminal, words, work);
  let said: string | undefined;
  return everySecond(work, () => {
    const now = words();
    if (now !== said) void err.write(`${now}\n`);
    said = now;
  });
}

async function withChangingLine<T>(terminal: Terminal, words: () => string, work: Promise<T>): Promise<T> {
  const { err } = terminal;
  const beganMs = terminal.now();
  const widest = CLEAR_LINE.length + Math.max(20, (err.columns ?? 80) - 1);
  let isShown = false;
  const show = (): void => {
    const seconds = Math.round((terminal.now() - beganMs) / 1000);
    void err.write(`${CLEAR_LINE}${words()} (${seconds}s)`.slice(0, widest));
    isShown = true;
  };
  try {
    return await everySecond(work, show);
  } finally {
    if (isShown) await err.write(CLEAR_LINE);
  }
}

async function everySecond<T>(work: Promise<T>, say: () => void): Promise<T> {
  const timer = setInterval(say, PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
