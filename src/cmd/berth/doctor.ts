import type { Finding } from "../doctor/finding.ts";
import type { Call, Command } from "./command.ts";
import { withProgress } from "./progress.ts";
import { paint, type Terminal, usageFailure } from "./terminal.ts";

export const doctor: Command = {
  usage: "",
  help: "Look for what keeps pods from running on this host, each with its fix. Exit code 1 when something is bad.",
  flagHelp: { output: "json." },
  flags: ["fix", "dry-run", "output", "config", "config-dir", "runtime-endpoint", "ctr"],
  examples: ["berth doctor", "berth doctor --fix --dry-run", "berth doctor --fix", "berth doctor -o json"],
  async run(call) {
    if (call.words.length > 0) throw usageFailure("doctor is about this host and takes no name");
    const form = call.value("output");
    if (form !== undefined && form !== "json") throw usageFailure("doctor knows -o json only");
    const { examine } = await import("./examine.ts");
    // Where nobody watches, a word about its patience would only stand between the findings.
    const look = (): ReturnType<typeof examine> =>
      call.terminal.err.isTerminal
        ? withProgress(call.terminal, () => "looking at this host", examine(call))
        : examine(call);
    let findings = await look();
    if (call.has("fix") && (await repairAll(call, findings))) findings = await look();
    if (form === "json") await call.terminal.out.write(`${JSON.stringify(findings.map(told), undefined, 4)}\n`);
    else await call.terminal.out.write(findings.map((finding) => lineOf(call.terminal, finding)).join(""));
    return findings.some(({ state }) => state === "bad") ? 1 : 0;
  },
};

/** Says first what it will do. Answers whether anything was done. */
async function repairAll(call: Call, findings: readonly Finding[]): Promise<boolean> {
  const { err } = call.terminal;
  const repairs = findings.flatMap(({ repair }) => repair ?? []);
  if (repairs.length === 0) {
    await err.write("There is nothing that --fix could mend.\n\n");
    return false;
  }
  const dry = call.has("dry-run");
  await err.write(
    `${dry ? "This would be done" : "This is done now"}:\n${repairs.map(({ words }) => `  - ${words}\n`).join("")}\n`,
  );
  if (dry) return false;
  for (const { words, run } of repairs) {
    await withProgress(call.terminal, () => words, run()).catch(async (error: unknown) => {
      await err.write(`It failed to ${words}: ${error instanceof Error ? error.message : error}\n`);
    });
  }
  return true;
}

const told = ({ check, state, text, fix }: Finding) => ({ check, state, text, ...(fix === undefined ? {} : { fix }) });

const COLOURS = { good: "green", warning: "yellow", bad: "red", unknown: undefined } as const;
const WIDEST_STATE = "warning".length;

function lineOf(terminal: Terminal, { check, state, text, fix }: Finding): string {
  const head = `${paint(terminal, state, COLOURS[state])}${" ".repeat(WIDEST_STATE - state.length)}  ${check}: ${text}\n`;
  return fix === undefined ? head : `${head}${" ".repeat(WIDEST_STATE + 2)}to mend it: ${fix}\n`;
}
