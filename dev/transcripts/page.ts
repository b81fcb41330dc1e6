import { assertNever } from "../../src/base/assert-never.ts";

/** One piece of a page, in its order. */
export type Piece =
  /** Prose, and blocks that are left as they are. */
  | { readonly kind: "text"; readonly text: string }
  /** A block whose commands are run and whose output is replaced: each line that begins with `$ ` is a command. */
  | { readonly kind: "console"; readonly commands: readonly string[] }
  /** A block that the reader sees and that is written into a file first. */
  | { readonly kind: "file"; readonly name: string; readonly body: string; readonly text: string }
  /** A block that shows a screen after the keys of the comment before it. */
  | { readonly kind: "screen"; readonly columns: number; readonly rows: number; readonly keys: readonly string[] }
  /** What happens unseen: a comment such as `<!-- until: COMMAND -->`. */
  | { readonly kind: "step"; readonly verb: string; readonly words: string; readonly text: string };

/** Takes a page apart. Joined again, text, files and steps are what they were. */
export function readPage(text: string): Piece[] {
  const pattern = /^<!-- ([a-z]+): (.*?) -->\n|^```(\S+)(?: file=(\S+))?\n(.*?)^```\n/gms;
  const pieces: Piece[] = [];
  let end = 0;
  let keys: { readonly columns: number; readonly rows: number; readonly keys: readonly string[] } | undefined;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) pieces.push({ kind: "text", text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    const [whole, verb, words = "", language, name, body = ""] = match;
    if (verb === "screen") {
      const [size = "", ...rest] = words.split(" | ");
      const [columns = 80, rows = 24] = size.split("x").map(Number);
      keys = { columns, rows, keys: rest };
    }
    if (verb !== undefined) pieces.push({ kind: "step", verb, words, text: whole });
    else if (language === "console") pieces.push({ kind: "console", commands: commandsOf(body) });
    else if (language === "screen" && keys !== undefined) pieces.push({ kind: "screen", ...keys });
    else if (name !== undefined) pieces.push({ kind: "file", name, body, text: whole });
    else pieces.push({ kind: "text", text: whole });
  }
  if (end < text.length) pieces.push({ kind: "text", text: text.slice(end) });
  return pieces;
}

const commandsOf = (body: string): string[] =>
  body.split("\n").flatMap((line) => (line.startsWith("$ ") ? line.slice(2) : []));

/** What a page needs of the world. */
export type Stage = {
  /** Runs a command line and answers all that it printed, steadied. */
  run(command: string): Promise<string>;
  writeFile(name: string, body: string): Promise<void>;
  /** Does the hidden step. Throws when it fails. */
  step(verb: string, words: string): Promise<void>;
  screen(columns: number, rows: number, keys: readonly string[]): Promise<string>;
};

/** Plays a page from its beginning to its end and answers it with new output. Playing it again changes nothing but that. */
export async function playPage(text: string, stage: Stage): Promise<string> {
  const played: string[] = [];
  for (const piece of readPage(text)) played.push(await playPiece(piece, stage));
  return played.join("");
}

async function playPiece(piece: Piece, stage: Stage): Promise<string> {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "file":
      await stage.writeFile(piece.name, piece.body);
      return piece.text;
    case "step":
      if (piece.verb !== "screen") await stage.step(piece.verb, piece.words);
      return piece.text;
    case "console": {
      const blocks: string[] = [];
      for (const command of piece.commands) blocks.push(`$ ${command}\n${await stage.run(command)}`);
      return `\`\`\`console\n${blocks.join("")}\`\`\`\n`;
    }
    case "screen":
      return `\`\`\`screen\n${await stage.screen(piece.columns, piece.rows, piece.keys)}\n\`\`\`\n`;
    default:
      return assertNever(piece);
  }
}
