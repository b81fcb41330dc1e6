import { parseArgs } from "node:util";
import { nearest } from "./nearest.ts";

/** What is known of one flag by name, without dashes. */
export type FlagShape = { readonly short?: string; readonly takesValue: boolean };

/** A command line taken apart. */
export type SplitArgs = {
  /** In the order in which they were written; a flag without a value has none. */
  readonly flags: readonly { readonly name: string; readonly value: string | undefined }[];
  readonly words: readonly string[];
  /** What follows `--`; undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
};

/** Why a command line makes no sense. */
export type Complaint = { readonly complaint: string };

/** Takes a command line apart: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`, flags of letters together. */
export function splitArgs(
  args: readonly string[],
  shapes: Readonly<Record<string, FlagShape>>,
  whyUnknown: (name: string) => string | undefined = () => undefined,
): SplitArgs | Complaint {
  const end = args.indexOf("--");
  const options = Object.fromEntries(
    Object.entries(shapes).map(([name, { short, takesValue }]) => [
      name,
      { type: takesValue ? ("string" as const) : ("boolean" as const), ...(short === undefined ? {} : { short }) },
    ]),
  );
  const { tokens } = parseArgs({
    args: end < 0 ? [...args] : args.slice(0, end),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags: { name: string; value: string | undefined }[] = [];
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const shape = Object.hasOwn(shapes, token.name) ? shapes[token.name] : undefined;
    if (shape === undefined) return { complaint: unknownFlag(token.rawName, token.name, shapes, whyUnknown) };
    const value = token.rawName.startsWith("--") ? token.value : token.value?.replace(/^=/, "");
    if (shape.takesValue && value === undefined) return { complaint: `${token.rawName} needs a value` };
    flags.push({ name: token.name, value });
  }
  return { flags, words, rest: end < 0 ? undefined : args.slice(end + 1) };
}

function unknownFlag(
  written: string,
  name: string,
  shapes: Readonly<Record<string, FlagShape>>,
  whyUnknown: (name: string) => string | undefined,
): string {
  const why = whyUnknown(name);
  if (why !== undefined) return `unknown flag ${written}: ${why}`;
  const like = name.length > 1 ? nearest(name, Object.keys(shapes)) : undefined;
  return `unknown flag ${written}${like === undefined ? "" : `; did you mean --${like}?`}`;
}
