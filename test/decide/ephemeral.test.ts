import { describe, expect, it } from "vitest";
import { news } from "../../src/decide/news.ts";
import { nextPlan } from "../../src/decide/plan.ts";
import { memoryOf, recordOf } from "../../src/decide/record.ts";
import { noteStatus, podStatus } from "../../src/decide/status.ts";
import type { PodMemory } from "../../src/pod/memory.ts";
import type { Hold } from "../../src/pod/plan.ts";
import {
  app,
  type ContainerWish,
  ending,
  exited,
  init,
  instance,
  NOW,
  type PictureWish,
  picture,
  pod,
  sandbox,
  say,
} from "../kit/pictures.ts";
import { facts } from "./status-kit.ts";

const debug = (wish: ContainerWish = {}) => app("debug", { role: "ephemeral", restartPolicy: "Never", ...wish });
const bound = { origin: { kind: "api" as const } };
const watched = pod({ ...bound, containers: [app("web"), debug()] });
const aimed = pod({ ...bound, containers: [app("web"), debug({ target: "web" })] });
const slow = pod({ ...bound, containers: [init("before"), app("web"), debug()] });
const once = pod({
  ...bound,
  restartPolicy: "Never",
  containers: [app("web", { restartPolicy: "Never" }), debug()],
});
const here: Partial<PodMemory> = { images: { "debug:1": { seen: { id: "sha-debug" }, seenAt: NOW.monoMs } } };
const made = { starts: { debug: { attempt: 1 } } };

type Row = readonly [rule: string, wish: PictureWish, actions: readonly string[], holds?: readonly Partial<Hold>[]];

describe("an ephemeral container is made once, and touches no other (3.2)", () => {
  const rows: readonly Row[] = [
    ["its image is looked for", { desired: watched, containers: [instance("web")] }, ["find-image debug:1"]],
    ["it is made", { desired: watched, containers: [instance("web")], memory: here }, ["create debug#0"]],
    [
      "it is begun",
      { desired: watched, containers: [instance("web"), instance("debug", { state: "created" })] },
      ["start debug-0"],
    ],
    ["it runs", { desired: watched, containers: [instance("web"), instance("debug")] }, []],
    ["it has ended well", { desired: watched, containers: [instance("web"), exited("debug", 0, 900_000)] }, []],
    ["it has failed", { desired: watched, containers: [instance("web"), exited("debug", 1, 900_000)] }, []],
    ["nothing is left of it", { desired: watched, containers: [instance("web")], memory: { ...here, ...made } }, []],
    [
      "it was made in a sandbox that is gone",
      { desired: watched, sandboxes: [sandbox({ attempt: 1 })], containers: [instance("debug", { state: "created" })] },
      ["find-image web:1"],
    ],
    [
      "it does not wait for init containers",
      { desired: slow, containers: [instance("before")], memory: here },
      ["create debug#0"],
      [{ subject: "container/web", needs: "sibling" }],
    ],
    [
      "nor before the sandbox is up",
      { desired: watched, sandboxes: [], memory: here },
      ["run-sandbox 0", "find-image web:1"],
    ],
    [
      "it ends with its pod",
      { desired: once, containers: [instance("debug"), exited("web", 0)] },
      ["stop debug-0 30s podEnding"],
    ],
    [
      "told to end",
      { desired: watched, ending: ending({ graceSeconds: 7 }), containers: [instance("web"), instance("debug")] },
      ["stop web-0 7s podEnding", "stop debug-0 7s podEnding"],
    ],
    [
      "the sandbox is made anew",
      {
        desired: watched,
        sandboxes: [sandbox({ state: "notReady" })],
        containers: [exited("debug", 0), exited("web", 0)],
      },
      ["stop-sandbox box-0"],
    ],
    [
      "C2: its target has not been made",
      { desired: aimed, containers: [], memory: here },
      ["find-image web:1"],
      [
        {
          subject: "container/debug",
          reason: "CreateContainerConfigError",
          message: "unable to find target container web",
        },
      ],
    ],
  ];
  it.each(rows.map((row) => [row[0], row] as const))("%s", (_title, [, wish, actions, holds = []]) => {
    const plan = nextPlan(picture(wish));
    expect(plan.actions.map(say).sort()).toEqual([...actions].sort());
    expect(plan.holds).toMatchObject(holds);
  });

  it("sees the processes of its target's newest instance", () => {
    const containers = [exited("web", 1, 5000), instance("web", { attempt: 1, createdWallMs: NOW.wallMs - 1000 })];
    const { actions } = nextPlan(picture({ desired: aimed, containers, memory: here }));
    expect(actions.find(({ kind }) => kind === "create-container")).toMatchObject({ name: "debug", target: "web-1" });
  });

  it("is not made again by an agent that has only its record", () => {
    const { memory } = nextPlan(picture({ desired: watched, containers: [instance("web"), instance("debug")] }));
    const recalled = { ...memoryOf(recordOf(memory)), home: "made" as const, ...here };
    expect(nextPlan(picture({ desired: watched, containers: [instance("web")], memory: recalled })).actions).toEqual(
      [],
    );
  });

  it("is left alone while the definition that is known here does not name it yet", () => {
    const older = pod({ ...bound, containers: [app("web")] });
    const left = (debugging: ReturnType<typeof instance>) =>
      nextPlan(picture({ desired: older, containers: [instance("web"), debugging] })).actions;
    expect(left(instance("debug"))).toEqual([]);
    expect(left(exited("debug", 0))).toEqual([]);
    // of a file nobody asks for it any more
    const ofFile = nextPlan(picture({ containers: [instance("web"), instance("debug")] }));
    expect(ofFile.actions.map(say)).toEqual(["stop debug-0 30s definitionChanged"]);
  });
});

describe("the status of an ephemeral container", () => {
  const shown = (wish: PictureWish) => {
    const now = picture(wish);
    return podStatus(now, nextPlan(now).holds, facts);
  };
  const of = (wish: PictureWish) => shown({ desired: watched, ...wish }).ephemeralContainerStatuses?.[0];

  it.each<[string, PictureWish, object]>([
    [
      "waits",
      { containers: [instance("web")] },
      { state: { waiting: { reason: "ContainerCreating" } }, restartCount: 0 },
    ],
    ["runs", { containers: [instance("debug")] }, { state: { running: {} }, containerID: "containerd://debug-0" }],
    ["has ended", { containers: [exited("debug", 3)] }, { state: { terminated: { exitCode: 3 } }, lastState: {} }],
    ...(["restartAll", "unknownState", "definitionChanged"] as const).map((cause): [string, PictureWish, object] => [
      `was ended (${cause}) with others that come back`,
      { containers: [exited("debug", 137)], memory: { instances: { "debug-0": { stop: { cause, by: 0 } } } } },
      { state: { terminated: { exitCode: 137 } }, lastState: {} },
    ]),
    ["is lost", { memory: made }, { state: { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } } }],
    [
      "has no target",
      { desired: aimed, memory: here },
      { state: { waiting: { reason: "CreateContainerConfigError", message: "unable to find target container web" } } },
    ],
  ])("that %s", (_rule, wish, status) => {
    expect(of(wish)).toMatchObject({ name: "debug", ready: false, ...status });
    expect(of(wish)).not.toHaveProperty("started");
  });

  it("decides neither phase nor conditions", () => {
    const beside = (...debugging: ReturnType<typeof instance>[]) => {
      const { phase, conditions, containerStatuses } = shown({
        desired: watched,
        containers: [instance("web"), ...debugging],
      });
      return { phase, conditions, containerStatuses };
    };
    const plain = beside();
    expect(plain).toMatchObject({ phase: "Running" });
    expect(plain.conditions?.map(({ type, status }) => `${type} ${status}`)).toContain("Ready True");
    expect(beside(instance("debug"))).toEqual(plain);
    expect(beside(exited("debug", 1))).toEqual(plain);
  });

  it("is remembered, so that its count and its end stay", () => {
    const now = picture({ desired: watched, containers: [instance("web"), exited("debug", 0)] });
    expect(noteStatus(now, podStatus(now, [], facts)).shown.debug).toMatchObject({ state: { terminated: {} } });
  });
});

it("its events name it where it stands in the pod", () => {
  const action = { subject: "container/debug", kind: "start-container", id: "debug-0", name: "debug" } as const;
  const moment = { kind: "settled", action, outcome: { kind: "done" }, durationMs: 1 } as const;
  expect(news(picture({ desired: watched }), moment, NOW).map(({ object }) => object)).toMatchObject([
    { fieldPath: "spec.ephemeralContainers{debug}" },
  ]);
});
