import fc from "fast-check";

/**
 * Property tests play the same cases everywhere, so that a failure is there again when it is looked at; another seed, or
 * `random`, goes looking for new ones.
 */
const seed = process.env.BERTH_SEED ?? "20261121";
if (seed !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
