import { OWN_FLAGS } from "./flags.ts";
import type { Row } from "./row.ts";
import { ALL_ROWS } from "./settings.ts";

/** The page that `berthd --help` prints. */
export function helpPage(): string {
  const own = Object.entries(OWN_FLAGS).map(([name, { argument, help }]) => flagLine(name, argument, help));
  const settings = ALL_ROWS.flatMap(({ key, document, row }) => {
    if (row.flag === undefined) return [];
    const note = row.pending ? " Not supported by this version." : "";
    const env = row.env === undefined ? "" : ` Also ${row.env} in the environment.`;
    return [flagLine(row.flag, row.kind.argument, `${row.help}${env}${note} [${document}.${key}${showDefault(row)}]`)];
  });
  return `${[
    "berthd runs Kubernetes pods from a directory of manifests.",
    "",
    "Usage: berthd [flags]",
    "",
    ...own,
    "",
    "Settings; every one of them, and many more, can stand in the configuration file (docs/configuration.md):",
    "",
    ...settings,
  ].join("\n")}\n`;
}

const COLUMN = 34;
const WIDTH = 110;

function flagLine(name: string, argument: string, help: string): string {
  const left = `  --${name}${argument === "" ? "" : ` ${argument}`}`;
  const lines = wrap(help, WIDTH - COLUMN);
  const first = left.length < COLUMN ? left.padEnd(COLUMN) + (lines.shift() ?? "") : left;
  return [first, ...lines.map((line) => " ".repeat(COLUMN) + line)].join("\n");
}

function wrap(words: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function showDefault(row: Row<unknown>): string {
  const shown = row.kind.show(row.default);
  const isEmpty =
    shown === undefined || shown === "" || (typeof shown === "object" && Object.keys(shown ?? {}).length === 0);
  return isEmpty ? "" : `, default ${typeof shown === "string" ? shown : JSON.stringify(shown)}`;
}
