/** One column: its heading, and whether the last characters of its cells are the first to give way on a narrow terminal. */
export type Column = { readonly heading: string; readonly mayCut?: true };

/** Blanks between columns. */
const GAP = 3;
/** A column that may be cut keeps so much as long as others could give way, too. */
const LEAST_CUT = 20;
/** What every column keeps, however narrow the terminal is. */
const LEAST = 4;

/** Colours what is shown of a cell, which may be cut. */
export type PaintCell = (shown: string, index: number, cell: string) => string;

/** Width of a table in which columns that may be cut have no more than they keep as long as others could give way, too. */
export function leastWidth(columns: readonly Column[], rows: readonly (readonly string[])[]): number {
  const widths = columnWidths(columns, rows, undefined).map((width, index) => {
    const { heading = "", mayCut = false } = columns[index] ?? {};
    return mayCut ? Math.min(width, Math.max(heading.length, LEAST_CUT)) : width;
  });
  return widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1));
}

/** Widths that hold the headings and every cell, as far as the terminal is wide enough for them. */
export function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalWidth: number | undefined,
): readonly number[] {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((widest, row) => Math.max(widest, plainCell(row[index] ?? "").length), heading.length),
  );
  return fitted(columns, widths, terminalWidth);
}

/** First the columns that may be cut give way, then whichever is the widest. */
function fitted(columns: readonly Column[], wanted: readonly number[], terminalWidth: number | undefined): number[] {
  const widths = [...wanted];
  if (terminalWidth === undefined) return widths;
  const room = terminalWidth - GAP * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  for (const [index, column] of columns.entries()) {
    if (!column.mayCut || excess <= 0) continue;
    const cut = Math.min(excess, Math.max(0, (widths[index] ?? 0) - Math.max(column.heading.length, LEAST_CUT)));
    widths[index] = (widths[index] ?? 0) - cut;
    excess -= cut;
  }
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= LEAST) break;
    const next = Math.max(LEAST, ...widths.filter((width) => width < widest));
    const index = widths.indexOf(widest);
    const cut = Math.min(excess, widest - next || 1);
    widths[index] = widest - cut;
    excess -= cut;
  }
  return widths;
}

/** What others wrote must not break a line, nor steer the terminal. */
const plainCell = (cell: string): string => cell.replace(/\p{Cc}+/gu, " ");

/**
 * One line of a table, without blanks at its end. A cell wider than its column pushes the rest of its line, as far as there is
 * room on the terminal; then it is cut. `paintCell` may add colour to what is shown of a cell: it does not count in the width.
 */
export function tableLine(
  columns: readonly Column[],
  cells: readonly string[],
  widths: readonly number[],
  terminalWidth: number | undefined,
  paintCell: PaintCell = (shown) => shown,
): string {
  const plain = cells.map(plainCell);
  const needed = widths.map((width, index) => Math.max(width, plain[index]?.length ?? 0));
  const own = fitted(columns, needed, terminalWidth);
  const padded = plain.map((cell, index) => {
    const width = own[index] ?? cell.length;
    const shown = cell.length > width ? `${cell.slice(0, Math.max(0, width - 1))}\u2026` : cell;
    const blanks = index === cells.length - 1 ? "" : " ".repeat(Math.max(0, width - shown.length) + GAP);
    return paintCell(shown, index, cell) + blanks;
  });
  return `${padded.join("").trimEnd()}\n`;
}

/** A whole table. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  terminalWidth: number | undefined,
  paintCell?: PaintCell,
  withHeadings = true,
): string {
  const widths = columnWidths(columns, rows, terminalWidth);
  const headings = columns.map((column) => column.heading);
  const heading = tableLine(columns, headings, widths, terminalWidth);
  const lines = rows.map((row) => tableLine(columns, row, widths, terminalWidth, paintCell));
  return (withHeadings ? heading : "") + lines.join("");
}
