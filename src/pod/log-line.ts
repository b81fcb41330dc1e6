/** The head of one line of a CRI log: `<time> <stream> <tags> ` (cri-mapping 4.3). */
export type LogLineHead = {
  /** RFC 3339 with any number of fractional digits, as written. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** The line's newline is not part of the content. */
  readonly partial: boolean;
};

/** Bytes of the head of a line of a log. @limit The line is not of the format, and passed over. */
export const LONGEST_LOG_HEAD_BYTES = 256;

const HEAD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)) (stdout|stderr) ([^ ]*) $/;

/** Reads a head with the blank that ends it; undefined when it is not one. Unknown tags count for nothing. */
export function parseLogHead(text: string): LogLineHead | undefined {
  const [, time, stream, tags] = HEAD.exec(text) ?? [];
  if (time === undefined || tags === undefined) return undefined;
  return { time, stream: stream === "stderr" ? "stderr" : "stdout", partial: tags.split(":", 1)[0] === "P" };
}
