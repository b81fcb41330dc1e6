import type { FlagShape } from "../args.ts";
import type { Client } from "./client.ts";
import { COMMON_FLAGS, FLAGS, type FlagName, type FlagRow } from "./flags.ts";
import { type Terminal, usageFailure } from "./terminal.ts";

/** One command of `berth`. */
export type Command = {
  /** What stands after the name in the usage line. */
  readonly usage: string;
  readonly help: string;
  readonly flags: readonly FlagName[];
  /** Help of flags that mean something else here than for most commands. */
  readonly flagHelp?: Partial<Readonly<Record<FlagName, string>>>;
  readonly examples?: readonly string[];
  /** An interrupt is how a person ends it: exit code 0. Any other command is then broken off. */
  readonly endsByInterrupt?: true;
  /** Does it; the answer is the exit code. Throws CommandFailure. */
  run(call: Call): Promise<number>;
};

/** A flag as this command takes it. */
export function flagOf({ flagHelp }: Pick<Command, "flagHelp">, name: FlagName): FlagRow {
  const row: FlagRow = FLAGS[name];
  return { ...row, help: flagHelp?.[name] ?? row.help };
}

/** The flags of a command as its line is taken apart. */
export function shapesOf(command: Pick<Command, "flags">): Readonly<Record<string, FlagShape>> {
  return Object.fromEntries(
    [...command.flags, ...COMMON_FLAGS].map((name) => {
      const { argument, short }: FlagRow = FLAGS[name];
      return [name, { takesValue: argument !== "", ...(short === undefined ? {} : { short }) }];
    }),
  );
}

const LEADING: readonly FlagName[] = ["socket", "namespace", "all-namespaces"];

/** As with kubectl, where and about which namespace may stand before the command. */
export function commandFirst(args: readonly string[]): { name: string | undefined; more: readonly string[] } {
  let length = 0;
  for (let word = args[0]; word !== undefined; word = args[length]) {
    const words = LEADING.map((name) => wordsOf(word, name)).find((count) => count > 0);
    if (words === undefined) break;
    length += words;
  }
  const [name, ...more] = args.slice(length);
  return { name, more: [...args.slice(0, length), ...more] };
}

/** How many words this flag takes where it begins with this one: `--name value`, `--name=value`, `-n value`, `-nvalue`; 0: it is another. */
function wordsOf(word: string, name: FlagName): number {
  const { argument, short }: FlagRow = FLAGS[name];
  const takesValue = argument !== "";
  const isShort = short !== undefined && word.startsWith(`-${short}`);
  if (word === `--${name}` || (isShort && word.length === 2)) return takesValue ? 2 : 1;
  return takesValue && (isShort || word.startsWith(`--${name}=`)) ? 1 : 0;
}

/** One use of a command. */
export type Call = {
  readonly terminal: Terminal;
  readonly client: Client;
  readonly words: readonly string[];
  /** What follows `--`. */
  readonly rest: readonly string[] | undefined;
  has(flag: FlagName): boolean;
  /** The last one that was given. */
  value(flag: FlagName): string | undefined;
  /** All that were given, those between commas too. */
  values(flag: FlagName): readonly string[];
};

/** The namespace that a call is about; undefined is all of them. */
export function namespaceOf(call: Call): string | undefined {
  return call.has("all-namespaces") ? undefined : (call.value("namespace") ?? "default");
}

/** The one pod that a command is about, as `NAME` or `pod/NAME`. Throws a usage failure. */
export function podArgument(call: Call): string {
  const [written, ...more] = call.words;
  if (written === undefined) throw usageFailure("which pod? give its name");
  if (more.length > 0) throw usageFailure(`one pod at a time, not also ${more.join(" ")}`);
  return podName(written);
}

/** The name in `NAME`, `pod/NAME`, `pods/NAME` or `po/NAME`. */
export function podName(written: string): string {
  return written.replace(/^(?:pods?|po)\//, "");
}

/** The path of a pod in the sockets' API. */
export function podPath(namespace: string, name: string): string {
  return `/v1/pods/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
