import type { Row } from "../../../src/cmd/config/row.ts";

/** `, default 20s`; empty when there is none to show. */
export function defaultWords(row: Row<unknown>): string {
  const shown = row.kind.show(row.default);
  const text = typeof shown === "string" ? shown : JSON.stringify(shown ?? "");
  return text === "" || text === '""' || text === "{}" || text === "[]" ? "" : `, default ${text}`;
}
