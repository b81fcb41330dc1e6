import { type Logger, pino } from "pino";
import { cut } from "../base/cut.ts";
import type { Log, LogFields } from "../base/log.ts";
import { isJournal, journalLine } from "./journal-line.ts";
import { readableLine } from "./readable-line.ts";

/** How berthd's own log is written. */
export type LogWish = {
  /** Readable lines or JSON lines; auto is readable on a terminal and in the journal. */
  readonly format: "auto" | "text" | "json";
  /** From 4 on, debugging lines too. */
  readonly verbosity: number;
};

const DEBUG_VERBOSITY = 4;
/** Characters of each text of a line of the log. @limit The rest is left out. */
const LONGEST_TEXT = 16_384;

/** The log of this process, on standard error. */
export function makeLog({ format, verbosity }: LogWish): Log {
  const options = {
    level: verbosity >= DEBUG_VERBOSITY ? "debug" : "info",
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: errorWords },
  };
  return fromPino(pino(options, streamFor(format)));
}

function streamFor(format: LogWish["format"]): { write(line: string): void } {
  if (isJournal(process.env.JOURNAL_STREAM, 2)) {
    return { write: (line) => void process.stderr.write(journalLine(line, format === "json" ? "json" : "text")) };
  }
  const readable = format === "text" || (format === "auto" && process.stderr.isTTY === true);
  // sync: the last lines before an end are the ones that matter
  return readable ? readableStream() : pino.destination({ dest: 2, sync: true });
}

function fromPino(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(bounded(fields), cut(message, LONGEST_TEXT)),
    info: (message, fields = {}) => logger.info(bounded(fields), cut(message, LONGEST_TEXT)),
    warn: (message, fields = {}) => logger.warn(bounded(fields), cut(message, LONGEST_TEXT)),
    error: (message, fields = {}) => logger.error(bounded(fields), cut(message, LONGEST_TEXT)),
    bind: (fields: LogFields) => fromPino(logger.child(fields)),
  };
}

function readableStream(): { write(line: string): void } {
  const colours = process.stderr.isTTY === true && (process.env.NO_COLOR ?? "") === "";
  return { write: (line) => void process.stderr.write(readableLine(line, colours)) };
}

function bounded(fields: LogFields): LogFields {
  const texts = Object.entries(fields).filter(([, value]) => typeof value === "string" && value.length > LONGEST_TEXT);
  if (texts.length === 0) return fields;
  return { ...fields, ...Object.fromEntries(texts.map(([name, value]) => [name, cut(String(value), LONGEST_TEXT)])) };
}

/** An error as its code and message, with those of what caused it; the stack only for faults of our own. */
function errorWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : undefined;
  return {
    ...(code === undefined ? {} : { code }),
    message: cut(error.message, LONGEST_TEXT),
    ...(code === undefined || code === "Internal" ? { stack: error.stack } : {}),
    ...(error.cause === undefined ? {} : { cause: errorWords(error.cause) }),
  };
}
