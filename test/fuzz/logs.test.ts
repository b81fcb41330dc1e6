import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { makeLineReader } from "../../src/logs/lines.ts";
import { makeLogs } from "../../src/logs/read.ts";
import { makeTurns } from "../../src/logs/turns.ts";
import type { LogOptions } from "../../src/pod/log-options.ts";

import { hold } from "./hold.ts";
import { blow, struck } from "./mutate.ts";

const LIVE = new AbortController().signal;
const logs = makeLogs(silentLog, makeTurns());
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-fuzz-logs-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const time = fc.constantFrom(
  ...["2030-01-01T00:00:00.000000001Z", "2030-01-01T00:00:00Z", "1969-12-31T23:59:59+01:00"],
  ...["2030-99-99T99:99:99Z", "0000-00-00T00:00:00.1234567890123Z", "9999-12-31T23:59:59.9-23:59"],
);
const words = fc.oneof(
  fc.constantFrom("", " ", "x", "a b  c", "\0", "\r", "é\u2028", "2030-01-01T00:00:00Z stdout F nested"),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", "")),
  fc.integer({ min: 1, max: 200_000 }).map((length) => "z".repeat(length)),
);
type Line = {
  readonly kind: "line";
  readonly time: string;
  readonly stream: string;
  readonly tag: string;
  readonly text: string;
};
const good: fc.Arbitrary<Line> = fc.record({
  kind: fc.constant("line" as const),
  time,
  stream: fc.constantFrom("stdout", "stderr"),
  tag: fc.constantFrom("F", "P", "F:x", "", "Q"),
  text: words,
});
/** Never the beginning of a good line. */
const garbage = fc
  .constantFrom(
    "",
    "x",
    "{}",
    "2030-01-01T00:00:00Z",
    "2030-01-01T00:00:00Z stdout F",
    "2030-01-01 stdout F x",
    "q ".repeat(300),
  )
  .map((text) => ({ kind: "garbage" as const, text }));
type Written = Line | { readonly kind: "garbage"; readonly text: string };
const file: fc.Arbitrary<readonly Written[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: garbage }),
  {
    maxLength: 12,
  },
);

const textOf = (line: Written): string =>
  line.kind === "line" ? `${line.time} ${line.stream} ${line.tag} ${line.text}\n` : `${line.text}\n`;
const bytesOf = (lines: readonly Written[]): Buffer => Buffer.from(lines.map(textOf).join(""));
/** What a reader of these lines has to see: partial lines joined, garbage passed over. */
const meaning = (lines: readonly Written[]): string =>
  lines.map((line) => (line.kind === "line" ? line.text + (line.tag === "P" ? "" : "\n") : "")).join("");

async function read(path: string, options: Partial<LogOptions> = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const all = { follow: false, timestamps: false, running: () => false, ...options };
  for await (const chunk of logs.read(path, all, LIVE)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a log", () => {
  it("is read as its lines mean it, cut into pieces of any size", () =>
    hold(
      200,
      fc.tuple(file, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 })),
      ([lines, sizes]) => {
        const bytes = bytesOf(lines);
        const reader = makeLineReader({ timestamps: false });
        const parts: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          parts.push(reader.take(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(Buffer.concat(parts).equals(Buffer.from(meaning(lines)))).toBe(true);
        expect(reader.garbage).toBe(lines.filter(({ kind }) => kind === "garbage").length);
      },
    ));

  it("that is torn, flipped or cut is read to its end with all that is asked for", () => {
    const options = fc.record(
      {
        tailLines: fc.constantFrom(0, 1, 3, 1000, Number.MAX_SAFE_INTEGER),
        sinceWallMs: fc.constantFrom(0, -1e15, 1.9e12, 1e16),
        timestamps: fc.boolean(),
        limitBytes: fc.constantFrom(0, 1, 10, 100_000),
      },
      { requiredKeys: [] },
    );
    const path = join(folder, "0.log");
    return hold(150, fc.tuple(file, fc.array(blow, { maxLength: 6 }), options), async ([lines, hits, asked]) => {
      writeFileSync(path, struck(bytesOf(lines), hits));
      const content = await read(path, asked);
      if (asked.limitBytes !== undefined) expect(content.length).toBeLessThanOrEqual(asked.limitBytes);
      if (asked.tailLines === 0) expect(content.length).toBe(0);
    });
  });

  it("that is rotated anywhere, even within a line, is followed to the end of the next file", () => {
    const whole = fc.array(good, { minLength: 2, maxLength: 6 });
    return hold(4, fc.tuple(whole, whole, fc.nat()), async ([before, after, at]) => {
      const path = join(folder, "followed.log");
      const bytes = bytesOf(before);
      writeFileSync(path, bytes.subarray(0, at % (bytes.length + 1)));
      let asked = 0;
      // Asked before the first read, and before each: the third time what there is has been read.
      const running = (): boolean => {
        asked += 1;
        if (asked === 3) {
          renameSync(path, `${path}.old`);
          writeFileSync(path, bytesOf(after));
        }
        return asked < 5;
      };
      const content = await read(path, { follow: true, running });
      const wanted = Buffer.from(meaning(after));
      // Joined to a partial line that was cut off in the middle the end is the same.
      expect(content.subarray(content.length - wanted.length).equals(wanted)).toBe(true);
    });
  });
});
