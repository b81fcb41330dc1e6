import { describe, expect, it } from "vitest";
import { containerStatuses } from "../../src/decide/container-status.ts";
import type { Hold } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { exitOf, holdOn, instanceOf, NOW, type PictureSketch, pictureOf, shownAs } from "./status-kit.ts";

function show(sketch: PictureSketch, holds: readonly Hold[] = []): Record<string, v1.ContainerStatus> {
  const { init, apps } = containerStatuses(pictureOf(sketch), holds);
  return Object.fromEntries([...init, ...apps].map((status) => [status.name, status]));
}

const ending: NonNullable<PictureSketch["picture"]> = {
  ending: { cause: "removed", graceSeconds: 30, sinceMonoMs: NOW.monoMs - 1000 },
};
const running = (restartCount = 0): Partial<v1.ContainerStatus> => ({
  restartCount,
  containerID: `containerd://a-${restartCount}`,
  state: { running: { startedAt: "2026-01-02T03:03:06Z" } },
});
const lost = { exitCode: 137, reason: "ContainerStatusUnknown" };

describe("table 5.1: the state of a container", () => {
  it("nothing seen, nothing shown: the default reason of a pod without init containers", () => {
    expect(show({}).a).toMatchObject({
      state: { waiting: { reason: "ContainerCreating" } },
      lastState: {},
      restartCount: 0,
      image: "a:1",
      imageID: "",
      ready: false,
      started: false,
    });
  });

  it("nothing seen: PodInitializing for init and app containers of a pod with init containers", () => {
    const statuses = show({ init: { i: {} } });
    expect(statuses.i?.state).toEqual({ waiting: { reason: "PodInitializing" } });
    expect(statuses.a?.state).toEqual({ waiting: { reason: "PodInitializing" } });
  });

  it("nothing seen, waiting shown: counts and lastState are carried over", () => {
    const lastState = { terminated: { exitCode: 1, reason: "Error" } };
    const shown = shownAs("a", { restartCount: 4, lastState, state: { waiting: { reason: "ContainerCreating" } } });
    expect(show({ memory: { shown } }).a).toMatchObject({ restartCount: 4, lastState });
  });

  it("nothing seen, terminated shown: kept as it was", () => {
    const shown = shownAs("a", { restartCount: 1, state: { terminated: { exitCode: 3, reason: "Error" } } });
    expect(show({ memory: { shown }, restartPolicy: "Never" }).a).toEqual(shown.a);
  });

  it.each([
    ["counts a restart", {}, 3],
    ["but not when the pod ends", { picture: ending }, 2],
  ])("nothing seen, running shown: an unseen exit is lastState, %s", (_, more, restartCount) => {
    const shown = shownAs("a", running(2));
    const status = show({ memory: { shown }, ...more }).a;
    expect(status?.state).toEqual({ waiting: { reason: "ContainerCreating" } });
    expect(status?.lastState?.terminated).toMatchObject(lost);
    expect(status?.lastState?.terminated?.message).toBe(
      "The container could not be located when the pod was deleted.  The container used to be Running",
    );
    expect(status?.restartCount).toBe(restartCount);
  });

  it.each([
    ["nothing shown", {}],
    ["waiting shown", shownAs("i", { state: { waiting: { reason: "PodInitializing" } } })],
  ])("a plain init container without instance beside an app that exists has completed (%s)", (_, shown) => {
    const status = show({ init: { i: {} }, containers: [instanceOf("a")], memory: { shown } }).i;
    expect(status?.state?.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(status?.ready).toBe(true);
  });

  it("created: waiting without a reason", () => {
    expect(show({ containers: [instanceOf("a", { state: "created" })] }).a?.state).toEqual({ waiting: {} });
  });

  it("created, its start under way: as it was shown before", () => {
    const action = { kind: "start-container", subject: "container/a", id: "a-0", name: "a" } as const;
    const inFlight = new Map([[action.subject, { action, sinceMonoMs: 0, begun: true, withdrawn: false }]]);
    const status = show({ containers: [instanceOf("a", { state: "created" })], picture: { inFlight } }).a;
    expect(status?.state).toEqual({ waiting: { reason: "ContainerCreating" } });
  });

  it("running", () => {
    expect(show({ containers: [instanceOf("a", { attempt: 2 })] }).a).toMatchObject({
      state: { running: { startedAt: "2026-01-02T03:03:08Z" } },
      lastState: {},
      containerID: "containerd://a-2",
      image: "a:1",
      imageID: "sha256:a",
      restartCount: 2,
      ready: true,
      started: true,
    });
  });

  it("exited, not to be restarted", () => {
    expect(show({ restartPolicy: "Never", containers: [exitOf("a", 3)] }).a).toMatchObject({
      state: {
        terminated: {
          exitCode: 3,
          reason: "Error",
          startedAt: "2026-01-02T03:03:06Z",
          finishedAt: "2026-01-02T03:04:00Z",
          containerID: "containerd://a-0",
        },
      },
      ready: false,
      started: false,
    });
  });

  it.each(["livenessFailed", "resize", "restartRequested"] as const)(
    "ended by the agent (%s) to start another, where the policy would start none: its successor is on its way",
    (cause) => {
      const memory = { instances: { "a-0": { stop: { cause, by: 0 } } } };
      const status = show({ restartPolicy: "OnFailure", containers: [exitOf("a", 0)], memory }).a;
      expect(status).toMatchObject({
        state: { waiting: { reason: "ContainerCreating" } },
        lastState: { terminated: { exitCode: 0, containerID: "containerd://a-0" } },
        ready: false,
        started: false,
      });
      const plain = show({ restartPolicy: "Always", containers: [exitOf("a", 0)], memory }).a;
      expect(plain?.state?.terminated).toMatchObject({ exitCode: 0 });
    },
  );

  it("exited with a code that is still to be read: as it was shown before", () => {
    const shown = shownAs("a", running());
    const { exitCode: _, ...unread } = exitOf("a", 0, { detailed: false });
    expect(show({ containers: [unread], memory: { shown } }).a).toEqual(shown.a);
  });

  it("unknown, running shown: an unseen exit and one restart more, told again the same", () => {
    const containers = [instanceOf("a", { state: "unknown", attempt: 1 })];
    const first = show({ containers, memory: { shown: shownAs("a", running(1)) } }).a;
    expect(first?.state?.terminated).toMatchObject(lost);
    expect(first?.restartCount).toBe(2);
    if (first === undefined) throw new Error("no status");
    expect(show({ containers, memory: { shown: { a: first } } }).a).toEqual(first);
  });

  it("unknown, never seen running: waiting without a reason", () => {
    expect(show({ containers: [instanceOf("a", { state: "unknown" })] }).a?.state).toEqual({ waiting: {} });
  });
});

describe("rules C1 to C8", () => {
  it("C1: lastState is the instance before the newest", () => {
    const status = show({ containers: [instanceOf("a", { attempt: 1 }), exitOf("a", 7)] }).a;
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 7, containerID: "containerd://a-0" });
  });

  it("C2: a hold on its start makes it waiting, its exit lastState", () => {
    const message = "back-off 10s restarting failed container=a pod=web-node_default(u1)";
    const status = show({ containers: [exitOf("a", 1)] }, [holdOn("a", "CrashLoopBackOff", message)]).a;
    expect(status?.state).toEqual({ waiting: { reason: "CrashLoopBackOff", message } });
    expect(status?.lastState?.terminated?.exitCode).toBe(1);
  });

  it.each([
    ["Never", "Never" as const, 1],
    ["OnFailure after exit 0", "OnFailure" as const, 0],
  ])("C2: no hold hides the exit of what is not restarted (%s)", (_, restartPolicy, code) => {
    const status = show({ restartPolicy, containers: [exitOf("a", code)] }, [holdOn("a", "CrashLoopBackOff")]).a;
    expect(status?.state?.terminated?.exitCode).toBe(code);
  });

  it("C2: nor that of a plain init container that succeeded", () => {
    const status = show({ init: { i: {} }, containers: [exitOf("i", 0)] }, [holdOn("i", "ImagePullBackOff")]).i;
    expect(status?.state?.terminated?.exitCode).toBe(0);
    expect(status?.ready).toBe(true);
  });

  it("C2: nothing is waited for in a pod that ends", () => {
    const status = show({ containers: [exitOf("a", 1)], picture: ending }, [holdOn("a", "CrashLoopBackOff")]).a;
    expect(status?.state?.terminated?.exitCode).toBe(1);
  });

  it("4.3: a hold on its image counts, one that says only that it has not begun does not", () => {
    const image: Hold = {
      subject: "image/docker.io/library/a:1",
      reason: "ImagePullBackOff",
      message: "m",
      needs: "image",
    };
    expect(show({}, [image]).a?.state?.waiting).toEqual({ reason: "ImagePullBackOff", message: "m" });
    const error = { reason: "RunContainerError", message: "no such file" };
    const starts = { a: { error } };
    const status = show({ containers: [exitOf("a", 128)], memory: { starts } }, [holdOn("a", "PodInitializing")]).a;
    expect(status?.state?.waiting).toEqual(error);
  });

  it("B13: the reason stands while the next start is under way, and goes with it", () => {
    const waiting = { reason: "CrashLoopBackOff", message: "m" };
    const lastState = { terminated: { exitCode: 1, containerID: "containerd://a-0" } };
    const shown = shownAs("a", { state: { waiting }, lastState });
    expect(show({ containers: [exitOf("a", 1)], memory: { shown } }).a?.state).toEqual({ waiting });
    const next = [instanceOf("a", { attempt: 1 }), exitOf("a", 1)];
    expect(show({ containers: next, memory: { shown } }).a?.state?.running).toBeDefined();
    const again = [exitOf("a", 2, { attempt: 1 }), exitOf("a", 1)];
    expect(show({ containers: again, memory: { shown } }).a?.state?.terminated?.exitCode).toBe(2);
  });

  it("H1: while postStart runs the container is shown as before, then running", () => {
    const apps = { a: { lifecycle: { postStart: { sleep: { seconds: 5 } } } } };
    const containers = [instanceOf("a")];
    const during = show({ apps, containers, memory: { instances: { "a-0": { postStart: "running" } } } }).a;
    expect(during).toMatchObject({ state: { waiting: { reason: "ContainerCreating" } }, ready: false, started: false });
    expect(during?.containerID).toBeUndefined();
    const after = show({ apps, containers, memory: { instances: { "a-0": { postStart: "done" } } } }).a;
    expect(after).toMatchObject({ state: { running: {} }, ready: true });
    const due = { instances: { "a-0": { postStart: "due" as const } } };
    expect(show({ apps, containers, memory: due }).a?.state?.running).toBeUndefined();
    const leaving = show({ apps, containers, memory: due, picture: ending }).a;
    expect(leaving?.state?.running).toBeDefined();
  });

  it("H1: a restart with postStart keeps the exit before it", () => {
    const apps = { a: { lifecycle: { postStart: { sleep: { seconds: 5 } } } } };
    const containers = [instanceOf("a", { attempt: 1 }), exitOf("a", 4)];
    const status = show({ apps, containers, memory: { instances: { "a-1": { postStart: "running" } } } }).a;
    expect(status).toMatchObject({ state: { terminated: { exitCode: 4 } }, restartCount: 0 });
  });

  it.each([
    ["both", { message: "oci error", terminationMessage: "bye" }, "oci error: bye"],
    ["the runtime's only", { message: "oci error", terminationMessage: "" }, "oci error"],
    ["the container's only", { terminationMessage: "bye" }, "bye"],
    ["none", {}, undefined],
  ])("C4: message, %s", (_, changes, message) => {
    const status = show({ restartPolicy: "Never", containers: [exitOf("a", 1, changes)] }).a;
    expect(status?.state?.terminated?.message).toBe(message);
  });

  it("C4: 12288 bytes are shared evenly, and no character is cut in two", () => {
    const apps = { a: {}, b: {}, c: {} };
    const containers = [exitOf("a", 1, { terminationMessage: "é".repeat(4096) })];
    const message = show({ apps, restartPolicy: "Never", containers }).a?.state?.terminated?.message ?? "";
    expect(message).toBe("é".repeat(2048));
    const odd = [exitOf("a", 1, { terminationMessage: `x${"é".repeat(4096)}` })];
    expect(show({ apps, restartPolicy: "Never", containers: odd }).a?.state?.terminated?.message).toBe(
      `x${"é".repeat(2047)}`,
    );
  });

  it("C5: the restart count never goes back", () => {
    const shown = shownAs("a", running(5));
    expect(show({ containers: [instanceOf("a", { attempt: 3 })], memory: { shown } }).a?.restartCount).toBe(5);
  });

  it("C6: apps are sorted by name, init containers are not", () => {
    const picture = pictureOf({ init: { z: {}, y: {} }, apps: { c: {}, B: {}, a: {} } });
    const { init, apps } = containerStatuses(picture, []);
    expect(init.map(({ name }) => name)).toEqual(["z", "y"]);
    expect(apps.map(({ name }) => name)).toEqual(["B", "a", "c"]);
  });

  const startup = { a: { startupProbe: { exec: { command: ["x"] } }, readinessProbe: { exec: { command: ["x"] } } } };
  const probed = { a: { readinessProbe: { exec: { command: ["x"] } } } };
  const verdict = (verdicts: object): NonNullable<PictureSketch["picture"]> => ({
    verdicts: new Map([["a-0", verdicts]]),
  });

  it.each<[string, PictureSketch, boolean, boolean]>([
    ["no probes", {}, true, true],
    ["startup not spoken", { apps: startup }, false, false],
    ["startup failed", { apps: startup, picture: verdict({ startup: "failed" }) }, false, false],
    ["startup passed, readiness not spoken", { apps: startup, picture: verdict({ startup: "passed" }) }, true, false],
    ["both passed", { apps: startup, picture: verdict({ startup: "passed", readiness: "passed" }) }, true, true],
    ["readiness failed", { apps: probed, picture: verdict({ readiness: "failed" }) }, true, false],
    ["readiness passed before startup", { apps: startup, picture: verdict({ readiness: "passed" }) }, false, false],
    [
      "D8: not spoken since the agent began, known from before",
      { apps: startup, memory: { instances: { "a-0": { started: true, ready: true } } } },
      true,
      true,
    ],
    [
      "D8: what is said now counts more",
      { apps: probed, memory: { instances: { "a-0": { ready: true } } }, picture: verdict({ readiness: "failed" }) },
      true,
      false,
    ],
  ])("C7, C8: %s", (_, sketch, started, ready) => {
    expect(show({ containers: [instanceOf("a")], ...sketch }).a).toMatchObject({ started, ready });
  });

  it("C8: a plain init container is ready exactly when it succeeded", () => {
    const ready = (containers: PictureSketch["containers"]): boolean | undefined =>
      show({ init: { i: {} }, containers: containers ?? [] }).i?.ready;
    expect(ready([instanceOf("i")])).toBe(false);
    expect(ready([exitOf("i", 1)])).toBe(false);
    expect(ready([exitOf("i", 0)])).toBe(true);
  });

  it("C9: what is not restarted stays terminated when its instance is gone", () => {
    const shown = shownAs("a", { state: { terminated: { exitCode: 0, reason: "Completed" } } });
    const status = show({ restartPolicy: "OnFailure", memory: { shown } }, [holdOn("a", "ImagePullBackOff")]).a;
    expect(status?.state).toEqual({ terminated: { exitCode: 0, reason: "Completed" } });
  });

  it("tells the user that the runtime reports", () => {
    const user = { uid: 0, gid: 0, supplementalGroups: [0, 10] };
    expect(show({ containers: [instanceOf("a", { user })] }).a?.user).toEqual({ linux: user });
  });
});
