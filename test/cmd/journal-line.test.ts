import { fstatSync, openSync } from "node:fs";
import { expect, it } from "vitest";
import { isJournal, journalLine } from "../../src/cmd/journal-line.ts";

it.each([
  ["debug", "<7>"],
  ["info", "<6>"],
  ["warn", "<4>"],
  ["error", "<3>"],
])("%s has its priority in front", (level, head) => {
  const line = `{"level":"${level}","time":"2026-01-01T00:00:00.000Z","pod":"web","words":"two of them","msg":"it runs"}\n`;
  expect(journalLine(line, "text")).toBe(`${head}it runs  pod=web  words="two of them"\n`);
  expect(journalLine(line, "json")).toBe(`${head}${line}`);
});

it("knows the journal by the socket that it was told of", () => {
  const descriptor = openSync("/dev/null", "r");
  const { dev, ino } = fstatSync(descriptor);
  expect(isJournal(`${dev}:${ino}`, descriptor)).toBe(true);
  expect(isJournal(`${dev}:${ino + 1}`, descriptor)).toBe(false);
  expect(isJournal(undefined, descriptor)).toBe(false);
});
