/** Structured log lines, one for each thing handled. `bind` gives a log whose lines all carry these fields. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  bind(fields: LogFields): Log;
};
export type LogFields = Readonly<Record<string, unknown>>;

/** Says nothing; for tests and tools. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  bind: () => silentLog,
};
