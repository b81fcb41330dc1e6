import type { Client } from "./client.ts";
import type { Command } from "./command.ts";
import { type Commands, offerFor } from "./completion-offer.ts";
import { BASH_SCRIPT, FILES, FISH_SCRIPT, ZSH_SCRIPT } from "./completion-scripts.ts";
import { type Terminal, usageFailure } from "./terminal.ts";

/** Scripts by the name of their shell. */
const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH_SCRIPT, zsh: ZSH_SCRIPT, fish: FISH_SCRIPT };

export const completion: Command = {
  usage: "bash|zsh|fish",
  help: "Print completions for a shell.",
  flags: [],
  examples: ["source <(berth completion bash)", "berth completion fish >~/.config/fish/completions/berth.fish"],
  async run({ terminal, words }) {
    const [shell = "", ...more] = words;
    const script = Object.hasOwn(SCRIPTS, shell) && more.length === 0 ? SCRIPTS[shell] : undefined;
    if (script === undefined) throw usageFailure(`completions for which shell? ${Object.keys(SCRIPTS).join(", ")}`);
    await terminal.out.write(script);
    return 0;
  },
};

/** Answers a script: a line for each word that may stand there, with a tab and what it is for. */
export async function answerScript(
  words: readonly string[],
  terminal: Terminal,
  commands: Commands,
  clientOf: (socket: string | undefined) => Client,
): Promise<number> {
  const offer = await offerFor(words, commands, clientOf);
  const lines =
    offer === "files" ? [FILES] : offer.map(({ word, help }) => (help === undefined ? word : `${word}\t${help}`));
  await terminal.out.write(lines.map((line) => `${line}\n`).join(""));
  return 0;
}
