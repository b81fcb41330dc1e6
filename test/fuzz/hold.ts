import fc from "fast-check";

/** What a property is given to look at, and what it does with it: throws when the promise is broken. */
export type Promised<T> = (given: T) => void | Promise<void>;

/** `make fuzz` plays each property so many times over. */
const TIMES = Number(process.env.BERTH_FUZZ ?? 1);
const LONGEST_TOLD = 600;

/**
 * Plays a promise with that many inputs (times BERTH_FUZZ). What broke it is told in a few lines: the seed and the path that
 * bring it back, and no more of the input than a person reads. Where a run takes long nothing smaller is looked for (`shrinks`).
 */
export async function hold<T>(
  runs: number,
  inputs: fc.Arbitrary<T>,
  promised: Promised<T>,
  { shrinks = true } = {},
): Promise<void> {
  const property = fc.asyncProperty(inputs, async (given) => {
    await promised(given);
  });
  const ran = await fc.check(property, { numRuns: Math.ceil(runs * TIMES), endOnFailure: !shrinks });
  if (!ran.failed) return;
  const why = ran.errorInstance instanceof Error ? ran.errorInstance.message : String(ran.errorInstance);
  const told = [
    `broken by run ${ran.numRuns}: ${cut(why)}`,
    `input: ${cut(fc.stringify(ran.counterexample?.[0]))}`,
    `again with: BERTH_SEED=${ran.seed} BERTH_FUZZ=${TIMES}, path ${ran.counterexamplePath ?? ""}`,
  ];
  throw new Error(told.join("\n"));
}

const cut = (text: string): string => (text.length > LONGEST_TOLD ? `${text.slice(0, LONGEST_TOLD)}...` : text);
