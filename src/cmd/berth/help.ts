import { type Command, flagOf } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { COMMON_FLAGS, type FlagName, type FlagRow } from "./flags.ts";

/** What `berth --help` prints. */
export function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(width)}  ${help}`);
  return `${[
    "berth shows and steers the pods of this host, through berthd's socket.",
    "",
    "Usage: berth COMMAND [flags]",
    "",
    ...lines,
    "",
    "`berth COMMAND --help` tells more. POD is a manifest's name or the pod's full name.",
  ].join("\n")}\n`;
}

/** What `berth COMMAND --help` prints. */
export function commandHelp(name: string, command: Command): string {
  const flags = [...command.flags, ...COMMON_FLAGS].map((flag) => flagWords(flag, flagOf(command, flag)));
  const width = Math.max(...flags.map(([left]) => left.length));
  const examples =
    command.examples === undefined ? [] : ["", "Examples:", ...command.examples.map((line) => `  ${line}`)];
  return `${[
    command.help,
    "",
    `Usage: berth ${name} ${command.usage}`.trimEnd(),
    ...examples,
    "",
    "Flags:",
    ...flags.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`),
  ].join("\n")}\n`;
}

function flagWords(name: FlagName, flag: FlagRow): readonly [string, string] {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return [`${short}--${name}${flag.argument === "" ? "" : ` ${flag.argument}`}`, flag.help];
}
