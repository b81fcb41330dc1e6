import { describe, expect, it } from "vitest";
import { podColumns } from "../../src/decide/columns.ts";
import { fullPod } from "../../src/decide/full-pod.ts";
import { podStatus } from "../../src/decide/status.ts";
import type { Hold } from "../../src/pod/plan.ts";
import { formatTime } from "../../src/pod/time.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { exitOf, facts, holdOn, instanceOf, NOW, type PictureSketch, pictureOf, readySandbox } from "./status-kit.ts";

/** The line of a pod whose status follows from a picture: the two tables hold together. */
function line(sketch: PictureSketch, holds: readonly Hold[] = []): string {
  const picture = pictureOf(sketch);
  const pod = fullPod({
    pod: picture.desired,
    status: podStatus(picture, holds, facts),
    ...(picture.ending ? { ending: picture.ending, endingSinceWallMs: NOW.wallMs } : {}),
  });
  const { ready, status, restarts } = podColumns(pod, NOW.wallMs);
  return `${ready} ${status} ${restarts}`;
}

const two = { init: { i: {}, j: {} } };
const sidecar = { role: "sidecar" as const, restartPolicy: "Always" as const };
const slow = { startupProbe: { exec: { command: ["x"] } } };
const probed = { readinessProbe: { exec: { command: ["x"] } } };
const done = [exitOf("i", 0), exitOf("j", 0)];

describe("the words of table 5.4", () => {
  it.each<[string, PictureSketch, Hold[], string]>([
    ["sandbox not yet up", { sandboxes: [] }, [], "0/1 ContainerCreating 0"],
    ["sandbox not yet up, init containers", { ...two, sandboxes: [] }, [], "0/1 Init:0/2 0"],
    ["the second init container runs", { ...two, containers: [exitOf("i", 0), instanceOf("j")] }, [], "0/1 Init:1/2 0"],
    ["the second init container waits", { ...two, containers: [exitOf("i", 0)] }, [], "0/1 Init:1/2 0"],
    [
      "a sidecar's startup probe is pending",
      { init: { s: { ...sidecar, ...slow } }, containers: [instanceOf("s")] },
      [],
      "0/2 Init:0/1 0",
    ],
    [
      "a sidecar has started, an init container runs",
      { init: { s: sidecar, i: {} }, containers: [instanceOf("s"), instanceOf("i")] },
      [],
      "1/2 Init:1/2 0",
    ],
    ["init failed, awaiting its restart", { ...two, containers: [exitOf("i", 1)] }, [], "0/1 Init:Error 0"],
    [
      "init out of memory",
      { ...two, containers: [exitOf("i", 137, { reason: "OOMKilled" })] },
      [],
      "0/1 Init:OOMKilled 0",
    ],
    [
      "init failed without a reason",
      { ...two, containers: [exitOf("i", 3, { reason: "" })] },
      [],
      "0/1 Init:ExitCode:3 0",
    ],
    [
      "init in back-off",
      { ...two, containers: [exitOf("i", 1, { attempt: 2 })] },
      [holdOn("i", "CrashLoopBackOff")],
      "0/1 Init:CrashLoopBackOff 2 (5s ago)",
    ],
    ["init image trouble", two, [holdOn("i", "ErrImagePull")], "0/1 Init:ErrImagePull 0"],
    ["init image back-off", two, [holdOn("i", "ImagePullBackOff")], "0/1 Init:ImagePullBackOff 0"],
    ["init done, app not created yet", { ...two, containers: done }, [], "0/1 PodInitializing 0"],
    ["running", { containers: [instanceOf("a")] }, [], "1/1 Running 0"],
    ["running, not ready", { apps: { a: probed }, containers: [instanceOf("a")] }, [], "0/1 Running 0"],
    [
      "running with a sidecar",
      { init: { s: sidecar }, containers: [instanceOf("s"), instanceOf("a")] },
      [],
      "2/2 Running 0",
    ],
    ["exited 0, to be restarted", { containers: [exitOf("a", 0)] }, [], "0/1 Completed 0"],
    ["exited 1, to be restarted", { containers: [exitOf("a", 1)] }, [], "0/1 Error 0"],
    ["out of memory", { containers: [exitOf("a", 137, { reason: "OOMKilled" })] }, [], "0/1 OOMKilled 0"],
    ["exited without a reason", { containers: [exitOf("a", 4, { reason: "" })] }, [], "0/1 ExitCode:4 0"],
    [
      "in back-off",
      { containers: [exitOf("a", 1, { attempt: 3 })] },
      [holdOn("a", "CrashLoopBackOff")],
      "0/1 CrashLoopBackOff 3 (5s ago)",
    ],
    ["all done", { restartPolicy: "Never", containers: [exitOf("a", 0)] }, [], "0/1 Completed 0"],
    ["all done, some failed", { restartPolicy: "Never", containers: [exitOf("a", 1)] }, [], "0/1 Error 0"],
    [
      "one completed, another ready",
      { apps: { a: {}, b: {} }, restartPolicy: "Never", containers: [exitOf("a", 0), instanceOf("b")] },
      [],
      "1/2 NotReady 0",
    ],
    [
      "one completed, another not ready",
      { apps: { a: {}, b: probed }, restartPolicy: "Never", containers: [exitOf("a", 0), instanceOf("b")] },
      [],
      "0/2 Completed 0",
    ],
    [
      "one completed, another failed: the first by name",
      { apps: { a: {}, b: {} }, restartPolicy: "Never", containers: [exitOf("a", 2), exitOf("b", 0)] },
      [],
      "0/2 Error 0",
    ],
    ["create error", {}, [holdOn("a", "CreateContainerConfigError")], "0/1 CreateContainerConfigError 0"],
    ["image name", {}, [holdOn("a", "InvalidImageName")], "0/1 InvalidImageName 0"],
    [
      "one image cannot be pulled",
      { apps: { a: {}, b: {} }, containers: [instanceOf("a")] },
      [holdOn("b", "ImagePullBackOff")],
      "1/2 ImagePullBackOff 0",
    ],
    ["refused", { around: { admission: { kind: "refused", reason: "OutOfcpu", message: "m" } } }, [], "0/1 OutOfcpu 0"],
    [
      "ends",
      { containers: [instanceOf("a")], picture: { ending: { cause: "removed", graceSeconds: 30, sinceMonoMs: 0 } } },
      [],
      "1/1 Terminating 0",
    ],
    [
      "past its deadline, before anything began",
      {
        sandboxes: [],
        picture: {
          ending: {
            cause: "deadline",
            graceSeconds: 30,
            sinceMonoMs: 0,
            result: { phase: "Failed", reason: "DeadlineExceeded" },
          },
        },
      },
      [],
      "0/1 ContainerStatusUnknown 0",
    ],
    [
      "sidecar restarts count once initialized",
      {
        init: { s: sidecar, i: {} },
        containers: [
          instanceOf("s", { attempt: 2 }),
          exitOf("s", 1, { attempt: 1 }),
          exitOf("i", 0, { attempt: 4 }),
          instanceOf("a", { attempt: 1 }),
        ],
      },
      [],
      "2/2 Running 3 (5s ago)",
    ],
    [
      "init restarts count while initializing",
      { init: { s: sidecar, i: {} }, containers: [instanceOf("s", { attempt: 2 }), instanceOf("i", { attempt: 4 })] },
      [],
      "1/2 Init:1/2 6",
    ],
  ])("%s", (_, sketch, holds, expected) => {
    expect(line(sketch, holds)).toBe(expected);
  });
});

const bare = (status: v1.PodStatus, metadata: v1.ObjectMeta = {}, spec: Partial<v1.PodSpec> = {}): v1.Pod => ({
  metadata: { name: "p", ...metadata },
  spec: { containers: [{ name: "a" }], ...spec },
  status,
});

describe("the other columns", () => {
  const container = (name: string, state: v1.ContainerState, lastState?: v1.ContainerState): v1.ContainerStatus => ({
    name,
    image: "",
    imageID: "",
    ready: false,
    restartCount: 1,
    state,
    ...(lastState ? { lastState } : {}),
  });

  it("a first completed container, another failed and none running: the failing reason only if it comes first", () => {
    const containerStatuses = [
      container("a", { terminated: { exitCode: 0, reason: "Completed" } }),
      container("b", { terminated: { exitCode: 1, reason: "Error" } }),
    ];
    expect(podColumns(bare({ phase: "Failed", containerStatuses }), 0).status).toBe("Completed");
  });

  it("restarts tell how long ago the last exit was", () => {
    const exit = (finishedAt: string): v1.ContainerState => ({ terminated: { exitCode: 1, finishedAt } });
    const containerStatuses = [
      container("a", { running: {} }, exit(formatTime(NOW.wallMs - 3_600_000 * 5))),
      container("b", { running: {} }, exit(formatTime(NOW.wallMs - 300_000))),
    ];
    expect(podColumns(bare({ containerStatuses }), NOW.wallMs).restarts).toBe("2 (5m ago)");
    expect(podColumns(bare({ containerStatuses: [container("a", {})] }), NOW.wallMs).restarts).toBe("1");
  });

  it("age, address, node, nominated node, gates", () => {
    const pod = bare(
      {
        podIPs: [{ ip: "10.1.0.7" }],
        nominatedNodeName: "other",
        conditions: [
          { type: "x/a", status: "True" },
          { type: "x/b", status: "False" },
        ],
      },
      { creationTimestamp: formatTime(NOW.wallMs - 190_000) },
      { nodeName: "node", readinessGates: [{ conditionType: "x/a" }, { conditionType: "x/b" }] },
    );
    expect(podColumns(pod, NOW.wallMs)).toMatchObject({
      name: "p",
      age: "3m10s",
      ip: "10.1.0.7",
      node: "node",
      nominatedNode: "other",
      readinessGates: "1/2",
    });
    expect(podColumns(bare({}), NOW.wallMs)).toMatchObject({
      age: "<unknown>",
      ip: "<none>",
      node: "<none>",
      nominatedNode: "<none>",
      readinessGates: "<none>",
    });
  });

  it("pods that are being deleted", () => {
    const deletionTimestamp = formatTime(NOW.wallMs);
    expect(podColumns(bare({ phase: "Running" }, { deletionTimestamp }), 0).status).toBe("Terminating");
    expect(podColumns(bare({ phase: "Running", reason: "NodeLost" }, { deletionTimestamp }), 0).status).toBe("Unknown");
    expect(podColumns(bare({ phase: "Failed", reason: "Evicted" }, { deletionTimestamp }), 0).status).toBe("Evicted");
  });
});

describe("the whole pod", () => {
  it("has its identity and where it comes from", () => {
    const { desired } = pictureOf({ pod: { labels: { app: "web" }, annotations: { note: "x" } } });
    const pod = fullPod({ pod: desired, status: { phase: "Pending" } });
    expect(pod).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "web-node",
        namespace: "default",
        uid: "u1",
        labels: { app: "web" },
        annotations: {
          note: "x",
          "kubernetes.io/config.hash": "u1",
          "kubernetes.io/config.seen": "2026-01-02T03:04:05.000000000Z",
          "kubernetes.io/config.source": "file",
        },
        creationTimestamp: "2026-01-02T03:04:05Z",
      },
      spec: desired.spec,
      status: { phase: "Pending" },
    });
  });

  it("has what its API server says of it, a deletion rather than what it has come to here", () => {
    const owner = { apiVersion: "v1", kind: "Job", name: "j", uid: "u" };
    const said = {
      ownerReferences: [owner],
      deletionTimestamp: "2026-01-02T03:04:30Z",
      deletionGracePeriodSeconds: 25,
    };
    const { desired } = pictureOf({ pod: { origin: { kind: "api" }, bound: { gates: [], metadata: said } } });
    const ending = { cause: "deleted", graceSeconds: 30, sinceMonoMs: 0 } as const;
    const pod = fullPod({ pod: desired, status: {}, ending, endingSinceWallMs: NOW.wallMs });
    expect(pod.metadata).toMatchObject({ ...said, name: "web-node", uid: "u1" });
  });

  it("is marked as deleted only by ends that take it away", () => {
    const { desired } = pictureOf({ pod: { origin: { kind: "api" } } });
    const ended = (cause: "removed" | "finished") =>
      fullPod({
        pod: desired,
        status: {},
        ending: { cause, graceSeconds: 30, sinceMonoMs: 0 },
        endingSinceWallMs: NOW.wallMs,
      }).metadata;
    expect(ended("removed")).toMatchObject({
      deletionTimestamp: "2026-01-02T03:04:35Z",
      deletionGracePeriodSeconds: 30,
    });
    expect(ended("finished")).not.toHaveProperty("deletionTimestamp");
    expect(ended("removed")?.annotations).toEqual({
      "kubernetes.io/config.seen": "2026-01-02T03:04:05.000000000Z",
      "kubernetes.io/config.source": "api",
    });
  });

  it("has no address column while its sandbox is replaced", () => {
    const picture = pictureOf({ sandboxes: [{ ...readySandbox, state: "notReady" }] });
    const pod = fullPod({ pod: picture.desired, status: podStatus(picture, [], facts) });
    expect(podColumns(pod, NOW.wallMs).ip).toBe("<none>");
  });
});
