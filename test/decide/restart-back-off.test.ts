import { describe, expect, it } from "vitest";
import { type RestartFacts, restartDue } from "../../src/decide/restart-back-off.ts";

const NOW = 10_000_000;
const base: RestartFacts = {
  endedAt: NOW,
  inForceMs: 20_000,
  decidedAt: NOW - 5000,
  changed: false,
  ceilingMs: 300_000,
  now: NOW,
};

type Row = readonly [rule: string, facts: Partial<RestartFacts>, dueInMs: number, nextMs: number];
const rows: readonly Row[] = [
  ["B1, B4: the first restart is at once, the next waits 10 s", { inForceMs: 0 }, 0, 10_000],
  ["B4: doubles", {}, 20_000, 40_000],
  ["B1: up to the ceiling", { inForceMs: 160_000 }, 160_000, 300_000],
  ["B1: and stays there", { inForceMs: 300_000 }, 300_000, 300_000],
  ["B1: a ceiling below 10 s lowers the first delay, too", { inForceMs: 0, ceilingMs: 4000 }, 0, 4000],
  ["B1: a ceiling that was lowered counts at once", { inForceMs: 80_000, ceilingMs: 4000 }, 4000, 4000],
  ["B2: another definition starts afresh", { changed: true }, 0, 10_000],
  ["B3: the wait counts from the end, not from when it was seen", { endedAt: NOW - 15_000 }, 5000, 40_000],
  ["B6: a life of over ten minutes is forgiven", { decidedAt: NOW - 600_001, endedAt: NOW }, 0, 10_000],
  ["B6: one of ten minutes is not", { decidedAt: NOW - 599_999, now: NOW - 1 }, 1, 40_000],
  [
    "B6: forgotten ten minutes after the decision, even while it is down",
    { inForceMs: 300_000, decidedAt: NOW - 500_000, endedAt: NOW },
    100_000,
    300_000,
  ],
  [
    "B6: and then nothing is left of it",
    { inForceMs: 300_000, decidedAt: NOW - 600_000, endedAt: NOW - 100_000 },
    -100_000,
    10_000,
  ],
  [
    "B9: killed to be replaced, long after the exit before it: at once",
    { replaced: { endedBeforeAt: NOW - 20_000 } },
    0,
    40_000,
  ],
  [
    "B9: killed too soon after the exit before it: the common rule",
    { replaced: { endedBeforeAt: NOW - 19_999 } },
    20_000,
    40_000,
  ],
  ["B9: killed, and it was the first: at once, and no back-off begins", { inForceMs: 0, replaced: {} }, 0, 0],
  ["B9: killed, and the exit before it is not known any more: the common rule", { replaced: {} }, 20_000, 40_000],
];

describe("a restart is due", () => {
  it.each(rows)("%s", (_rule, facts, dueInMs, nextMs) => {
    const due = restartDue({ ...base, ...facts });
    expect({ dueInMs: due.dueAt - NOW, nextMs: due.nextMs }).toEqual({ dueInMs, nextMs });
  });
});
