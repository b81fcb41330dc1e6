import type { Terminal } from "./terminal.ts";

/** Nothing is said about what is done sooner. */
const PATIENCE_MS = 1000;
const CLEAR_LINE = "\r\u001b[K";

/**
 * Does something that may take a while. After a second it is said on stderr what is waited for: on a terminal on one line
 * that changes and goes away at the end, elsewhere on a line for each change of the words.
 */
export async function withProgress<T>(terminal: Terminal, words: () => string, work: Promise<T>): Promise<T> {
  const { err } = terminal;
  const beganMs = terminal.now();
  let said: string | undefined;
  const say = (): void => {
    const now = words();
    const seconds = Math.round((terminal.now() - beganMs) / 1000);
    if (err.isTerminal)
      void err.write(`${CLEAR_LINE}${now} (${seconds}s)`.slice(0, CLEAR_LINE.length + width(terminal)));
    else if (now !== said) void err.write(`${now}\n`);
    said = now;
  };
  const timer = setInterval(say, PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (said !== undefined && err.isTerminal) await err.write(CLEAR_LINE);
  }
}

const width = ({ err }: Terminal): number => Math.max(20, (err.columns ?? 80) - 1);
