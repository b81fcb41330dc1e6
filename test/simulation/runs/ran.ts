import type { Broken } from "../simulate.ts";

/** What a process tells of one seed. */
export type Ran = {
  readonly seed: number;
  readonly hash: string;
  readonly wakes: number;
  readonly hours: number;
  /** Hours that sandboxes of pods stood, all together. */
  readonly podHours: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly broken?: Broken;
};
