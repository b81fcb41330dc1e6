const NEWLINE = 0x0a;

/** Cuts a stream of bytes into whole lines, each behind the prefix; the last one may lack its end. */
export function makeLinePrefix(prefix: string): { take(chunk: Buffer): Buffer | undefined; end(): Buffer | undefined } {
  const head = Buffer.from(prefix);
  let held: Buffer[] = [];
  let heldBytes = 0;
  const flush = (): void => {
    held = [];
    heldBytes = 0;
  };
  return {
    take(chunk) {
      const out: Buffer[] = [];
      let at = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
        out.push(head, ...held, chunk.subarray(at, end + 1));
        flush();
        at = end + 1;
      }
      if (at < chunk.length) {
        held.push(Buffer.from(chunk.subarray(at)));
        heldBytes += chunk.length - at;
      }
      if (heldBytes > LONGEST_LINE_BYTES) {
        out.push(head, ...held, Buffer.from("\n"));
        flush();
      }
      return out.length === 0 ? undefined : Buffer.concat(out);
    },
    end() {
      if (heldBytes === 0) return undefined;
      const line = Buffer.concat([head, ...held, Buffer.from("\n")]);
      flush();
      return line;
    },
  };
}

/** A longer line is broken: lines of several containers must not be held back without a bound. */
const LONGEST_LINE_BYTES = 256 * 1024;
