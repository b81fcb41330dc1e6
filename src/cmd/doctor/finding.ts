/** What one check found. */
export type Finding = {
  /** A few words: what was looked at. */
  readonly check: string;
  /** `bad` keeps pods from running; `warning` may do so one day, or costs something; `unknown` could not be told. */
  readonly state: "good" | "warning" | "bad" | "unknown";
  readonly text: string;
  /** What a person can do about it. */
  readonly fix?: string;
  /** What `--fix` would do about it. */
  readonly repair?: Repair;
};

/** A repair of `--fix`; `words` say beforehand what it does. */
export type Repair = { readonly words: string; run(): Promise<void> };

export const good = (check: string, text: string): Finding => ({ check, state: "good", text });
export const unknown = (check: string, text: string): Finding => ({ check, state: "unknown", text });
export const bad = (check: string, text: string, fix: string, repair?: Repair): Finding => ({
  check,
  state: "bad",
  text,
  fix,
  ...(repair === undefined ? {} : { repair }),
});
export const warning = (check: string, text: string, fix: string, repair?: Repair): Finding => ({
  ...bad(check, text, fix, repair),
  state: "warning",
});
