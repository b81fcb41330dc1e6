import { type Command, flagOf } from "../../../src/cmd/berth/command.ts";
import { COMMANDS } from "../../../src/cmd/berth/commands.ts";
import { COMMON_FLAGS, FLAGS, type FlagName, type FlagRow } from "../../../src/cmd/berth/flags.ts";
import { display, flagTerm, heading, type ManualPage, macroWord, plain, terms } from "./mdoc.ts";

/** berth(1), from the table of commands. */
export function berthPage(): ManualPage {
  return {
    name: "berth",
    section: 1,
    body: [
      heading("NAME"),
      ".Nm berth",
      ".Nd show and steer the pods of this host",
      heading("SYNOPSIS"),
      ...Object.entries(COMMANDS).flatMap(([name, { usage }]) => [
        ".Nm berth",
        `.Cm ${name}`,
        `.Op flags`,
        ...usageLine(usage),
      ]),
      heading("DESCRIPTION"),
      ".Nm",
      "asks",
      ".Xr berthd 8",
      "through its socket; there is no API server.",
      plain("A POD is a manifest's name, with or without `pod/` before it, or the pod's full name on this node."),
      plain("Where a name is ambiguous, the candidates are listed and nothing is done."),
      heading("COMMANDS"),
      ...Object.entries(COMMANDS).flatMap(([name, command]) => commandLines(name, command)),
      heading("FLAGS OF EVERY COMMAND"),
      ...terms(COMMON_FLAGS.map((flag) => flagRow(flag, FLAGS[flag]))),
      heading("ENVIRONMENT"),
      ...terms([["Ev BERTH_SOCKET", plain("Path of berthd's socket. The flag wins.")]]),
      heading("FILES"),
      ...terms([
        ["Pa /run/berth/berth.sock", plain("For root and the group `berth`: everything.")],
        [
          "Pa /run/berth/berth\\-view.sock",
          plain("For the group `berth-view`: no exec, no logs, no values of variables."),
        ],
      ]),
      heading("EXIT STATUS"),
      plain("0 when it went well, 1 when it failed, 2 for a command line that makes no sense."),
      ".Nm",
      ".Cm exec",
      plain("exits with the command's own code."),
      heading("SEE ALSO"),
      ".Xr berth-config 5 ,",
      ".Xr berth-manifests 5 ,",
      ".Xr berthd 8",
    ],
  };
}

function usageLine(usage: string): string[] {
  return usage === "" ? [] : [`.Ar ${usage.split(" ").map(macroWord).join(" ")}`];
}

function commandLines(name: string, command: Command): string[] {
  const { usage, help, flags, examples } = command;
  return [
    `.Ss ${macroWord(`berth ${name} ${usage}`.trimEnd())}`,
    plain(help),
    ...(flags.length === 0 ? [] : terms(flags.map((flag) => flagRow(flag, flagOf(command, flag))))),
    ...(examples === undefined ? [] : [".Pp", "Examples:", ...display(examples)]),
  ];
}

function flagRow(name: FlagName, { short, argument, help }: FlagRow): readonly [string, string] {
  return [flagTerm({ name, short, argument }), plain(help)];
}
