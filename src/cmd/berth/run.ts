import { type Complaint, type SplitArgs, splitArgs } from "../args.ts";
import { nearest } from "../nearest.ts";
import { VERSION } from "../version.ts";
import { type Client, makeClient } from "./client.ts";
import { type Call, type Command, commandFirst, shapesOf } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { answerScript } from "./completion.ts";
import { ASKED } from "./completion-scripts.ts";
import type { FlagName } from "./flags.ts";
import { commandHelp, overview } from "./help.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

/** The exit code of a command that was broken off by a person, as a shell tells SIGINT. */
export const INTERRUPTED = 130;

/**
 * Runs one command line of `berth`. The answer is the exit code: 0 good, 1 failed, 2 wrong use, INTERRUPTED, or a command's
 * own.
 */
export async function runBerth(args: readonly string[], terminal: Terminal): Promise<number> {
  const { name, more } = commandFirst(args);
  if (name === undefined || name === "--help" || name === "-h") return page(terminal, undefined);
  if (name === "help") return page(terminal, more[0]);
  if (name === "--version") {
    await terminal.out.write(`berth ${VERSION}\n`);
    return 0;
  }
  if (name === ASKED) return answerScript(more, terminal, COMMANDS, (socket) => clientOf(socket, terminal));
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return complain(terminal, unknownCommand(name));
  const split = splitArgs(more, shapesOf(command));
  if ("complaint" in split) return complain(terminal, split.complaint, name);
  const odd = split.flags.find(({ name, value }) => isSwitch(command, name) && !/^(true|false)?$/.test(value ?? ""));
  if (odd !== undefined)
    return complain(terminal, `--${odd.name} is on or off: ${odd.value} is neither true nor false`, name);
  const call = callOf(split, terminal);
  if (call.has("help")) return page(terminal, name);
  try {
    const exitCode = await command.run(call);
    return terminal.signal.aborted && !command.endsByInterrupt ? INTERRUPTED : exitCode;
  } catch (error) {
    if (terminal.signal.aborted) return command.endsByInterrupt ? 0 : INTERRUPTED;
    if (!(error instanceof CommandFailure)) throw error;
    if (error.exitCode === 2) return complain(terminal, error.message, name);
    await terminal.err.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
}

const isSwitch = (command: Command, flag: string): boolean => shapesOf(command)[flag]?.takesValue === false;

function callOf(split: Exclude<SplitArgs, Complaint>, terminal: Terminal): Call {
  const values = new Map(split.flags.map(({ name, value }) => [name, value]));
  const has = (flag: FlagName): boolean => values.has(flag) && values.get(flag) !== "false";
  const value = (flag: FlagName): string | undefined => values.get(flag);
  const all = (flag: FlagName): readonly string[] =>
    split.flags.flatMap((each) => (each.name === flag && each.value !== undefined ? each.value.split(",") : []));
  const client = clientOf(value("socket"), terminal);
  return { terminal, client, words: split.words, rest: split.rest, has, value, values: all };
}

const clientOf = (socket: string | undefined, { environment }: Terminal): Client =>
  makeClient((socket ?? environment.BERTH_SOCKET) || undefined);

async function page(terminal: Terminal, name: string | undefined): Promise<number> {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (name !== undefined && command === undefined) return complain(terminal, unknownCommand(name));
  await terminal.out.write(name === undefined || command === undefined ? overview() : commandHelp(name, command));
  return 0;
}

async function complain(terminal: Terminal, message: string, name?: string): Promise<number> {
  await terminal.err.write(`error: ${message}\nSee: berth ${name === undefined ? "" : `${name} `}--help\n`);
  return 2;
}

function unknownCommand(name: string): string {
  if (name.startsWith("-")) return `flags such as ${name} stand behind the command`;
  const like = nearest(name, Object.keys(COMMANDS));
  return `there is no command ${JSON.stringify(name)}${like === undefined ? "" : `; did you mean ${like}?`}`;
}
