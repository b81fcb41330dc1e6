import type { Fault } from "../fault.ts";
import type { RuncMood } from "../runc.ts";

const moody =
  (mood: RuncMood): Fault["strike"] =>
  async ({ stage, garden, chance, pause }) => {
    try {
      await stage.runc.be(mood);
      await garden.change();
      await pause(3_000 + chance.below(4_000));
    } finally {
      await stage.runc.be("usual");
    }
  };

/** The program that starts containers does it slowly or not at all. */
export const RUNC_FAULTS: readonly Fault[] = [
  { name: "runc slow (2 s)", field: "runc", strike: moody("slow") },
  { name: "runc failing", field: "runc", strike: moody("failing") },
];
