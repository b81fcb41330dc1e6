import { fstatSync } from "node:fs";
import { fieldWords } from "./readable-line.ts";

/** Priorities of syslog(3), which journald reads from the head of a line. */
const PRIORITIES: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** Whether the file descriptor leads to journald, as JOURNAL_STREAM says (systemd.exec(5)). */
export function isJournal(stream: string | undefined, descriptor: number): boolean {
  if (stream === undefined || stream === "") return false;
  const { dev, ino } = fstatSync(descriptor);
  return stream === `${dev}:${ino}`;
}

/** One JSON line of the log with its priority in front; as text, without the time, which journald has itself. */
export function journalLine(line: string, as: "json" | "text"): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const head = `<${PRIORITIES[String(level)] ?? 6}>`;
  if (as === "json") return `${head}${line}`;
  const words = Object.entries(fields).map(([key, value]) => `${key}=${fieldWords(value)}`);
  return `${head}${[String(msg ?? ""), ...words].join("  ")}\n`;
}
