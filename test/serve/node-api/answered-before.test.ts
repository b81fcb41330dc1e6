import { describe, expect, it } from "vitest";
import { makeAnsweredBefore } from "../../../src/serve/node-api/answered-before.ts";

const make = () => {
  const clock = { nowMs: 0 };
  const known = makeAnsweredBefore<boolean>({
    lifeMs: { yes: 300, no: 30 },
    isYes: (answer) => answer,
    nowMs: () => clock.nowMs,
  });
  return { clock, known };
};

/** A question that counts how often it is put. */
const counted = (answer: boolean) => {
  const question = Object.assign(
    async () => {
      question.times += 1;
      return answer;
    },
    { times: 0 },
  );
  return question;
};

describe("answers about users", () => {
  it("are remembered for their time: yes longer than no", async () => {
    const { clock, known } = make();
    const [yes, no] = [counted(true), counted(false)];
    for (const nowMs of [0, 29, 31, 299, 301]) {
      clock.nowMs = nowMs;
      expect(await known.ask("yes", yes)).toBe(true);
      expect(await known.ask("no", no)).toBe(false);
    }
    expect([yes.times, no.times]).toEqual([2, 3]);
  });

  it("a new no takes the place of an old yes", async () => {
    const { clock, known } = make();
    await known.ask("k", async () => true);
    clock.nowMs = 301;
    expect(await known.ask("k", async () => false)).toBe(false);
    clock.nowMs = 302;
    expect(await known.ask("k", counted(true))).toBe(false);
  });

  it("a failure is nobody's answer", async () => {
    const { known } = make();
    await expect(known.ask("k", () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(await known.ask("k", async () => true)).toBe(true);
  });

  it("a flood of refused ones does not drive out who is let in", async () => {
    const { known } = make();
    const yes = counted(true);
    await known.ask("yes", yes);
    for (let each = 0; each < 3000; each += 1) await known.ask(`no ${each}`, async () => false);
    await known.ask("yes", yes);
    expect(yes.times).toBe(1);
    const first = counted(false);
    await known.ask("no 0", first);
    expect(first.times).toBe(1); // the oldest of its sort was forgotten
  });

  it("equal questions are put once, few at a time, and too many are turned away", async () => {
    const { known } = make();
    const release: (() => void)[] = [];
    let most = 0;
    let inside = 0;
    const slow = async (): Promise<boolean> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise<void>((resolve) => release.push(resolve));
      inside -= 1;
      return true;
    };
    const asked = Array.from({ length: 300 }, (_, each) =>
      known.ask(`k ${each % 250}`, slow).then(
        () => "answered",
        () => "turned away",
      ),
    );
    const all = Promise.all(asked);
    let open = true;
    void all.then(() => {
      open = false;
    });
    while (open) {
      release.shift()?.();
      await new Promise(setImmediate);
    }
    const told = await all;
    expect(most).toBe(8);
    expect(told.slice(0, 136)).toEqual(Array(136).fill("answered"));
    expect(told.slice(136, 250)).toEqual(Array(114).fill("turned away"));
    expect(told.slice(250)).toEqual(Array(50).fill("answered"));
  });
});
