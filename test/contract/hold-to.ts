import { afterAll, beforeAll, describe, it } from "vitest";
import { makeBench } from "./bench.ts";
import type { Case } from "./case.ts";
import { BREAKING_CASES, STEADY_CASES } from "./cases.ts";
import type { Subject } from "./subject.ts";

/** One test for each case of the contract that this kind of runtime is held to: the same list for every one. */
export function holdTo(name: string, events: boolean, open: () => Promise<Subject>): void {
  describe(`the agent relies on ${name}: it holds that`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject?.close());

    const isMeant = ({ only }: Case): boolean => only === undefined || (only === "with events") === events;
    const hold =
      ({ holds }: Case) =>
      async (): Promise<void> => {
        const bench = makeBench(subject);
        try {
          await holds(bench);
        } finally {
          await bench.clear();
        }
      };
    const options = { timeout: 60_000 };
    describe.concurrent("while it runs", () => {
      for (const one of STEADY_CASES.filter(isMeant)) it(one.that, options, hold(one));
    });
    describe("when it breaks off", () => {
      for (const one of BREAKING_CASES.filter(isMeant)) it(one.that, options, hold(one));
    });
  });
}
