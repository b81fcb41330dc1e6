import type { Kind } from "./kinds.ts";

/** One setting: its type, default, words and names. */
export type Row<T> = {
  readonly kind: Kind<T>;
  readonly default: T;
  /** One or two sentences for `--help` and docs/configuration.md. */
  readonly help: string;
  /** Name on the command line, without dashes. */
  readonly flag?: string;
  readonly short?: string;
  /** Variable in the environment; wins over files, loses to the flag. */
  readonly env?: string;
  /** The kubelet's default where Berth's differs on purpose (design section 5). */
  readonly kubelet?: string;
  /** What happens at it, for a setting that is a bound: docs/limits.md. */
  readonly limit?: string;
  /** Read and checked, but this version does not act on it yet: setting it is a warning. */
  readonly pending?: true;
};

/** A setting that always has a value. */
export function row<T>(of: Omit<Row<T>, "default"> & { readonly default: NoInfer<T> }): Row<T> {
  return of;
}

/** A setting that may be left out. */
export function optional<T>(of: Omit<Row<T>, "default">): Row<T | undefined> {
  const { kind } = of;
  return {
    ...of,
    kind: { ...kind, show: (value) => (value === undefined ? undefined : kind.show(value)) },
    default: undefined,
  };
}

/** The values that a table of rows describes. */
export type ValuesOf<R extends Readonly<Record<string, { readonly default: unknown }>>> = {
  readonly [K in keyof R]: R[K]["default"];
};
