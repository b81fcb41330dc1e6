import { describe, expect, it } from "vitest";
import { noteOutcome } from "../../src/decide/outcome.ts";
import type { Action, Failure, Outcome } from "../../src/pod/action.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import { failure } from "../kit/life.ts";
import { NOW } from "../kit/pictures.ts";

const at = NOW.monoMs;
const done: Outcome = { kind: "done" };
const withdrawn: Outcome = { kind: "withdrawn" };
const failed = (changes: Partial<Failure> = {}): Outcome => ({ kind: "failed", failure: failure("no", changes) });
const unknown = failed({ code: "RuntimeTimeout", effect: "unknown" });
const create: Action = {
  subject: "container/web",
  kind: "create-container",
  name: "web",
  sandbox: "box-0",
  attempt: 0,
  imageId: "sha",
  backOffMs: 0,
};
const start: Action = { subject: "container/web", kind: "start-container", id: "c", name: "web" };
const pull: Action = { subject: "image/web:1", kind: "pull-image", ref: "web:1" };
const run: Action = { subject: "sandbox", kind: "run-sandbox", attempt: 0 };
const look: Action = { subject: "pod", kind: "look" };
const hook = (kind: "postStart" | "preStop"): Action => ({
  subject: "hook/web",
  kind: "run-hook",
  hook: kind,
  id: "c",
  name: "web",
});
const looked = (begunMonoMs: number): Outcome => ({
  kind: "done",
  seen: { kind: "objects", sighting: { podUid: "u", sandboxes: [], containers: [], gone: [], whole: { begunMonoMs } } },
});

type Row = readonly [
  rule: string,
  before: Partial<PodMemory>,
  action: Action,
  outcome: Outcome,
  after: Partial<PodMemory>,
];
const pulledBefore = (delayMs: number, agoMs: number): Partial<PodMemory> => ({
  images: { "web:1": { failed: { delayMs, at: at - agoMs, failure: failure("old") } } },
});
const rows: readonly Row[] = [
  ["a home that was made", {}, { subject: "pod", kind: "make-home" }, done, { home: "made" }],
  [
    "volumes are gone with the home",
    { volumes: { data: "1" }, home: "made" },
    { subject: "pod", kind: "clear-home", keep: "logs" },
    done,
    { home: "cleared", volumes: {} },
  ],
  [
    "S6: a refused sandbox",
    {},
    run,
    failed(),
    { inDoubt: {}, failures: { "run-sandbox sandbox": { failure: failure("no"), count: 1, retryAt: at + 10_000 } } },
  ],
  ["design 3: a call that may have worked is in doubt", {}, run, unknown, { inDoubt: { sandbox: at } }],
  [
    "cri-mapping 7: so is one whose name is held",
    {},
    create,
    failed({ code: "RuntimeNameReserved" }),
    { inDoubt: { "container/web": at } },
  ],
  [
    "4.3: so is a start that failed, and it is dead",
    {},
    start,
    failed(),
    { inDoubt: { "container/web": at }, instances: { c: { startFailed: true } } },
  ],
  [
    "a sandbox that is not there any more is looked for at once",
    {},
    create,
    failed({ code: "RuntimeNotFound" }),
    { inDoubt: { "container/web": at } },
  ],
  [
    "a look of the moment of a doubt answers only the doubts that it was planned for",
    { inDoubt: { "container/a": at, "container/b": at }, lookFor: ["container/a"] },
    look,
    looked(at),
    { inDoubt: { "container/b": at } },
  ],
  ["a start that broke off may run", {}, start, unknown, { inDoubt: { "container/web": at }, instances: {} }],
  ["a read that broke off is not in doubt", {}, pull, unknown, { inDoubt: {} }],
  [
    "a look answers older doubts",
    { inDoubt: { sandbox: at - 10, "container/a": at - 2 } },
    look,
    looked(at - 5),
    { inDoubt: { "container/a": at - 2 }, lookedAt: at - 5 },
  ],
  [
    "success ends a row of failures",
    { failures: { "run-sandbox sandbox": { failure: failure("x"), count: 3, retryAt: at } } },
    run,
    done,
    { failures: {} },
  ],
  [
    "B10: the first failed pull waits 10 s",
    {},
    pull,
    failed(),
    { images: { "web:1": { failed: { delayMs: 10_000, at, failure: failure("no") } } } },
  ],
  [
    "B10: doubles",
    pulledBefore(10_000, 20_000),
    pull,
    failed(),
    { images: { "web:1": { failed: { delayMs: 20_000, at, failure: failure("no") } } } },
  ],
  [
    "B10: up to 300 s",
    pulledBefore(160_000, 200_000),
    pull,
    failed(),
    { images: { "web:1": { failed: { delayMs: 300_000, at, failure: failure("no") } } } },
  ],
  [
    "B10: forgotten after 600 s",
    pulledBefore(160_000, 600_001),
    pull,
    failed(),
    { images: { "web:1": { failed: { delayMs: 10_000, at, failure: failure("no") } } } },
  ],
  [
    "B10: success does not clear it",
    pulledBefore(40_000, 50_000),
    pull,
    { kind: "done", seen: { kind: "image", image: { id: "sha" } } },
    {
      images: {
        "web:1": {
          seen: { id: "sha" },
          seenAt: at,
          pulledAt: at,
          failed: { delayMs: 40_000, at: at - 50_000, failure: failure("old") },
        },
      },
    },
  ],
  ["a pull that was given up leaves nothing", pulledBefore(10_000, 5), pull, withdrawn, pulledBefore(10_000, 5)],
  [
    "S27: the performer's reason comes before the usual one; its images, those of volumes too, are asked for again",
    {
      starts: { web: { image: { id: "sha" }, wantedAt: 1, decision: { after: "b", backOffMs: 10_000 } } },
      images: { "web:1": { seen: { id: "sha" }, seenAt: 1 }, "models:3": { seen: { id: "other" }, seenAt: 1 } },
    },
    create,
    failed({ reason: "CreateContainerConfigError" }),
    {
      starts: {
        web: {
          decision: { after: "b", backOffMs: 10_000 },
          error: { reason: "CreateContainerConfigError", message: "no" },
          retryAt: at + 10_000,
        },
      },
      images: { "web:1": {}, "models:3": {} },
    },
  ],
  [
    "B13: the error stands until the container runs",
    {
      starts: {
        web: { error: { reason: "CreateContainerError", message: "no" }, retryAt: 1, wantedAt: 1, decidedAt: 5 },
      },
    },
    create,
    done,
    { starts: { web: { error: { reason: "CreateContainerError", message: "no" }, decidedAt: 5 } } },
  ],
  [
    "B13: and no longer",
    { starts: { web: { error: { reason: "CreateContainerError", message: "no" }, decidedAt: 5 } } },
    start,
    done,
    { starts: { web: { decidedAt: 5 } } },
  ],
  [
    "H2: a postStart that failed",
    {},
    hook("postStart"),
    { kind: "done", seen: { kind: "hook", failure: "text" } },
    {
      instances: { c: { postStart: "failed" } },
      starts: { web: { error: { reason: "PostStartHookError", message: "text" } } },
    },
  ],
  [
    "H1: a postStart that was given up runs again",
    { instances: { c: { postStart: "running" } } },
    hook("postStart"),
    withdrawn,
    { instances: { c: { postStart: "running" } } },
  ],
  [
    "H8: a preStop that failed is over",
    {},
    hook("preStop"),
    failed(),
    { instances: { c: { preStop: "done" } }, starts: {} },
  ],
  ["H8: so is one whose grace was cut", {}, hook("preStop"), withdrawn, { instances: { c: { preStop: "cut" } } }],
  [
    "C4: a message that cannot be read is not asked for again",
    {},
    { subject: "message/c", kind: "read-message", id: "c", name: "web" },
    failed(),
    { instances: { c: { messageRead: true } } },
  ],
  [
    "T6: a sandbox that was stopped is known as such",
    {},
    { subject: "sandbox", kind: "stop-sandbox", id: "box-0" },
    done,
    { stoppedSandboxes: ["box-0"] },
  ],
];

describe("the memory after an outcome", () => {
  it.each(rows)("%s", (_rule, before, action, outcome, after) => {
    const memory = noteOutcome({ ...freshMemory, ...before }, action, outcome, NOW);
    for (const [key, value] of Object.entries(after)) expect(memory[key as keyof PodMemory], key).toEqual(value);
  });
});
