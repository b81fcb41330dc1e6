import type { Host } from "../host/host.ts";
import type { Ears } from "../host/witness.ts";
import type { Script } from "../script/script.ts";

/** Something that is never otherwise, whatever happens. It listens to the witness and says when it was broken. */
export type Invariant = {
  readonly number: number;
  readonly name: string;
  watch(scene: Scene): Ears;
};

/** What an invariant may look at while a script is played. */
export type Scene = {
  readonly host: Host;
  readonly script: Script;
  fail(what: string): void;
};
