import { resolve } from "node:path";
import { type Complaint, type FlagShape, splitArgs } from "../args.ts";
import type { Assignment } from "./read-document.ts";
import { ALL_ROWS } from "./settings.ts";

/** What berthd was started to do. */
export type Command = "run" | "help" | "version" | "printConfig" | "checkConfig";

/** The command line of berthd, understood. */
export type ReadFlags = {
  readonly command: Command;
  /** As given; undefined means the usual place, which may be missing. */
  readonly configPath?: string;
  readonly configDir?: string;
  readonly assignments: readonly Assignment[];
};

/** Flags that are not settings. */
export const OWN_FLAGS = {
  config: { argument: "path", help: "Configuration file. Default: /etc/berth/config.yaml, which may be missing." },
  "config-dir": {
    argument: "path",
    help: "Directory of drop-ins, *.conf. Default: /etc/berth/config.d, which may be missing.",
  },
  help: { argument: "", help: "Print this page and exit." },
  version: { argument: "", help: "Print the version and exit." },
  "print-config": { argument: "", help: "Print the configuration in effect, defaults included, and exit." },
  "check-config": { argument: "", help: "Read and check the configuration, print what is wrong, and exit." },
} as const;

/** Kubelet flags that existed once and stand in old unit files, with what to do about them. */
const REMOVED: Readonly<Record<string, string>> = {
  "network-plugin": "the container runtime does the network",
  "container-runtime": "the runtime is always reached through its socket, see --container-runtime-endpoint",
  "pod-infra-container-image": "set the pause image in the container runtime's configuration",
  "cni-bin-dir": "set it in the container runtime's configuration",
  "cni-conf-dir": "set it in the container runtime's configuration",
};

const SETTING_FLAGS = new Map(ALL_ROWS.flatMap((entry) => (entry.row.flag ? [[entry.row.flag, entry] as const] : [])));
const SHAPES: Readonly<Record<string, FlagShape>> = {
  ...Object.fromEntries(
    Object.entries(OWN_FLAGS).map(([name, { argument }]) => [
      name,
      { takesValue: argument !== "", ...(name === "help" ? { short: "h" } : {}) },
    ]),
  ),
  ...Object.fromEntries(
    [...SETTING_FLAGS].map(([name, { row }]) => [
      name,
      { takesValue: row.kind.argument !== "", ...(row.short === undefined ? {} : { short: row.short }) },
    ]),
  ),
};

/** Reads berthd's command line. Answers with the complaint when it makes no sense (exit code 2). */
export function readFlags(args: readonly string[]): ReadFlags | Complaint {
  const split = splitArgs(args, SHAPES, (name) => (Object.hasOwn(REMOVED, name) ? REMOVED[name] : undefined));
  if ("complaint" in split) return split;
  const stray = split.words[0] ?? split.rest?.[0];
  if (stray !== undefined) return { complaint: `unexpected argument ${JSON.stringify(stray)}` };
  const own = new Map<string, string>();
  const assignments: Assignment[] = [];

  for (const { name, value: written } of split.flags) {
    const entry = SETTING_FLAGS.get(name);
    if (entry === undefined) {
      own.set(name, written ?? "true");
      continue;
    }
    const parsed = entry.row.kind.readText(written ?? "true");
    if (!parsed.ok) return { complaint: `--${name} is ${JSON.stringify(written ?? "")}, expected ${parsed.expected}` };
    const value = entry.row.kind.isPath && parsed.value !== "" ? resolve(String(parsed.value)) : parsed.value;
    assignments.push({ key: entry.key, value, place: { kind: "flag", name } });
  }
  const configPath = own.get("config");
  const configDir = own.get("config-dir");
  return {
    command: commandOf(own),
    ...(configPath === undefined ? {} : { configPath }),
    ...(configDir === undefined ? {} : { configDir }),
    assignments,
  };
}

function commandOf(own: ReadonlyMap<string, string>): Command {
  if (own.has("help")) return "help";
  if (own.has("version")) return "version";
  if (own.has("check-config")) return "checkConfig";
  if (own.has("print-config")) return "printConfig";
  return "run";
}
