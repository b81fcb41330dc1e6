/**
 * The scenario language: one command a line; a line that is indented belongs to the command above it; `#` begins a remark.
 *
 *   manifest web.yaml           what the file holds, as indented YAML below
 *   drop web.yaml               the file appears or changes; `remove` takes it away, `break` makes it unreadable
 *   advance 1m30s               time passes
 *
 * run.ts has every command.
 */
export type Command = {
  /** 1-based, for messages. */
  readonly line: number;
  /** As written, without what is indented below it. */
  readonly text: string;
  readonly words: readonly string[];
  /** What is indented below it, without the indentation. */
  readonly block: string;
};

/** The commands of a scenario in their order. */
export function parseScenario(text: string): readonly Command[] {
  const commands: { line: number; text: string; block: string[] }[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const last = commands.at(-1);
    if (line.startsWith("  ") && last !== undefined) last.block.push(line.slice(2));
    else if (line.trim() !== "") commands.push({ line: index + 1, text: line.trim(), block: [] });
  }
  return commands.map(({ line, text: written, block }) => ({
    line,
    text: written,
    words: written.split(/\s+/),
    block: block.join("\n"),
  }));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `1m30s` or `250ms` in milliseconds. Throws on anything else. */
export function durationMs(text: string | undefined): number {
  const parts = [...(text ?? "").matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== text) throw new Error(`"${text}" is no duration`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0), 0);
}
