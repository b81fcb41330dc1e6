import type { MonoMs } from "../../../src/base/clock.ts";

/** What happened, as a hash of all lines, and as the lines themselves where somebody wants to read them. */
export type Trace = {
  note(atMs: MonoMs, kind: string, text: string): void;
  hash(): string;
  readonly lines: readonly string[];
  readonly count: number;
};

/** An empty trace. */
export function makeTrace(isRead: boolean): Trace {
  const lines: string[] = [];
  let low = 0x811c9dc5;
  let high = 0x01000193;
  let count = 0;
  const mix = (text: string): void => {
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit ^ (low >>> 15), 0x85ebca6b);
    }
  };
  return {
    note(atMs, kind, text) {
      count += 1;
      low ^= Math.round(atMs * 16);
      mix(kind);
      mix(text);
      if (isRead) lines.push(`${(atMs / 1000).toFixed(3).padStart(9)} ${kind.padEnd(6)} ${text}`);
    },
    hash: () => (low >>> 0).toString(16).padStart(8, "0") + (high >>> 0).toString(16).padStart(8, "0"),
    lines,
    get count() {
      return count;
    },
  };
}
