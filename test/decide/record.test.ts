import { expect, it } from "vitest";
import { memoryOf, recordOf } from "../../src/decide/record.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";

it("carries a memory through the agent's restart as far as it must (D8)", () => {
  const memory: PodMemory = {
    ...freshMemory,
    startedWallMs: 5,
    startedAt: 1,
    initialized: true,
    instances: {
      a: { started: true, ready: true, postStart: "running", endedAt: 7, clockGapMs: 3 },
      b: { stop: { cause: "livenessFailed", by: 9, byWallMs: 1009 }, preStop: "done" },
      c: { stop: { cause: "podEnding", by: 9 }, preStop: "running" },
    },
    starts: { web: { decidedWallMs: 4, decidedAt: 2, wantedAt: 8 }, db: { wantedAt: 3 } },
    terminal: { phase: "Failed", bootId: "boot-1" },
    volumes: { data: "1" },
    home: "made",
  };
  expect(memoryOf(JSON.parse(JSON.stringify(recordOf(memory))))).toEqual({
    ...freshMemory,
    startedWallMs: 5,
    initialized: true,
    instances: {
      a: { started: true, ready: true, postStart: "running" },
      b: { stop: { cause: "livenessFailed", by: Number.POSITIVE_INFINITY, byWallMs: 1009 }, preStop: "earlier" },
      c: { stop: { cause: "podEnding", by: Number.POSITIVE_INFINITY } },
    },
    starts: { web: { decidedWallMs: 4 } },
    terminal: { phase: "Failed", bootId: "boot-1" },
  });
});
