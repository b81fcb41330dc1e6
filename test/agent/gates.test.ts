import { describe, expect, it } from "vitest";
import { makeGates, RANK, WITHDRAWN } from "../../src/agent/gates.ts";
import { makeShare } from "../../src/agent/share.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { handClock } from "../kit/clock.ts";

const never = new AbortController().signal;

/** Work that a test ends by hand. */
function handWork(): { work: () => Promise<string>; end: (value?: string) => void; begun: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<string>();
  let begun = false;
  return {
    work: () => {
      begun = true;
      return promise;
    },
    end: (value = "done") => resolve(value),
    begun: () => begun,
  };
}

describe("gates", () => {
  const limits = { home: 1, start: 1, pull: 2, read: 1, execProbe: 1 };

  it("lets in no more than its bound, and finishing before beginning", async () => {
    const clock = handClock();
    const gates = makeGates(limits, silentMeter);
    const [first, sandbox, start] = [handWork(), handWork(), handWork()];
    void gates.start(RANK.sandbox, never, first.work);
    void gates.start(RANK.sandbox, never, sandbox.work);
    void gates.start(RANK.start, never, start.work);
    await clock.settle();
    expect([first.begun(), sandbox.begun(), start.begun()]).toEqual([true, false, false]);
    first.end();
    await clock.settle();
    expect([sandbox.begun(), start.begun()]).toEqual([false, true]);
  });

  it("drops what is withdrawn in the queue, and gives its place to nobody else's loss", async () => {
    const clock = handClock();
    const gates = makeGates(limits, silentMeter);
    const [first, second, third] = [handWork(), handWork(), handWork()];
    const withdrawal = new AbortController();
    void gates.start(RANK.any, never, first.work);
    const dropped = gates.start(RANK.any, withdrawal.signal, second.work);
    const later = gates.start(RANK.any, never, third.work);
    withdrawal.abort();
    expect(await dropped).toBe(WITHDRAWN);
    first.end();
    third.end("third");
    expect(await later).toBe("third");
    await clock.settle();
    expect(second.begun()).toBe(false);
  });

  it("frees its place when the work fails", async () => {
    const gates = makeGates(limits, silentMeter);
    await expect(gates.start(RANK.any, never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await gates.start(RANK.any, never, () => Promise.resolve("in"))).toBe("in");
  });
});

describe("sharing", () => {
  it("runs once for equal keys, and again after it has settled", async () => {
    const share = makeShare<number>();
    let runs = 0;
    const run = async (): Promise<number> => {
      runs += 1;
      return runs;
    };
    const caller = { key: "a", signal: never, run };
    expect(await Promise.all([share.join(caller), share.join(caller)])).toEqual([1, 1]);
    expect(await share.join(caller)).toBe(2);
  });

  it("is cancelled only when the last caller leaves", async () => {
    const share = makeShare<string>();
    const [one, other] = [new AbortController(), new AbortController()];
    let cancelled = false;
    const run = (signal: AbortSignal): Promise<string> =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          cancelled = true;
          reject(signal.reason);
        });
      });
    const first = share.join({ key: "a", signal: one.signal, run });
    const second = share.join({ key: "a", signal: other.signal, run });
    one.abort();
    await expect(first).rejects.toThrow();
    expect(cancelled).toBe(false);
    other.abort();
    await expect(second).rejects.toThrow();
    expect(cancelled).toBe(true);
  });

  it("begins anew for who comes after a cancelled run", async () => {
    const share = makeShare<string>();
    const withdrawal = new AbortController();
    const work = handWork();
    const first = share.join({ key: "a", signal: withdrawal.signal, run: () => work.work() });
    withdrawal.abort();
    await expect(first).rejects.toThrow();
    expect(await share.join({ key: "a", signal: never, run: () => Promise.resolve("fresh") })).toBe("fresh");
  });

  it("tells each caller once when the run has begun, also those that come later", async () => {
    const share = makeShare<string>();
    const work = handWork();
    const told: string[] = [];
    let begin: () => void = () => {};
    const run = (_signal: AbortSignal, begun: () => void): Promise<string> => {
      begin = begun;
      return work.work();
    };
    const first = share.join({ key: "a", signal: never, run, onBegun: () => told.push("first") });
    expect(told).toEqual([]);
    begin();
    const second = share.join({ key: "a", signal: never, run, onBegun: () => told.push("second") });
    work.end();
    await Promise.all([first, second]);
    expect(told).toEqual(["first", "second"]);
  });
});
