import { describe, expect, it } from "vitest";
import { type Correlation, correlate, noCorrelation, objectKey } from "../../src/decide/correlate.ts";
import type { CountedEvent, PodEvent } from "../../src/pod/event.ts";

const START = 1_767_323_045_000;

type Sketch = {
  readonly message?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly type?: "Normal";
};

const event = (atMs: number, { message = "m", reason = "Unhealthy", fieldPath, type }: Sketch): PodEvent => ({
  type: type ?? "Warning",
  reason,
  message,
  object: { kind: "Pod", namespace: "default", name: "p", uid: "u", ...(fieldPath ? { fieldPath } : {}) },
  atWallMs: START + atMs,
});

/** Tells the events in turn; answers what came of each. */
function tellAll(sketches: readonly (readonly [number, Sketch])[]): {
  told: (CountedEvent | undefined)[];
  after: Correlation;
} {
  let after = noCorrelation;
  const told = sketches.map(([atMs, sketch]) => {
    const next = correlate(after, event(atMs, sketch), { wallMs: START + atMs, monoMs: atMs });
    after = next.after;
    return next.told;
  });
  return { told, after };
}

describe("events that are alike (node.md 3.7)", () => {
  it("are counted under one name, with first and last time", () => {
    const { told } = tellAll([
      [0, {}],
      [5000, {}],
    ]);
    expect(told[0]).toMatchObject({ count: 1, firstWallMs: START, atWallMs: START });
    expect(told[1]).toMatchObject({ count: 2, firstWallMs: START, atWallMs: START + 5000, name: told[0]?.name });
  });

  it("differ by message and by container", () => {
    const { told } = tellAll([
      [0, {}],
      [0, { message: "other" }],
      [0, { fieldPath: "spec.containers{a}" }],
    ]);
    expect(told.map((one) => one?.count)).toEqual([1, 1, 1]);
    expect(new Set(told.map((one) => one?.name)).size).toBe(3);
    expect(told[0]?.name).toBe(`p.${(BigInt(START) * 1_000_000n).toString(16)}`);
  });

  it("the tenth different message within ten minutes, and all after it, are told as one", () => {
    const many = Array.from({ length: 12 }, (_, i): [number, Sketch] => [i * 1000, { message: `m${i}` }]);
    const { told } = tellAll(many);
    expect(told[8]).toMatchObject({ message: "m8", count: 1 });
    expect(told[9]).toMatchObject({ message: "(combined from similar events): m9", count: 1 });
    expect(told[11]).toMatchObject({ message: "(combined from similar events): m11", count: 3, name: told[9]?.name });
  });

  it("messages that come more slowly, or for other reasons, are not combined", () => {
    const slow = Array.from({ length: 12 }, (_, i): [number, Sketch] => [i * 600_001, { message: `m${i}` }]);
    expect(tellAll(slow).told.every((one) => one?.count === 1 && !one.message.startsWith("("))).toBe(true);
    const others = Array.from({ length: 12 }, (_, i): [number, Sketch] => [
      i,
      { message: `m${i}`, reason: `R${i % 2}` },
    ]);
    expect(tellAll(others).told.every((one) => one?.message.startsWith("m"))).toBe(true);
  });

  it("thirty at once are told 25 times; the count goes on and is told again after five minutes", () => {
    const burst = Array.from({ length: 30 }, (): [number, Sketch] => [0, {}]);
    const { told } = tellAll([...burst, [299_999, {}], [300_000, {}]]);
    expect(told.filter((one) => one !== undefined).length).toBe(26);
    expect(told[24]?.count).toBe(25);
    expect(told[30]).toBeUndefined();
    expect(told[31]?.count).toBe(32);
  });

  it("warnings do not use up what normal events may tell", () => {
    const burst = Array.from({ length: 30 }, (): [number, Sketch] => [0, {}]);
    expect(tellAll([...burst, [0, { type: "Normal" }]]).told[30]?.count).toBe(1);
  });

  it("keep no more than a bounded memory", () => {
    const flood = Array.from({ length: 500 }, (_, i): [number, Sketch] => [
      i * 601_000,
      { message: `m${i}`, reason: `R${i}` },
    ]);
    const { after } = tellAll(flood);
    expect([after.series.size, after.similar.size, after.tokens.size]).toEqual([64, 64, 1]);
    const alike = Array.from({ length: 500 }, (_, i): [number, Sketch] => [i, { message: `m${i}` }]);
    expect([...tellAll(alike).after.similar.values()].map(({ messages }) => messages.length)).toEqual([9]);
  });

  it("belong to one pod, whichever container they name", () => {
    const { object } = event(0, { fieldPath: "spec.containers{a}" });
    expect(objectKey(object)).toBe(objectKey(event(0, {}).object));
    expect(objectKey({ kind: "Node", name: "p" })).not.toBe(objectKey(object));
  });
});
