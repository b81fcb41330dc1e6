import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import { CommandFailure } from "./terminal.ts";

export const version: Command = {
  usage: "",
  help: "Print the versions of berth and of the berthd that answers.",
  flags: [],
  async run({ terminal, client }) {
    await terminal.out.write(`berth ${VERSION}\n`);
    try {
      const answer = await client.get<{ version: string }>("/v1/version");
      await terminal.out.write(`berthd ${answer.version}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      await terminal.err.write(`${error.message}\n`);
      return 1;
    }
  },
};
