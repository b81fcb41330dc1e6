import { type Limit, type Results, ROWS, type Row } from "./rows.ts";
import { median } from "./statistics.ts";

/** The table of medians against their limits and the raw values below it; `missed` counts the rows that fail. */
export function report(results: Results): { readonly text: string; readonly missed: number } {
  const rows = ROWS.filter(({ name }) => results.has(name));
  const names = [...new Set(rows.flatMap(({ name }) => [...(results.get(name)?.keys() ?? [])]))];
  const lines = rows.map((row) => lineOf(row, results.get(row.name) ?? new Map(), names));
  const table = columns([["row", ...names, "berth is", "must be", ""], ...lines]);
  const raw = rows.flatMap((row) =>
    [...(results.get(row.name) ?? [])].map(
      ([name, values]) => `${row.name} ${name}: ${values.map(short).join(" ")} ${row.unit}`,
    ),
  );
  const missed = lines.filter((line) => line.at(-1) === "fail").length;
  return { text: `${table}\n\nraw values, in the order of the rounds:\n${raw.join("\n")}`, missed };
}

function lineOf(row: Row, values: ReadonlyMap<string, readonly number[]>, names: readonly string[]): string[] {
  const middle = (name: string) => median(values.get(name) ?? []);
  const cells = names.map((name) => (values.has(name) ? `${short(middle(name))} ${row.unit}` : "-"));
  const { reached, text, wanted } = compare(row.limit, row.unit, middle("berth"), middle("floor"));
  const verdict = Number.isNaN(reached) ? "" : reached <= row.limit.atMost ? "pass" : "fail";
  return [row.what, ...cells, text, wanted, verdict];
}

function compare(limit: Limit, unit: string, berth: number, floor: number) {
  switch (limit.kind) {
    case "ratio":
      return {
        reached: berth / floor,
        text: `${(berth / floor).toFixed(3)} x floor`,
        wanted: `<= ${limit.atMost} x floor`,
      };
    case "above-floor":
      return {
        reached: berth - floor,
        text: `floor + ${short(berth - floor)} ${unit}`,
        wanted: `<= floor + ${limit.atMost} ${unit}`,
      };
    case "value":
      return { reached: berth, text: `${short(berth)} ${unit}`, wanted: `<= ${limit.atMost} ${unit}` };
  }
}

/** Three digits, more for large numbers. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function columns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
