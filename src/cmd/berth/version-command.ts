import { VERSION } from "../version.ts";
import type { Call, Command } from "./command.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const version: Command = {
  usage: "",
  help: "Print the versions of berth and of the berthd that answers.",
  flags: ["output"],
  flagHelp: { output: "json." },
  async run(call) {
    const form = call.value("output");
    if (call.words.length > 0) throw usageFailure("version takes no name");
    if (form !== undefined && form !== "json") throw usageFailure("version knows -o json only");
    const { terminal } = call;
    const daemon = await daemonVersion(call);
    const versions = { berth: VERSION, ...(typeof daemon === "string" ? { berthd: daemon } : {}) };
    const lines = Object.entries(versions).map(([name, text]) => `${name} ${text}\n`);
    await terminal.out.write(form === "json" ? `${JSON.stringify(versions, undefined, 4)}\n` : lines.join(""));
    if (typeof daemon === "string") return 0;
    await terminal.err.write(`${daemon.message}\n`);
    return 1;
  },
};

/** The version of the berthd that answers, or why there is none. */
async function daemonVersion({ client }: Call): Promise<string | CommandFailure> {
  try {
    return (await client.get<{ version: string }>("/v1/version")).version;
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
}
