import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { encodeEvent } from "../../src/journal/line.ts";
import type { CountedEvent } from "../../src/pod/event.ts";
import { eventToV1 } from "../../src/serve/to-v1.ts";
import { hold } from "./hold.ts";
import { blow, changedValue, struck } from "./mutate.ts";

const MAX_BYTES = 64 * 1024;
const event = (n: number): CountedEvent => ({
  name: `p.${n}`,
  count: n + 1,
  firstWallMs: 1_900_000_000_000,
  type: n % 2 === 0 ? "Normal" : "Warning",
  reason: "Started",
  message: `number ${n}`,
  object: { kind: "Pod", namespace: "default", name: "web", uid: "u", fieldPath: "spec.containers{c}" },
  atWallMs: 1_900_000_000_000 + n,
});

/** What lies in the journal's files: lines with changed values, struck as bytes, perhaps over and over. */
const lying = fc
  .tuple(
    fc.array(fc.oneof(changedValue(event(3)), fc.nat(9).map(event)), { maxLength: 20 }),
    fc.array(blow, { maxLength: 6 }),
    fc.constantFrom(1, 1, 1, 200),
  )
  .map(([values, hits, times]) => {
    const lines = values.map((value) => `${JSON.stringify(value)}\n`).join("");
    return struck(Buffer.from(lines.repeat(times)), hits);
  });

describe("the journal", () => {
  it("opens over anything, tells only what can be shown, and goes on", () =>
    hold(150, fc.tuple(lying, lying), async ([current, before]) => {
      const parent = mkdtempSync(join(tmpdir(), "berth-fuzz-journal-"));
      try {
        const directory = join(parent, "events");
        mkdirSync(directory);
        writeFileSync(join(directory, "events.jsonl"), current);
        writeFileSync(join(directory, "events.1.jsonl"), before);
        const open = () => openJournal({ directory, maxBytes: MAX_BYTES, flushMs: 3_600_000, log: silentLog });
        const journal = await open();
        for (const one of journal.earlier) showable(one);
        await journal.put(event(77), new AbortController().signal);
        await journal.close();
        const again = await open();
        expect(again.earlier.at(-1)).toEqual(event(77));
        await again.close();
      } finally {
        rmSync(parent, { recursive: true });
      }
    }));
});

/** As the socket and a cluster are told of it. */
function showable(one: CountedEvent): void {
  const shown = eventToV1(one);
  expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
  expect(encodeEvent(one).length).toBeLessThan(MAX_BYTES * 2);
  // v1 has 32 bits for it.
  expect(Number.isInteger(one.count) && one.count > 0 && one.count < 2 ** 31).toBe(true);
}
