import { describe, expect, it } from "vitest";
import { noteStatus, podStatus } from "../../src/decide/status.ts";
import type { Ending } from "../../src/pod/desired.ts";
import type { Hold, Picture } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import {
  exitOf,
  facts,
  holdOn,
  instanceOf,
  NOW,
  type PictureSketch,
  pictureOf,
  readySandbox,
  shownAs,
} from "./status-kit.ts";

const at = (sketch: PictureSketch, holds: readonly Hold[] = []): v1.PodStatus =>
  podStatus(pictureOf(sketch), holds, facts);

const ends = (changes: Partial<Ending> = {}): Partial<Picture> => ({
  ending: { cause: "removed", graceSeconds: 30, sinceMonoMs: NOW.monoMs - 1000, ...changes },
});
const stopped = [{ ...readySandbox, state: "notReady" as const }];
const api = { origin: { kind: "api" as const } };
const sidecar = { role: "sidecar" as const };
const slow = { startupProbe: { exec: { command: ["x"] } } };

describe("phase (lifecycle.md 5.2)", () => {
  it.each<[string, PictureSketch, string]>([
    ["nothing begun", {}, "Pending"],
    ["an app runs", { containers: [instanceOf("a")] }, "Running"],
    [
      "1: an init container failed for good",
      { restartPolicy: "Never", init: { i: {} }, containers: [exitOf("i", 1)] },
      "Failed",
    ],
    ["an init container failed, to be restarted", { init: { i: {} }, containers: [exitOf("i", 1)] }, "Pending"],
    ["2: an init container runs", { init: { i: {} }, containers: [instanceOf("i")] }, "Pending"],
    ["2: init done, the app waits", { init: { i: {} }, containers: [exitOf("i", 0)] }, "Pending"],
    [
      "2: a sidecar has not started, no app yet",
      { init: { s: { ...sidecar, ...slow } }, containers: [instanceOf("s")] },
      "Pending",
    ],
    [
      "2: a sidecar starts again beside apps",
      { init: { s: { ...sidecar, ...slow } }, containers: [instanceOf("s", { attempt: 1 }), instanceOf("a")] },
      "Running",
    ],
    [
      "2: apps of an older sandbox do not count",
      {
        init: { s: { ...sidecar, ...slow } },
        containers: [instanceOf("s"), exitOf("a", 0, { sandboxId: "old" })],
      },
      "Pending",
    ],
    ["3: one runs, the other waits", { apps: { a: {}, b: {} }, containers: [instanceOf("a")] }, "Pending"],
    [
      "4: one runs, the other has ended",
      { apps: { a: {}, b: {} }, containers: [instanceOf("a"), exitOf("b", 1)] },
      "Running",
    ],
    [
      "4: a running sidecar is enough",
      { init: { s: sidecar }, restartPolicy: "Never", containers: [instanceOf("s"), exitOf("a", 0)] },
      "Running",
    ],
    ["5b: ended, to be restarted", { containers: [exitOf("a", 1)] }, "Running"],
    ["5b: exit 0 under Always too", { containers: [exitOf("a", 0)] }, "Running"],
    ["5c: all succeeded", { restartPolicy: "OnFailure", containers: [exitOf("a", 0)] }, "Succeeded"],
    [
      "5d: one failed for good",
      { apps: { a: {}, b: {} }, restartPolicy: "Never", containers: [exitOf("a", 0), exitOf("b", 2)] },
      "Failed",
    ],
    [
      "P2: the exit code of a sidecar does not count",
      { init: { s: sidecar }, restartPolicy: "Never", containers: [exitOf("s", 137), exitOf("a", 0)] },
      "Succeeded",
    ],
    [
      "S20: a rule makes it restartable",
      {
        apps: {
          a: {
            restartPolicy: "Never",
            restartRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
          },
        },
        containers: [exitOf("a", 42)],
      },
      "Running",
    ],
    [
      "P3: final only when nothing can run any more",
      { init: { i: {}, s: sidecar }, restartPolicy: "Never", containers: [exitOf("i", 1), instanceOf("s")] },
      "Pending",
    ],
    [
      "P3: the phase that was shown stands until then",
      {
        init: { i: {}, s: sidecar },
        restartPolicy: "Never",
        containers: [exitOf("i", 1), instanceOf("s")],
        memory: { phase: "Running" },
      },
      "Running",
    ],
    [
      "P4: a static pod that was stopped is not forced",
      { containers: [exitOf("a", 143)], sandboxes: stopped, picture: ends() },
      "Running",
    ],
    [
      "T18: but its own end counts",
      { restartPolicy: "Never", containers: [exitOf("a", 0)], sandboxes: stopped, picture: ends() },
      "Succeeded",
    ],
    [
      "5a: an API pod that was stopped",
      { pod: api, containers: [exitOf("a", 143)], sandboxes: stopped, picture: ends() },
      "Failed",
    ],
    ["5a: and succeeded", { pod: api, containers: [exitOf("a", 0)], sandboxes: stopped, picture: ends() }, "Succeeded"],
    ["C10: an API pod that never began", { pod: api, sandboxes: [], picture: ends() }, "Failed"],
    ["5a: not while its sandbox stands", { pod: api, containers: [exitOf("a", 0)], picture: ends() }, "Running"],
  ])("%s", (_, sketch, phase) => {
    expect(at(sketch).phase).toBe(phase);
  });

  it("P1: a final phase is never left, and keeps its words", () => {
    const terminal = { phase: "Failed" as const, reason: "DeadlineExceeded", message: "m", bootId: "boot-0" };
    const { phase, reason, message } = at({ containers: [exitOf("a", 0)], memory: { terminal } });
    expect({ phase, reason, message }).toEqual({ phase: "Failed", reason: "DeadlineExceeded", message: "m" });
  });

  it("P3: a final phase that was decided waits for what runs", () => {
    const terminal = { phase: "Failed" as const, reason: "DeadlineExceeded", bootId: "boot-1" };
    const sketch = { init: { s: sidecar }, memory: { terminal } };
    const before = at({ ...sketch, containers: [instanceOf("s"), exitOf("a", 1)] });
    expect([before.phase, before.reason]).toEqual(["Running", undefined]);
    expect(at({ ...sketch, containers: [exitOf("s", 0), exitOf("a", 1)] }).reason).toBe("DeadlineExceeded");
  });

  it("P2, P3: what ended the pod gives the words once everything has ended", () => {
    const result = { phase: "Failed" as const, reason: "DeadlineExceeded", message: "too long" };
    const picture = ends({ cause: "deadline", result });
    const before = at({ containers: [instanceOf("a")], picture });
    expect([before.phase, before.reason]).toEqual(["Running", undefined]);
    const after = at({ containers: [exitOf("a", 0)], restartPolicy: "Never", sandboxes: stopped, picture });
    expect(after).toMatchObject(result);
  });

  it("A1: a refused pod is Failed, without containers", () => {
    const around = { admission: { kind: "refused" as const, reason: "NodePorts", message: "no free ports" } };
    const picture = pictureOf({ around });
    const status = podStatus(picture, [], facts);
    expect(status).toMatchObject({ phase: "Failed", reason: "NodePorts", message: "Pod was rejected: no free ports" });
    expect(status.containerStatuses).toBeUndefined();
    expect(noteStatus(picture, status).terminal).toBeUndefined();
  });
});

describe("conditions (lifecycle.md 5.3)", () => {
  const table = (status: v1.PodStatus): Record<string, string> =>
    Object.fromEntries(
      (status.conditions ?? []).map(({ type, status, reason }) => [type, [status, reason].join(" ").trim()]),
    );
  const probed = { readinessProbe: { exec: { command: ["x"] } } };

  it("stand in their order, without reasons when true", () => {
    const { conditions = [] } = at({ containers: [instanceOf("a")] });
    expect(conditions.map(({ type }) => type)).toEqual([
      "PodReadyToStartContainers",
      "Initialized",
      "Ready",
      "ContainersReady",
      "PodScheduled",
    ]);
    expect(new Set(conditions.map(({ status }) => status))).toEqual(new Set(["True"]));
  });

  it("a pod that initializes", () => {
    const status = at({ init: { i: {}, s: sidecar }, containers: [instanceOf("i")] });
    expect(table(status)).toEqual({
      PodReadyToStartContainers: "True",
      Initialized: "False ContainersNotInitialized",
      Ready: "False ContainersNotReady",
      ContainersReady: "False ContainersNotReady",
      PodScheduled: "True",
    });
    const message = (type: string) => status.conditions?.find((condition) => condition.type === type)?.message;
    expect(message("Initialized")).toBe("containers with incomplete status: [i s]");
    expect(message("Ready")).toBe("containers with unready status: [s a]");
  });

  it.each<[string, PictureSketch]>([
    ["an app runs", { containers: [instanceOf("a")] }],
    ["an app has ended", { containers: [exitOf("a", 1)] }],
    ["it was true before", { memory: { initialized: true } }],
    [
      "init containers are done and sidecars started",
      { init: { i: {}, s: sidecar }, containers: [exitOf("i", 0), instanceOf("s")] },
    ],
  ])("Initialized is true when %s", (_, sketch) => {
    expect(table(at({ init: { i: {} }, ...sketch }))).toMatchObject({ Initialized: "True" });
  });

  it.each<[string, PictureSketch, object]>([
    [
      "Succeeded",
      { init: { i: {} }, restartPolicy: "Never", containers: [exitOf("i", 0), exitOf("a", 0)] },
      { Initialized: "True PodCompleted", Ready: "False PodCompleted", ContainersReady: "False PodCompleted" },
    ],
    [
      "Failed",
      { restartPolicy: "Never", containers: [exitOf("a", 1)] },
      { Initialized: "True", Ready: "False PodFailed", ContainersReady: "False PodFailed" },
    ],
    [
      "an unready app",
      { apps: { a: probed }, containers: [instanceOf("a")] },
      { ContainersReady: "False ContainersNotReady" },
    ],
    [
      "an unready sidecar",
      { init: { s: { ...sidecar, ...probed } }, containers: [instanceOf("s"), instanceOf("a")] },
      { Ready: "False ContainersNotReady" },
    ],
  ])("%s", (_, sketch, expected) => {
    expect(table(at(sketch))).toMatchObject(expected);
  });

  it.each<[string, Partial<PictureSketch>, string]>([
    ["no sandbox", { sandboxes: [] }, "False"],
    ["not ready", { sandboxes: stopped }, "False"],
    ["two ready ones", { sandboxes: [{ ...readySandbox, id: "s1", attempt: 1 }, readySandbox] }, "False"],
    ["another network", { sandboxes: [{ ...readySandbox, hostNetwork: true }] }, "False"],
    ["no address", { sandboxes: [{ ...readySandbox, ips: [] }] }, "False"],
    [
      "the host's network",
      { spec: { hostNetwork: true }, sandboxes: [{ ...readySandbox, hostNetwork: true, ips: [] }] },
      "True",
    ],
    ["ready", {}, "True"],
  ])("PodReadyToStartContainers: %s", (_, sketch, expected) => {
    expect(table(at(sketch)).PodReadyToStartContainers).toBe(expected);
  });

  it("Ready waits for readiness gates, whose conditions belong to others", () => {
    const spec = { readinessGates: [{ conditionType: "x/a" }, { conditionType: "x/b" }] };
    const foreign = { type: "x/a", status: "False", lastTransitionTime: "2020-01-01T00:00:00Z" };
    const status = at({ spec, containers: [instanceOf("a")], memory: { conditions: [foreign] } });
    expect(status.conditions?.[0]).toEqual(foreign);
    expect(status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason: "ReadinessGatesNotReady",
      message:
        'the status of pod readiness gate "x/a" is not "True", but False, corresponding condition of pod readiness gate "x/b" does not exist.',
    });
    expect(table(status).ContainersReady).toBe("True");
  });

  it("transition times move only with the status", () => {
    const conditions = [
      { type: "Ready", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z" },
      { type: "Initialized", status: "False", lastTransitionTime: "2020-01-01T00:00:00Z" },
    ];
    const status = at({ containers: [instanceOf("a")], memory: { conditions } });
    const moved = (type: string) => status.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(moved("Ready")).toBe("2020-01-01T00:00:00Z");
    expect(moved("Initialized")).toBe("2026-01-02T03:04:05Z");
  });

  it("DisruptionTarget comes only with the final phase of an eviction, preemption or shutdown", () => {
    const result = { phase: "Failed" as const, reason: "Evicted", message: "low on memory" };
    const picture = ends({ cause: "evicted", result });
    expect(table(at({ containers: [instanceOf("a")], picture }))).not.toHaveProperty("DisruptionTarget");
    const after = at({ containers: [exitOf("a", 137)], sandboxes: stopped, picture });
    expect(after.conditions?.[0]).toMatchObject({
      type: "DisruptionTarget",
      status: "True",
      reason: "TerminationByKubelet",
      message: "low on memory",
    });
    const deadline = at({ sandboxes: [], picture: ends({ cause: "deadline", result }) });
    expect(table(deadline)).not.toHaveProperty("DisruptionTarget");
  });

  it("AllContainersRestarting stands only where a rule asks for it (S24)", () => {
    const restartRules = [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [9] } }];
    const apps = { a: { restartRules } };
    expect(table(at({ apps })).AllContainersRestarting).toBe("False");
    const status = at({ apps }, [holdOn("a", "RestartingAllContainers")]);
    expect(table(status).AllContainersRestarting).toBe("True RestartAllContainersStarted");
    expect(table(at({}))).not.toHaveProperty("AllContainersRestarting");
  });
});

describe("the rest of the status", () => {
  it("has addresses, class and start time", () => {
    const sandboxes = [{ ...readySandbox, ips: ["fd00::7", "10.1.0.7", "10.1.0.8"] }];
    expect(at({ sandboxes })).toMatchObject({
      hostIP: "192.0.2.1",
      hostIPs: [{ ip: "192.0.2.1" }],
      podIP: "10.1.0.7",
      podIPs: [{ ip: "10.1.0.7" }, { ip: "fd00::7" }],
      qosClass: "BestEffort",
      startTime: "2026-01-02T03:03:04Z",
    });
  });

  it("has the host's addresses on the host's network", () => {
    const sandboxes = [{ ...readySandbox, ips: [], hostNetwork: true }];
    expect(at({ spec: { hostNetwork: true }, sandboxes })).toMatchObject({ podIP: "192.0.2.1" });
  });

  it("keeps the address of a stopped sandbox while the pod ends, not while it is replaced", () => {
    expect(at({ sandboxes: stopped, picture: ends() }).podIP).toBe("10.1.0.7");
    expect(at({ sandboxes: stopped }).podIP).toBeUndefined();
  });

  it("T14: a pod that waits for its name has not started", () => {
    const { startedWallMs: _, ...memory } = pictureOf({}).memory;
    const waiting = pictureOf({ around: { turn: false }, picture: { memory } });
    expect(podStatus(waiting, [], facts).startTime).toBeUndefined();
    expect(noteStatus(waiting, {}).startedWallMs).toBeUndefined();
    const begun = pictureOf({ picture: { memory } });
    expect(podStatus(begun, [], facts).startTime).toBe("2026-01-02T03:04:05Z");
    expect(noteStatus(begun, {}).startedWallMs).toBe(NOW.wallMs);
  });
});

describe("C10: statuses of a pod that has ended", () => {
  const final = (sketch: PictureSketch): Record<string, v1.ContainerState | undefined> => {
    const status = at({ sandboxes: stopped, picture: ends(), ...sketch });
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    return Object.fromEntries(all.map(({ name, state }) => [name, state]));
  };
  const lost = { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } };

  it("apps that never began count as lost once the pod had initialized", () => {
    expect(final({ apps: { a: {}, b: {} }, containers: [exitOf("a", 0)] })).toMatchObject({
      a: { terminated: { exitCode: 0 } },
      b: lost,
    });
  });

  it("before, only init containers up to the last that began", () => {
    const init = { i: {}, j: {}, k: {} };
    const shown = shownAs("i", { state: { waiting: {} } });
    expect(final({ init, containers: [exitOf("j", 1)], memory: { shown } })).toMatchObject({
      i: lost,
      j: { terminated: { exitCode: 1 } },
      k: { waiting: { reason: "PodInitializing" } },
      a: { waiting: { reason: "PodInitializing" } },
    });
  });
});

describe("what later statuses remember", () => {
  it("a running instance's flags, its status, the conditions and the phase", () => {
    const picture = pictureOf({
      containers: [instanceOf("a")],
      memory: { instances: { "a-0": { postStart: "done" } } },
    });
    const status = podStatus(picture, [], facts);
    const memory = noteStatus(picture, status);
    expect(memory.instances).toEqual({ "a-0": { postStart: "done", started: true, ready: true } });
    expect(memory.shown.a).toEqual(status.containerStatuses?.[0]);
    expect(memory.conditions).toEqual(status.conditions);
    expect([memory.initialized, memory.phase, memory.terminal]).toEqual([true, "Running", undefined]);
  });

  it("the same memory gives the same objects again", () => {
    const picture = pictureOf({ containers: [instanceOf("a")] });
    const first = noteStatus(picture, podStatus(picture, [], facts));
    const later = { ...picture, memory: first, now: { wallMs: NOW.wallMs + 5000, monoMs: NOW.monoMs + 5000 } };
    const second = noteStatus(later, podStatus(later, [], facts));
    expect(second).toEqual(first);
    expect([second.instances, second.conditions, second.shown]).toEqual([
      first.instances,
      first.conditions,
      first.shown,
    ]);
    expect(second.conditions).toBe(first.conditions);
    expect(second.shown).toBe(first.shown);
    expect(second.instances).toBe(first.instances);
  });

  it("instances that are gone are forgotten, but not before the pod was listed", () => {
    const memory = { instances: { old: { started: true } } };
    expect(noteStatus(pictureOf({ memory }), {}).instances).toEqual({});
    const observed = { sandboxes: [], containers: [], listed: false };
    expect(noteStatus(pictureOf({ memory, picture: { observed } }), {}).instances).toEqual(memory.instances);
  });

  it("a final phase with its words and the boot in which it was reached", () => {
    const picture = pictureOf({ restartPolicy: "Never", containers: [exitOf("a", 1)] });
    const memory = noteStatus(picture, podStatus(picture, [], facts));
    expect(memory.terminal).toEqual({ phase: "Failed", bootId: "boot-1" });
  });
});
