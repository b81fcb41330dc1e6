import { join } from "node:path";
import { DOCUMENTS } from "../../src/cmd/config/settings.ts";
import { checkout } from "../paths.ts";
import { boundsIn, limitsIn } from "./marks.ts";

const SOURCES = join(checkout, "src");

/** docs/limits.md, made from marks in the code: `@limit` on numbers, `@bound` on what grows, `limit` in the table of settings. */
export function limitsPage(): string {
  const settings = Object.values(DOCUMENTS).flatMap(({ rows }) => Object.entries(rows));
  return [
    "# Limits",
    "",
    "<!-- Made by dev/generate-docs.ts from src. Do not edit. -->",
    "",
    "Everything in `berthd` that could grow has a bound, and something defined happens at it. No bound ends a pod that runs.",
    "",
    "## Bounds that can be set",
    "",
    "| What | Setting | Default | At the bound |",
    "|---|---|---|---|",
    ...settings.flatMap(([key, row]) => {
      if (row.limit === undefined) return [];
      return line(
        row.help.replace(/\.$/, ""),
        `\`${key}\``,
        String(row.kind.show(row.default) ?? "not set"),
        row.limit,
      );
    }),
    "",
    "## Bounds in the code",
    "",
    "| What | Bound | At the bound | Where |",
    "|---|---|---|---|",
    ...limitsIn(SOURCES).flatMap(({ what, value, then, file }) => line(what.replace(/\.$/, ""), value, then, at(file))),
    "",
    "## What grows only with what it serves",
    "",
    "Pods are bounded by `maxPods`: more are not admitted. Files are bounded by the entries of the manifest directory, requests",
    "by the connections to a socket.",
    "",
    "| What, and how far | Where |",
    "|---|---|",
    ...boundsIn(SOURCES).flatMap(({ what, file }) => line(what, at(file))),
    "",
  ].join("\n");
}

const at = (file: string): string => `\`src/${file}\``;
const line = (...cells: string[]): [string] => [`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`];
