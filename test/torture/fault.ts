import type { Seeded } from "../kit/seeded.ts";
import type { Garden } from "./garden.ts";
import type { Stage } from "./stage.ts";

/** What a fault works on. */
export type Scene = {
  readonly stage: Stage;
  readonly garden: Garden;
  readonly chance: Seeded;
  /** Resolves after so long, earlier when the run is broken off. */
  pause(ms: number): Promise<void>;
  /** Aborts when the run is broken off. */
  readonly signal: AbortSignal;
};

/** One kind of trouble. */
export type Fault = {
  readonly name: string;
  /** At most one fault of a field at a time: the others would be in its way. */
  readonly field: "agent" | "runtime" | "runc" | "disk" | "directory" | "pod";
  /** Strikes, holds on for a while and mends; whatever happens, what it did is mended when it settles. Hands back what it saw. */
  strike(scene: Scene): Promise<void>;
};

/** Thrown by a fault that saw a promise broken; whatever else one throws only says that it could not strike. */
export class Broken extends Error {}
