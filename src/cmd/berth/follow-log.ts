import { parseTime } from "../../pod/time.ts";
import { ended, type Query } from "./client.ts";
import type { Call } from "./command.ts";
import { makePatience } from "./follow.ts";

/**
 * A log as it is written, which goes on under the next berthd where the one that answers leaves: each line once. Throws what
 * asking the first one throws.
 */
export async function* followLog(call: Call, path: string, query: Query): AsyncGenerator<Buffer> {
  const { client, terminal } = call;
  const patience = makePatience(call);
  const lines = makeSeam(query.timestamps === true);
  let wish: Query = { ...query, timestamps: true };
  for (let begun = false; ; ) {
    try {
      const answer = await client.bytes(path, wish, terminal.signal);
      begun = true;
      patience.isBack();
      for await (const chunk of broken(answer)) yield lines.take(chunk);
      return;
    } catch (error) {
      if (terminal.signal.aborted) return;
      if (!begun) throw error;
      await patience.bear(error);
      const sinceTime = lines.resume();
      if (sinceTime !== undefined) {
        wish = { ...wish, tailLines: undefined, sinceSeconds: undefined, sinceTime };
      }
    }
  }
}

/** The same bytes; a connection that breaks is one that berthd has ended. */
async function* broken(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* answer;
  } catch {
    throw ended();
  }
}

/** Puts a log together from pieces that overlap. */
export type Seam = {
  /** What is new in bytes of a log with timestamps; without them, unless they are wanted. */
  take(chunk: Buffer): Buffer;
  /** What comes next begins anew at the time that is the answer; undefined: at the begin. */
  resume(): string | undefined;
};

/** How far it got: the time of a line, which of the lines of that time it is, and how many of its bytes were shown. */
type Mark = { readonly stamp: string; readonly nth: number; readonly bytes: number };

const NEWLINE = 0x0a;
/** A time and a blank; what has none by then is shown as it is. */
const LONGEST_STAMP = 40;

/** A seam with nothing before it. */
export function makeSeam(withStamps: boolean): Seam {
  /** The time of the line that is read; empty: it has none; undefined: it is being gathered. */
  let stamp: string | undefined;
  let gathered = "";
  let mark: Mark | undefined;
  /** What was shown before the pieces began anew; undefined once that place was passed. */
  let shown: Mark | undefined;
  let nth = 0;
  let skip = 0;

  /** The line's time is known: what of it was shown already? */
  const beginLine = (time: string): void => {
    stamp = time;
    if (shown !== undefined && isBefore(time, shown.stamp)) {
      skip = Number.POSITIVE_INFINITY;
      return;
    }
    if (time === shown?.stamp && nth < shown.nth) {
      nth += 1;
      skip = nth < shown.nth ? Number.POSITIVE_INFINITY : shown.bytes;
      return;
    }
    shown = undefined;
    skip = 0;
    mark = { stamp: time, nth: time === mark?.stamp ? mark.nth + 1 : 1, bytes: 0 };
  };
  const showBody = (body: Buffer, out: Buffer[]): void => {
    const fresh = stamp === "" ? body : body.subarray(Math.min(skip, body.length));
    skip -= body.length - fresh.length;
    if (mark !== undefined && stamp !== "" && fresh.length > 0) {
      if (withStamps && mark.bytes === 0) out.push(Buffer.from(`${stamp} `));
      mark = { ...mark, bytes: mark.bytes + fresh.length };
    }
    out.push(fresh);
  };
  /** Gathers the time at the begin of a line from here; answers where reading goes on. */
  const gather = (chunk: Buffer, begin: number): number => {
    let end = begin;
    if (gathered === "" && !isDigit(chunk[begin])) {
      stamp = "";
      return begin;
    }
    const isOpen = (): boolean => chunk[end] !== 0x20 && chunk[end] !== NEWLINE;
    while (end < chunk.length && isOpen() && gathered.length + end - begin < LONGEST_STAMP) end += 1;
    gathered += chunk.toString("latin1", begin, end);
    if (end === chunk.length) return end;
    if (chunk[end] === 0x20 && parseTime(gathered) !== undefined) {
      beginLine(gathered);
      gathered = "";
      return end + 1;
    }
    stamp = "";
    return end;
  };

  return {
    take(chunk) {
      const out: Buffer[] = [];
      for (let at = 0; at < chunk.length; ) {
        if (stamp === undefined) {
          at = gather(chunk, at);
          continue;
        }
        if (gathered !== "") out.push(Buffer.from(gathered, "latin1"));
        gathered = "";
        const newline = chunk.indexOf(NEWLINE, at);
        const end = newline < 0 ? chunk.length : newline + 1;
        showBody(chunk.subarray(at, end), out);
        if (newline >= 0) stamp = undefined;
        at = end;
      }
      return Buffer.concat(out);
    },
    resume() {
      stamp = undefined;
      gathered = "";
      nth = 0;
      skip = 0;
      shown = mark;
      return mark?.stamp;
    },
  };
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Whether one time is before the other, to the nanosecond. */
function isBefore(one: string, other: string): boolean {
  const [oneMs = 0, otherMs = 0] = [parseTime(one), parseTime(other)];
  return oneMs === otherMs ? fraction(one) < fraction(other) : oneMs < otherMs;
}

const fraction = (stamp: string): string => /\.(\d+)/.exec(stamp)?.[1] ?? "";
