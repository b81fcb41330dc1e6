import { describe, expect, it } from "vitest";
import {
  bytesToReclaim,
  isSwitchedOff,
  judgePressure,
  NO_PRESSURE,
  type PressureMemory,
  parseAmount,
  type Threshold,
} from "../../src/decide/pressure.ts";
import type { PressureReadings, PressureSignal } from "../../src/pod/pressure.ts";

const units = (value: number) => ({ kind: "units", value }) as const;
const percent = (value: number) => ({ kind: "percent", value }) as const;
const MEMORY: Threshold = { signal: "memory.available", amount: units(100) };
const SOFT: Threshold = { signal: "memory.available", amount: units(200), graceMs: 60_000 };
const DISK: Threshold = { signal: "imagefs.available", amount: percent(15), minReclaim: units(100) };
const PIDS: Threshold = { signal: "pid.available", amount: units(10) };
const thresholds = [PIDS, DISK, SOFT, MEMORY];
const TRANSITION_MS = 300_000;

/** What is left of a host with 1000 of everything. */
const left = (of: Partial<Record<PressureSignal, number>>): PressureReadings =>
  new Map(Object.entries(of).map(([signal, available]) => [signal as PressureSignal, { available, capacity: 1000 }]));
const PLENTY = { "memory.available": 900, "imagefs.available": 900, "pid.available": 900 };

/** Looks at a host one after the other; each at its moment in seconds. */
function story(...looks: readonly (readonly [atSeconds: number, of: Partial<Record<PressureSignal, number>>])[]) {
  let memory: PressureMemory = NO_PRESSURE;
  return looks.map(([atSeconds, of]) => {
    const limits = { thresholds, transitionMs: TRANSITION_MS, maxPodGraceSeconds: 0 };
    const verdict = judgePressure(memory, left({ ...PLENTY, ...of }), limits, atSeconds * 1000);
    memory = verdict.memory;
    const conditions = Object.entries(verdict.conditions).flatMap(([kind, holds]) => (holds ? [kind] : []));
    return [verdict.due, conditions];
  });
}

describe("pressure (node.md 5.1)", () => {
  it("a hard threshold counts at once, below it and not at it", () => {
    expect(story([0, { "memory.available": 100 }], [10, { "memory.available": 99 }])).toEqual([
      [[], ["memory"]], // the soft one is met, and has its grace
      [[MEMORY], ["memory"]],
    ]);
  });

  it("a soft one counts when it was met all the time of its grace; the condition shows before", () => {
    const low = { "memory.available": 150 };
    expect(story([0, low], [50, low], [60, low])).toEqual([
      [[], ["memory"]],
      [[], ["memory"]],
      [[SOFT], ["memory"]],
    ]);
    expect(story([0, low], [50, {}], [60, low], [110, low]).map(([due]) => due)).toEqual([[], [], [], []]);
  });

  it("what was met stays so until the minimum is reclaimed beyond it", () => {
    const at = (available: number) => ({ "imagefs.available": available });
    const dues = story([0, at(149)], [10, at(200)], [20, at(249)], [30, at(250)], [40, at(249)]).map(([due]) => due);
    expect(dues).toEqual([[DISK], [DISK], [DISK], [], []]);
  });

  it("a condition stays for the transition period after it was last seen", () => {
    const conditions = story([0, { "pid.available": 9 }], [299, {}], [300, {}]).map(([, shown]) => shown);
    expect(conditions).toEqual([["pid"], ["pid"], []]);
  });

  it("memory is acted on first, then disks, then process ids", () => {
    const all = { "memory.available": 1, "imagefs.available": 1, "pid.available": 1 };
    expect(story([0, all])).toEqual([
      [
        [MEMORY, DISK, PIDS],
        ["memory", "disk", "pid"],
      ],
    ]);
  });

  it("a signal that cannot be read changes nothing", () => {
    const limits = { thresholds: [MEMORY], transitionMs: 0, maxPodGraceSeconds: 0 };
    const first = judgePressure(NO_PRESSURE, left({ "memory.available": 1 }), limits, 0);
    expect(judgePressure(first.memory, new Map(), limits, 10).due).toEqual([MEMORY]);
    expect(judgePressure(NO_PRESSURE, new Map(), limits, 10).due).toEqual([]);
  });
});

it.each([
  ["100Mi", units(104_857_600), false],
  ["15%", percent(15), false],
  ["0.5%", percent(0.5), false],
  ["0%", percent(0), true],
  ["100%", percent(100), true],
  ["101%", undefined, false],
  ["-1", undefined, false],
  ["x", undefined, false],
  ["", undefined, false],
])("%j is an amount", (written, expected, isOff) => {
  const amount = parseAmount(written);
  expect(amount).toEqual(expected);
  expect(amount !== undefined && isSwitchedOff(amount)).toBe(isOff);
});

it.each<[string, Threshold, boolean, number]>([
  ["images free their own disk, and the minimum beyond the threshold", DISK, false, 150 + 100 - 40],
  ["nothing of the root directory's disk, when that is another one", { ...DISK, signal: "nodefs.available" }, false, 0],
  ["both, when it is the same", { ...DISK, signal: "nodefs.available" }, true, 210],
  [
    "nobody knows how many inodes an image has",
    { ...DISK, signal: "imagefs.inodesFree" },
    false,
    Number.POSITIVE_INFINITY,
  ],
  ["no memory", MEMORY, true, 0],
])("removing images: %s", (_name, threshold, isOneDisk, expected) => {
  const signals = { "imagefs.available": 40, "nodefs.available": 40, "imagefs.inodesFree": 40, "memory.available": 40 };
  expect(bytesToReclaim(threshold, left(signals), isOneDisk)).toBe(expected);
});
