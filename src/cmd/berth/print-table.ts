/** One column: its heading, and whether the last characters of its cells may be cut off on a narrow terminal. */
export type Column = { readonly heading: string; readonly mayCut?: true };

const GAP = 3;

/** Widths that hold the headings and every cell; a column that may be cut gives way when the line is wider than the terminal. */
export function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalWidth: number | undefined,
): readonly number[] {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((widest, row) => Math.max(widest, (row[index] ?? "").length), heading.length),
  );
  if (terminalWidth === undefined) return widths;
  const line = widths.reduce((sum, width) => sum + width, 0) + GAP * (columns.length - 1);
  let excess = line - terminalWidth;
  return widths.map((width, index) => {
    if (excess <= 0 || !columns[index]?.mayCut) return width;
    const least = Math.max(columns[index]?.heading.length ?? 0, 20);
    const cut = Math.min(excess, Math.max(0, width - least));
    excess -= cut;
    return width - cut;
  });
}

/**
 * One line of a table, without blanks at its end. A cell wider than its column goes beyond it, unless it may be cut. `paintCell`
 * may add colour: it does not count in the width.
 */
export function tableLine(
  columns: readonly Column[],
  cells: readonly string[],
  widths: readonly number[],
  paintCell: (text: string, index: number) => string = (text) => text,
): string {
  const padded = cells.map((cell, index) => {
    const width = widths[index] ?? cell.length;
    const isCut = columns[index]?.mayCut && cell.length > width;
    const shown = isCut ? `${cell.slice(0, Math.max(0, width - 1))}\u2026` : cell;
    const blanks = index === cells.length - 1 ? "" : " ".repeat(Math.max(0, width - shown.length) + GAP);
    return paintCell(shown, index) + blanks;
  });
  return `${padded.join("").trimEnd()}\n`;
}

/** A whole table. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalWidth: number | undefined,
  paintCell?: (text: string, index: number) => string,
  withHeadings = true,
): string {
  const widths = columnWidths(columns, rows, terminalWidth);
  const heading = tableLine(
    columns,
    columns.map((column) => column.heading),
    widths,
  );
  return (withHeadings ? heading : "") + rows.map((row) => tableLine(columns, row, widths, paintCell)).join("");
}
