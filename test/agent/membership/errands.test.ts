import { describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { type Errands, makeErrands, type Settled } from "../../../src/agent/membership/errands.ts";
import { BerthError } from "../../../src/base/errors.ts";
import type { Log } from "../../../src/base/log.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { handClock, seededChance } from "../../kit/clock.ts";

const MINUTE_MS = 60_000;

function someErrands(settle: (key: string, errands: Errands<string>) => Settled) {
  const clock = handClock();
  const leaving = new AbortController();
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const log: Log = { debug: note, info: note, warn: note, error: note, bind: () => log };
  const contact = makeContact({ clock, log, meter: silentMeter });
  const tried: string[] = [];
  const forgotten: string[] = [];
  const errands: Errands<string> = makeErrands({
    ...{ clock, chance: seededChance(1), contact, topic: "mirror pods", doing: "trying" },
    mayBegin: () => true,
    async settle(key) {
      tried.push(key);
      return settle(key, errands);
    },
    forget: (key) => void forgotten.push(key),
  });
  const ended = errands.run(leaving.signal, () => {});
  return {
    ...{ errands, clock, contact, lines, tried, forgotten },
    async stop() {
      leaving.abort();
      await ended;
      expect(clock.sleepers).toBe(0);
    },
  };
}
const away = (): BerthError => new BerthError("ApiUnreachable", "connection refused");

describe("errands to a server that is away", () => {
  it("wait ever longer although others of them need no request, and say so once", async () => {
    const { errands, clock, lines, tried, stop } = someErrands((key, all) => {
      if (key === "fails") throw away();
      all.look(key, 2000); // as what waits for the node to be known
      return "nothing to do";
    });
    errands.look("waits");
    errands.look("fails");
    await clock.advance(10 * MINUTE_MS);
    expect(tried.filter((key) => key === "fails").length).toBeLessThanOrEqual((10 * 60) / 12 + 5);
    expect(lines).toEqual(["connection refused"]);
    await stop();
  });

  it("are tried at once when the lease is taken again", async () => {
    let isThere = false;
    const { errands, clock, contact, tried, stop } = someErrands(() => {
      if (!isThere) throw away();
      return "asked";
    });
    contact.failed("lease", away());
    errands.look("a");
    await clock.advance(10 * MINUTE_MS);
    const before = tried.length;
    isThere = true;
    contact.well("lease");
    await clock.advance(1);
    expect(tried.length).toBe(before + 1);
    expect(contact.show().lastError).toBeUndefined();
    await stop();
  });

  it("are no longer failing when nothing is left of them", async () => {
    let isThere = false;
    const { errands, clock, contact, lines, stop } = someErrands(() => {
      if (!isThere) throw away();
      return "nothing to do";
    });
    errands.look("a");
    await clock.advance(MINUTE_MS);
    expect(contact.show().lastError?.message).toBe("connection refused");
    isThere = true;
    await clock.advance(MINUTE_MS);
    expect(contact.show().lastError).toBeUndefined();
    expect(lines).toEqual(["connection refused", "the API server answers again"]);
    await stop();
  });
});

describe("errands that a server refuses", () => {
  const refused = ["ApiConflict", "ApiNotFound", "ApiExists", "ApiForbidden", "ApiRefused"] as const;

  it.each(refused)("E1 make nobody else wait longer when the server fails after them: %s", async (code) => {
    const { errands, clock, tried, stop } = someErrands((key) => {
      if (key === "last") throw away();
      throw new BerthError(code, "not this one");
    });
    for (let count = 0; count < 10; count += 1) errands.look(`refused ${count}`);
    errands.look("last");
    await clock.settle();
    expect(tried).toHaveLength(11);
    await clock.advance(1600); // the first pause is 0.8 s, and up to as much again by chance
    expect(tried.slice(11)).toEqual(["last"]);
    await stop();
  });

  it.each([
    ["ApiConflict", 2000, false],
    ["ApiNotFound", MINUTE_MS, true],
    ["ApiExists", MINUTE_MS, true],
    ["ApiForbidden", 5 * MINUTE_MS, false],
    ["ApiRefused", 5 * MINUTE_MS, false],
  ] as const)("are tried again after their time, %s after %i ms", async (code, afterMs, isForgotten) => {
    const { errands, clock, tried, forgotten, stop } = someErrands(() => {
      throw new BerthError(code, "not this one");
    });
    errands.look("a");
    await clock.advance(afterMs - 1);
    expect([tried, forgotten]).toEqual([["a"], isForgotten ? ["a"] : []]);
    await clock.advance(1);
    expect(tried).toEqual(["a", "a"]);
    await stop();
  });

  it.each([
    ["ApiForbidden", "not you"],
    ["ApiConflict", undefined],
  ] as const)("are told of once, and that the next goes well: %s", async (code, message) => {
    const { errands, clock, contact, lines, stop } = someErrands((key) => {
      if (key === "refused") throw new BerthError(code, "not you");
      return "asked";
    });
    errands.look("refused");
    await clock.settle();
    expect(contact.show().lastError?.message).toBe(message);
    errands.look("other");
    await clock.settle();
    expect(contact.show().lastError).toBeUndefined();
    expect(lines).toEqual(message === undefined ? [] : [message, "the API server answers again"]);
    await stop();
  });
});
