import { type Finished, tryCommand } from "../run-command.ts";
import { programOf } from "./programs.ts";

/** Runs one `berth` command against a socket to its end. Never throws for an exit code. */
export function runBerth(socket: string, args: readonly string[], input?: string): Promise<Finished> {
  const program = programOf("berth");
  return tryCommand(program.command, [...program.args, ...args], {
    env: { ...process.env, BERTH_SOCKET: socket },
    ...(input === undefined ? {} : { input }),
  });
}
