import type { Command } from "./command.ts";
import { bashScript, type Commands, fishScript, zshScript } from "./completion-scripts.ts";
import { usageFailure } from "./terminal.ts";

/** Scripts by the name of their shell. */
export const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The command that prints completions of the commands handed in, and of itself. */
export function completionOf(others: Commands): Command {
  const completion: Command = {
    usage: "bash|zsh|fish",
    help: "Print completions for a shell.",
    flags: [],
    examples: ["source <(berth completion bash)", "berth completion fish >~/.config/fish/completions/berth.fish"],
    async run({ terminal, words }) {
      const [shell, ...more] = words;
      if (shell === undefined || more.length > 0 || !Object.hasOwn(SCRIPTS, shell)) {
        throw usageFailure(`completions for which shell? ${Object.keys(SCRIPTS).join(", ")}`);
      }
      await terminal.out.write(SCRIPTS[shell as keyof typeof SCRIPTS]({ ...others, completion }));
      return 0;
    },
  };
  return completion;
}
