import type { Call } from "./command.ts";
import { type Column, leastWidth, type PaintCell, tableText } from "./print-table.ts";
import { type Colour, paint, usageFailure } from "./terminal.ts";

/** What `-o` can say. */
export type OutputForm = "table" | "wide" | "json" | "yaml" | "name" | "jsonpath";

const JSON_PATH = "jsonpath=";

/** The form that the flag asks for. Throws a usage failure. */
export function outputForm(written: string | undefined): OutputForm {
  switch (written) {
    case undefined:
    case "":
      return "table";
    case "wide":
    case "json":
    case "yaml":
    case "name":
      return written;
    default:
      if (written.startsWith(JSON_PATH)) return "jsonpath";
      throw usageFailure(
        `unknown output format ${JSON.stringify(written)}: it is one of wide, json, yaml, name, jsonpath=TEMPLATE`,
      );
  }
}

/** How one kind of resource is shown. */
export type Presentation<T> = {
  /** For `-o name`: `pod/x`. */
  readonly nameOf: (item: T) => string;
  readonly columns: readonly (Column & { readonly wide?: boolean })[];
  /** One cell for each column, wide ones included. */
  readonly cells: (item: T) => readonly string[];
  readonly colourOf?: (cell: string, heading: string) => Colour | undefined;
};

/** Prints items; `single` is one that was asked for by its name. */
export async function printItems<T>(
  call: Call,
  form: OutputForm,
  items: readonly T[],
  presentation: Presentation<T>,
  single: boolean,
): Promise<void> {
  switch (form) {
    case "name":
      await call.terminal.out.write(items.map((item) => `${presentation.nameOf(item)}\n`).join(""));
      return;
    case "json":
      await call.terminal.out.write(`${JSON.stringify(asObject(items, single), undefined, 4)}\n`);
      return;
    case "yaml":
      await call.terminal.out.write(await yamlText(asObject(items, single)));
      return;
    case "jsonpath": {
      const { readJsonTemplate } = await import("./json-template.ts");
      const template = readJsonTemplate((call.value("output") ?? "").slice(JSON_PATH.length));
      await call.terminal.out.write(template(asObject(items, single)));
      return;
    }
    case "table":
    case "wide":
      return printTable(call, form, items, presentation);
  }
}

/** Prints one item that has just come, for `-w` in the forms that need no table. */
export async function printOne<T>(
  call: Call,
  form: Exclude<OutputForm, "table" | "wide">,
  item: T,
  presentation: Presentation<T>,
): Promise<void> {
  if (form === "yaml") await call.terminal.out.write("---\n");
  await printItems(call, form, [item], presentation, true);
}

/** YAML of a value; the library is loaded only for this. */
export async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { lineWidth: 0 });
}

function asObject<T>(items: readonly T[], single: boolean): unknown {
  return single && items.length === 1
    ? items[0]
    : { apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } };
}

async function printTable<T>(
  call: Call,
  form: "table" | "wide",
  items: readonly T[],
  { columns, cells, colourOf }: Presentation<T>,
): Promise<void> {
  const { shown, left } = fitting(columns, items.map(cells), form, call.terminal.out.columns);
  const rows = items.map((item) => {
    const all = cells(item);
    return shown.map((index) => all[index] ?? "");
  });
  const headings = shown.map((index) => columns[index] ?? { heading: "" });
  const paintCell: PaintCell = (text, index, cell) =>
    paint(call.terminal, text, colourOf?.(cell, headings[index]?.heading ?? ""));
  const withHeadings = !call.has("no-headers");
  await call.terminal.out.write(tableText(headings, rows, call.terminal.out.columns, paintCell, withHeadings));
  if (left.length > 0) await call.terminal.err.write(`this terminal is too narrow for ${left.join(", ")}\n`);
}

/** Of the columns that only the wide form has, the last ones give way to a terminal that cannot hold all; `left`: those. */
function fitting(
  columns: Presentation<unknown>["columns"],
  rows: readonly (readonly string[])[],
  form: "table" | "wide",
  terminalWidth: number | undefined,
): { readonly shown: readonly number[]; readonly left: readonly string[] } {
  const shown = shownColumns(columns, form);
  const left: string[] = [];
  while (terminalWidth !== undefined) {
    const last = shown.findLast((index) => columns[index]?.wide === true);
    if (last === undefined || tableWidth(columns, rows, shown) <= terminalWidth) break;
    shown.splice(shown.indexOf(last), 1);
    left.unshift(columns[last]?.heading ?? "");
  }
  return { shown, left };
}

function tableWidth(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  shown: readonly number[],
): number {
  const chosen = shown.map((index) => columns[index] ?? { heading: "" });
  const cells = rows.map((row) => shown.map((index) => row[index] ?? ""));
  return leastWidth(chosen, cells);
}

/** Indexes of the columns that a form shows. */
export function shownColumns(columns: readonly { readonly wide?: boolean }[], form: "table" | "wide"): number[] {
  return columns.flatMap((column, index) => (column.wide && form !== "wide" ? [] : [index]));
}
