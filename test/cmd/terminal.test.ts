import { describe, expect, it, vi } from "vitest";
import { tableText } from "../../src/cmd/berth/print-table.ts";
import { whileWaiting, withProgress } from "../../src/cmd/berth/progress.ts";
import { paint, type Terminal } from "../../src/cmd/berth/terminal.ts";

const COLUMNS = [{ heading: "NAME" }, { heading: "STATUS" }, { heading: "MESSAGE", mayCut: true as const }];
const ROWS = [
  ["a-pod-with-a-name-that-is-long", "Running", "a message that nobody can read to its end on a narrow terminal"],
  ["b", "CrashLoopBackOff", "short"],
];

describe("a table", () => {
  it.each([200, 80, 60, 40, 20])("fits into %i characters", (width) => {
    const lines = tableText(COLUMNS, ROWS, width).trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it("cuts the message before the name, and nothing without need", () => {
    expect(tableText(COLUMNS, ROWS, 80)).toContain("a-pod-with-a-name-that-is-long   Running");
    expect(tableText(COLUMNS, ROWS, undefined)).toContain("to its end on a narrow terminal\n");
  });

  it("stays one line for each row, whatever containers write", () => {
    const text = tableText(COLUMNS, [["x", "Error", "one\ntwo\u001b[2Jthree"]], undefined);
    expect(text).toBe("NAME   STATUS   MESSAGE\nx      Error    one two [2Jthree\n");
  });
});

function terminalOf(isTerminal: boolean, environment: Record<string, string> = {}) {
  const written: string[] = [];
  const output = {
    write: async (chunk: string | Uint8Array) => void written.push(chunk.toString()),
    isTerminal,
    columns: isTerminal ? 40 : undefined,
    rows: undefined,
    onResize: () => {},
  };
  const terminal: Terminal = {
    out: output,
    err: output,
    in: process.stdin,
    environment,
    signal: new AbortController().signal,
    now: Date.now,
  };
  return { terminal, written };
}

it("there is colour on a terminal, and never with NO_COLOR, on a dumb terminal or in a file", () => {
  expect(paint(terminalOf(true).terminal, "x", "red")).toBe("\u001b[31mx\u001b[0m");
  for (const terminal of [terminalOf(false), terminalOf(true, { NO_COLOR: "1" }), terminalOf(true, { TERM: "dumb" })]) {
    expect(paint(terminal.terminal, "x", "red")).toBe("x");
  }
});

describe.each([
  ["progress", withProgress],
  ["waiting", whileWaiting],
])("%s", (_, during) => {
  it("is not shown for what is done soon", async () => {
    const { terminal, written } = terminalOf(true);
    expect(await during(terminal, () => "waiting", Promise.resolve(7))).toBe(7);
    expect(written).toEqual([]);
  });

  it("is shown on a terminal after a second, and goes away", async () => {
    const { terminal, written } = terminalOf(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = during(terminal, () => "waiting for something", promise);
    await expect.poll(() => written.length, { timeout: 5000 }).toBeGreaterThan(0);
    resolve();
    await work;
    expect([written[0], written.at(-1)]).toEqual(["\r\u001b[Kwaiting for something (1s)", "\r\u001b[K"]);
  });
});

describe("without a terminal", () => {
  it.each([
    ["what the command does itself is not told: its stderr is for trouble", withProgress, []],
    ["what others are waited for is told once for each change", whileWaiting, ["step 1\n", "step 2\n"]],
  ])("%s", async (_, during, expected) => {
    const { terminal, written } = terminalOf(false);
    const { promise, resolve } = Promise.withResolvers<void>();
    vi.useFakeTimers();
    try {
      let step = 1;
      const work = during(terminal, () => `step ${step}`, promise);
      vi.advanceTimersByTime(3000);
      step = 2;
      vi.advanceTimersByTime(3000);
      resolve();
      await work;
      vi.advanceTimersByTime(3000);
    } finally {
      vi.useRealTimers();
    }
    expect(written).toEqual(expected);
  });
});
