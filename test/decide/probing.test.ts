import { describe, expect, it } from "vitest";
import {
  type Attempt,
  beginsAt,
  firstDue,
  freshProbe,
  judgeAttempt,
  mayProbe,
  nextDue,
  noteAttempt,
  type ProbeBeginning,
  type ProbeGate,
  type ProbeKind,
  type ProbeMemory,
  verdictsOf,
} from "../../src/decide/probing.ts";
import type * as v1 from "../../src/pod/v1.ts";

const base: v1.Probe = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
const LETTERS: Record<string, Attempt> = { P: "passed", F: "failed", D: "discarded" };

/** The results after each attempt of a sequence such as `FFP`. */
function play(kind: ProbeKind, sequence: string, change: Partial<v1.Probe> = {}): string {
  let memory: ProbeMemory = freshProbe(kind);
  return [...sequence]
    .map((letter) => {
      memory = noteAttempt(memory, kind, { ...base, ...change }, LETTERS[letter] ?? "discarded");
      return `${memory.result[0]}${memory.onHold ? "!" : ""}`;
    })
    .join(" ");
}

describe("what attempts come to", () => {
  it.each<[string, ProbeKind, string, Partial<v1.Probe>, string]>([
    ["R2, R5: liveness is passed until three failures in a row", "liveness", "FFPFFF", {}, "p p p p p f!"],
    ["R6: a failed liveness probe is on hold", "liveness", "FFFPPP", {}, "p p f! f! f! f!"],
    ["R2: readiness is failed until it passes", "readiness", "FPF", {}, "f p p"],
    ["R5: readiness flips back after the threshold", "readiness", "PFFFP", {}, "p p p f p"],
    ["V30: readiness may need several successes", "readiness", "PPPFFF", { successThreshold: 3 }, "f f p p p f"],
    ["R6: startup passed is on hold", "startup", "FPF", {}, "u p! p!"],
    ["R6: startup failed is on hold", "startup", "FFFP", {}, "u u f! f!"],
    ["R4: what is discarded neither counts nor breaks a row", "liveness", "FDFDF", {}, "p p p p f!"],
    ["a threshold of one", "liveness", "F", { failureThreshold: 1 }, "f!"],
  ])("%s", (_, kind, sequence, change, expected) => {
    expect(play(kind, sequence, change)).toBe(expected);
  });

  it("never counts the agent's own lateness against the container", () => {
    expect(judgeAttempt("failed", 1_100, base)).toBe("failed");
    expect(judgeAttempt("failed", 1_600, base)).toBe("discarded");
    expect(judgeAttempt("passed", 9_000, base)).toBe("passed");
  });
});

describe("whether a probe may run", () => {
  const gate: ProbeGate = { running: true, started: true, starting: false, podEnding: false, reachable: true };
  it.each<[string, ProbeKind, Partial<ProbeGate>, boolean]>([
    ["R3.9: a started container is asked for liveness", "liveness", {}, true],
    ["R3.8: the startup probe has nothing to ask of a started one", "startup", {}, false],
    ["R3.8: it asks one that has not started", "startup", { started: false }, true],
    ["R11: liveness waits for the start", "liveness", { started: false }, false],
    ["R11: readiness waits for the start", "readiness", { started: false }, false],
    ["R3.5: nothing is asked of one that does not run", "readiness", { running: false }, false],
    ["H1: nothing is asked while postStart runs", "liveness", { starting: true }, false],
    ["R12: liveness stops when the pod ends", "liveness", { podEnding: true }, false],
    ["R12: startup stops when the pod ends", "startup", { podEnding: true, started: false }, false],
    ["R12: readiness goes on while the pod ends", "readiness", { podEnding: true }, true],
  ])("%s", (_, kind, change, expected) => {
    expect(mayProbe(kind, { ...gate, ...change })).toBe(expected);
  });
});

describe("when a probe is due", () => {
  it("begins after the initial delay, spread by at most 100 ms", () => {
    expect(firstDue(1_000, { ...base, initialDelaySeconds: 5 }, 0)).toBe(6_000);
    expect(firstDue(1_000, base, 0.999)).toBeLessThan(1_100);
  });

  describe("of an instance that was found running", () => {
    const passed: ProbeMemory = { ...freshProbe("readiness"), result: "passed" };
    const found: ProbeBeginning = {
      now: 50_000,
      dueAt: 1_000,
      instanceStartedAt: 0,
      agentBeganAt: 49_000,
      memory: passed,
      fraction: 0.5,
    };

    it.each<[string, Partial<ProbeBeginning>, number]>([
      ["R8: has its turn within one period of the new agent", {}, 55_000],
      ["R8: no longer once the agent has been up for a period", { agentBeganAt: 40_000 }, 50_050],
      ["begins at once where the agent itself started it", { instanceStartedAt: 49_500 }, 50_050],
      ["begins at once where a verdict is waited for", { memory: freshProbe("readiness") }, 50_050],
      ["R3: waits for its initial delay first", { dueAt: 60_000 }, 60_000],
    ])("%s", (_, change, expected) => {
      expect(beginsAt(base, { ...found, ...change })).toBe(expected);
    });
  });

  it.each([
    [0, 20, 2, 2_000],
    [0, 1_999, 2, 2_000],
    [0, 2_000, 2, 2_000],
    [0, 2_001, 2, 2_000],
    [0, 4_500, 2, 4_000],
    [500, 6_000, 2, 4_500],
  ])("keeps its beat: due %i, ended %i, period %i s -> %i", (due, ended, periodSeconds, expected) => {
    expect(nextDue(due, ended, { ...base, periodSeconds })).toBe(expected);
  });
});

it("an unspoken startup probe gives no verdict", () => {
  expect(verdictsOf({ startup: freshProbe("startup"), liveness: freshProbe("liveness") })).toEqual({
    liveness: "passed",
  });
});
