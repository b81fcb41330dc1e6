import { LONGEST_LOG_HEAD_BYTES, parseLogHead } from "../pod/log-line.ts";

/** What of each line is wanted. */
export type LineWishes = {
  readonly sinceWallMs?: number;
  readonly timestamps: boolean;
};

/** Takes a log's bytes as they come, in pieces of any size, and gives back the wanted content. */
export type LineReader = {
  /** Content of the bytes, copied out of them. */
  take(bytes: Buffer): Buffer;
  /** What comes next is the begin of a line, whatever came before. */
  restart(): void;
  /** Lines so far that are not of the format; they were passed over. */
  readonly garbage: number;
};

const NEWLINE = 0x0a;
const BLANK = 0x20;
const EOL = Buffer.from("\n");

/**
 * Reads lines of a CRI log without ever holding one (cri-mapping 4.3): only heads are gathered, content is handed on as it
 * comes, so that a line of any length costs no memory. Partial lines are joined, and a time stands only where a line of
 * the application begins.
 */
export function makeLineReader(wishes: LineWishes): LineReader {
  let state: "head" | "shown" | "passedOver" = "head";
  let head = "";
  let blanks = 0;
  let partial = false;
  /** The last byte that was shown ended a line of the application. */
  let atLineStart = true;
  let garbage = 0;

  const beginLine = (): void => {
    state = "head";
    head = "";
    blanks = 0;
  };

  /** Gathers the head from here; answers where reading goes on. */
  const gather = (bytes: Buffer, begin: number, out: Buffer[]): number => {
    let end = begin;
    while (
      end < bytes.length &&
      blanks < 3 &&
      bytes[end] !== NEWLINE &&
      head.length + end - begin < LONGEST_LOG_HEAD_BYTES
    ) {
      if (bytes[end] === BLANK) blanks += 1;
      end += 1;
    }
    head += bytes.toString("latin1", begin, end);
    if (end === bytes.length && blanks < 3 && head.length < LONGEST_LOG_HEAD_BYTES) return end;
    decide(out);
    return end;
  };

  const decide = (out: Buffer[]): void => {
    const parsed = parseLogHead(head);
    if (parsed === undefined) garbage += 1;
    const early =
      parsed !== undefined && wishes.sinceWallMs !== undefined && Date.parse(parsed.time) < wishes.sinceWallMs;
    state = parsed === undefined || early ? "passedOver" : "shown";
    partial = parsed?.partial ?? false;
    if (state === "shown" && wishes.timestamps && atLineStart) out.push(Buffer.from(`${fixedTime(head)} `));
  };

  /** Hands on the rest of the line, as far as it is here; answers where reading goes on. */
  const handOn = (bytes: Buffer, begin: number, out: Buffer[]): number => {
    const newline = bytes.indexOf(NEWLINE, begin);
    const end = newline < 0 ? bytes.length : newline;
    if (state === "shown") {
      if (end > begin) out.push(bytes.subarray(begin, end));
      if (end > begin) atLineStart = false;
      if (newline >= 0) endLine(out);
    }
    if (newline < 0) return end;
    beginLine();
    return end + 1;
  };

  const endLine = (out: Buffer[]): void => {
    if (!partial) out.push(EOL);
    atLineStart = !partial;
  };

  return {
    take(bytes) {
      const out: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) at = state === "head" ? gather(bytes, at, out) : handOn(bytes, at, out);
      return Buffer.concat(out);
    },
    restart: beginLine,
    get garbage() {
      return garbage;
    },
  };
}

/** The time at the begin of a head, with nine fractional digits. */
function fixedTime(head: string): string {
  return head
    .slice(0, head.indexOf(" "))
    .replace(/(:\d\d)(?:\.(\d+))?(Z|[-+])/, (_, seconds: string, fraction: string | undefined, zone: string) => {
      return `${seconds}.${(fraction ?? "").padEnd(9, "0").slice(0, 9)}${zone}`;
    });
}
