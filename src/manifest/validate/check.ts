import { type Fault, type Faults, invalid, NO_FAULTS, notSupported, required } from "../fault.ts";
import type { Grammar } from "./names.ts";

/** Present and by its grammar. */
export function checkName(path: string, value: string | undefined, grammar: Grammar): Faults {
  if (!value) return [required(path)];
  return checkText(path, value, grammar);
}

/** By its grammar, when present. */
export function checkText(path: string, value: string | undefined, grammar: Grammar): Faults {
  if (value === undefined) return NO_FAULTS;
  return grammar(value).map((detail) => invalid(path, value, detail));
}

/** One of the words, when present. */
export function checkWord(path: string, value: string | undefined, known: readonly string[]): Faults {
  return value === undefined || known.includes(value) ? NO_FAULTS : [notSupported(path, value, known)];
}

/** Zero or more, when present. */
export function checkNotNegative(path: string, value: number | undefined): Faults {
  return value === undefined || value >= 0 ? NO_FAULTS : [invalid(path, value, "must be greater than or equal to 0")];
}

/** Within bounds, when present. */
export function checkRange(path: string, value: number | undefined, least: number, most: number): Faults {
  const inside = value === undefined || (value >= least && value <= most);
  return inside ? NO_FAULTS : [invalid(path, value, `must be between ${least} and ${most}, inclusive`)];
}

/** A fault for each value that came before; `of` makes it from the place in the list. */
export function doubles(values: readonly (string | undefined)[], of: (at: number, value: string) => Fault): Faults {
  const seen = new Set<string>();
  return values.flatMap((value, at) => {
    if (!value) return [];
    if (seen.has(value)) return [of(at, value)];
    seen.add(value);
    return [];
  });
}

/** A path below something, without a way out of it. */
export function checkInside(path: string, value: string | undefined): Faults {
  if (!value) return NO_FAULTS;
  return [
    ...(value.startsWith("/") ? [invalid(path, value, "must be a relative path")] : NO_FAULTS),
    ...(hasParent(value) ? [invalid(path, value, "must not contain '..'")] : NO_FAULTS),
  ];
}

/** Whether a part of the path is `..`. */
export const hasParent = (value: string): boolean => value.split("/").includes("..");
