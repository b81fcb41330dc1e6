import { type Limit, type Results, ROWS, type Row, type RowName } from "./rows.ts";
import { median } from "./statistics.ts";

/** The table of medians against their limits and the raw values below it; `missed` counts the rows that fail. */
export function report(results: Results): { readonly text: string; readonly missed: number } {
  const rows = ROWS.filter(({ name }) => results.has(name));
  const names = [...new Set(rows.flatMap(({ name }) => [...(results.get(name)?.keys() ?? [])]))];
  const lines = rows.map((row) => lineOf(row, results, names));
  const table = columns([["row", ...names, "berth is", "must be", ""], ...lines]);
  const raw = rows.flatMap((row) =>
    [...(results.get(row.name) ?? [])].map(
      ([name, values]) => `${row.name} ${name}: ${values.map(short).join(" ")} ${row.unit}`,
    ),
  );
  const missed = lines.filter((line) => line.at(-1) === "fail").length;
  return { text: `${table}\n\nraw values, in the order of the rounds:\n${raw.join("\n")}`, missed };
}

function lineOf(row: Row & { readonly name: RowName }, results: Results, names: readonly string[]): string[] {
  const middle = (name: string, of: string = row.name) => median(results.get(of as RowName)?.get(name) ?? []);
  const cells = names.map((name) => (results.get(row.name)?.has(name) ? `${short(middle(name))} ${row.unit}` : "-"));
  const { limit, unit } = row;
  const berthElsewhere = limit.kind === "above-row" ? middle("berth", limit.row) : Number.NaN;
  const { reached, text, wanted } = compare(limit, unit, middle("berth"), middle("floor"), berthElsewhere);
  const verdict = Number.isNaN(reached) ? "" : reached <= row.limit.atMost ? "pass" : "fail";
  return [row.what, ...cells, text, wanted, verdict];
}

function compare(limit: Limit, unit: string, berth: number, floor: number, berthElsewhere: number) {
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
    case "above-row":
      return {
        reached: berth - berthElsewhere,
        text: `${limit.row} + ${short(berth - berthElsewhere)} ${unit}`,
        wanted: `<= ${limit.row} + ${limit.atMost} ${unit}`,
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
