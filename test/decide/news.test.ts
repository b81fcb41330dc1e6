import { describe, expect, it } from "vitest";
import { EVENTS } from "../../src/decide/event-table.ts";
import type { Moment } from "../../src/decide/moment.ts";
import { news } from "../../src/decide/news.ts";
import { type NodeMoment, nodeBeginning, nodeNews } from "../../src/decide/node-news.ts";
import type { Action, Cause, Outcome } from "../../src/pod/action.ts";
import type { Ending } from "../../src/pod/desired.ts";
import type { ResolvConf } from "../../src/pod/node.ts";
import type { Hold } from "../../src/pod/plan.ts";
import { aNode } from "../kit/node.ts";
import { holdOn, instanceOf, NOW, type PictureSketch, pictureOf, readySandbox } from "./status-kit.ts";

/** Events as lines: type, reason, where, message. */
function tell(moment: Moment, sketch: PictureSketch = {}): string[] {
  return news(pictureOf(sketch), moment, NOW).map(({ type, reason, message, object }) => {
    const where = object.kind === "Pod" ? (object.fieldPath ?? "pod") : "node";
    return `${type} ${reason} ${where}: ${message}`;
  });
}

const REF = "docker.io/library/a:1";
const wants: PictureSketch = { memory: { starts: { a: { wantedAt: 0 } } } };
const begun = (action: Action): Moment => ({ kind: "begun", action });
const settled = (action: Action, outcome: Outcome, queuedMs = 0): Moment => ({
  kind: "settled",
  action,
  outcome,
  durationMs: 1500,
  queuedMs,
});
const done = (action: Action): Moment => settled(action, { kind: "done" });
const fails = (action: Action, message: string, more: object = {}): Moment =>
  settled(action, { kind: "failed", failure: { code: "RuntimeRefused", message, effect: "none", ...more } });
const held = (hold: Hold): Moment => ({ kind: "held", hold });

const pull: Action = { kind: "pull-image", subject: `image/${REF}`, ref: REF };
const find: Action = { kind: "find-image", subject: `image/${REF}`, ref: REF };
const runSandbox: Action = { kind: "run-sandbox", subject: "sandbox", attempt: 1 };
const create: Action = {
  kind: "create-container",
  subject: "container/a",
  name: "a",
  sandbox: "s0",
  attempt: 0,
  imageId: "i",
  backOffMs: 0,
};
const start: Action = { kind: "start-container", subject: "container/a", id: "a-0", name: "a" };
const hook = (kind: "postStart" | "preStop", name = "a"): Action => ({
  kind: "run-hook",
  subject: `hook/${name}`,
  hook: kind,
  id: `${name}-0`,
  name,
});
const stop = (cause: Cause, name = "a"): Action => ({
  kind: "stop-container",
  subject: `container/${name}`,
  id: `${name}-0`,
  name,
  graceSeconds: 30,
  cause,
});
const sidecar: PictureSketch = { init: { s: { role: "sidecar" } } };

describe("events of a pod (lifecycle.md 10)", () => {
  it.each<[string, Moment, PictureSketch, string[]]>([
    ["Pulling", begun(pull), wants, ['Normal Pulling spec.containers{a}: Pulling image "a:1"']],
    ["a pull that nothing waits for", begun(pull), {}, []],
    [
      "a start that takes an image which the pod has seen before (E1)",
      begun(create),
      { memory: { starts: { a: { wantedAt: 9 } }, images: { [REF]: { seen: { id: "i" }, seenAt: 8 } } } },
      [
        'Normal Pulled spec.containers{a}: Container image "a:1" already present on machine and can be accessed by the pod',
      ],
    ],
    [
      "a start that was told of its image already",
      begun(create),
      { memory: { starts: { a: { wantedAt: 8 } }, images: { [REF]: { seen: { id: "i" }, seenAt: 8 } } } },
      [],
    ],
    [
      "a pull for an init container",
      begun({ ...pull, ref: "docker.io/library/i:1" }),
      { init: { i: {} }, memory: { starts: { i: { wantedAt: 0 } } } },
      ['Normal Pulling spec.initContainers{i}: Pulling image "i:1"'],
    ],
    [
      "pull secrets that are missing",
      begun(pull),
      {
        ...wants,
        spec: { imagePullSecrets: [{ name: "x" }, { name: "y" }] },
        around: {
          documents: new Map([
            ["Secret/default/x", "missing"],
            ["Secret/default/y", "1"],
          ]),
        },
      },
      [
        "Warning FailedToRetrieveImagePullSecret pod: Unable to retrieve some image pull secrets (x); attempting to pull the image may not succeed.",
        'Normal Pulling spec.containers{a}: Pulling image "a:1"',
      ],
    ],
    [
      "B15: pulled",
      settled(pull, { kind: "done", seen: { kind: "image", image: { id: "x", size: 12345 } } }, 500),
      wants,
      [
        'Normal Pulled spec.containers{a}: Successfully pulled image "a:1" in 1s (1.5s including waiting). Image size: 12345 bytes.',
      ],
    ],
    [
      "B15: present",
      settled(find, { kind: "done", seen: { kind: "image", image: { id: "x" } } }),
      wants,
      [
        'Normal Pulled spec.containers{a}: Container image "a:1" already present on machine and can be accessed by the pod',
      ],
    ],
    ["absent: the pull tells", settled(find, { kind: "done", seen: { kind: "image", image: "missing" } }), wants, []],
    [
      "pull failed",
      fails(pull, "no such host"),
      wants,
      [
        'Warning Failed spec.containers{a}: Failed to pull image "a:1": no such host',
        "Warning Failed spec.containers{a}: Error: ErrImagePull",
      ],
    ],
    [
      "pull failed, with a name of its own",
      fails(pull, "down", { code: "RegistryUnavailable" }),
      wants,
      [
        'Warning Failed spec.containers{a}: Failed to pull image "a:1": down',
        "Warning Failed spec.containers{a}: Error: RegistryUnavailable",
      ],
    ],
    ["pull given up", settled(pull, { kind: "withdrawn" }), wants, []],
    [
      "look-up failed",
      fails(find, "boom"),
      wants,
      [
        `Warning InspectFailed spec.containers{a}: Failed to inspect image "${REF}": boom`,
        "Warning Failed spec.containers{a}: Error: ImageInspectError",
      ],
    ],
    ["created", done(create), {}, ["Normal Created spec.containers{a}: Container created"]],
    ["started", done(start), {}, ["Normal Started spec.containers{a}: Container started"]],
    ["create failed", fails(create, "no room"), {}, ["Warning Failed spec.containers{a}: Error: no room"]],
    [
      "ids become names",
      fails(start, "task a-0 of a-0 not started"),
      { containers: [instanceOf("a", { state: "created" })] },
      ["Warning Failed spec.containers{a}: Error: task a of a not started"],
    ],
    [
      "no runtime class",
      {
        kind: "held",
        hold: { subject: "sandbox", reason: "FailedCreatePodSandBox", message: "no class", needs: "document" },
      },
      {},
      ["Warning FailedCreatePodSandBox pod: Failed to create pod sandbox: no class"],
    ],
    ["first sandbox", begun({ ...runSandbox, attempt: 0 }), { sandboxes: [] }, []],
    [
      "sandbox replaced",
      begun(runSandbox),
      {},
      ["Normal SandboxChanged pod: Pod sandbox changed, it will be killed and re-created."],
    ],
    ["sandbox of another network", begun(runSandbox), { sandboxes: [{ ...readySandbox, hostNetwork: true }] }, []],
    [
      "sandbox failed",
      fails(runSandbox, "no cni"),
      {},
      ["Warning FailedCreatePodSandBox pod: Failed to create pod sandbox: no cni"],
    ],
    [
      "sandbox made, its status not told",
      fails(runSandbox, "sandbox s1 was made, but not read: no", { code: "SandboxUnread", effect: "unknown" }),
      {},
      ["Warning FailedPodSandBoxStatus pod: Unable to get pod sandbox status: sandbox s1 was made, but not read: no"],
    ],
    [
      "S6: sandbox failed, the pod ends",
      fails(runSandbox, "no cni"),
      { picture: { ending: { cause: "removed", graceSeconds: 1, sinceMonoMs: 0 } } },
      [],
    ],
    ["stop failed", fails(stop("podEnding"), "hung"), {}, ["Warning FailedKillPod pod: error killing pod: hung"]],
    [
      "sandbox stop failed",
      fails({ kind: "stop-sandbox", subject: "sandbox", id: "s0" }, "hung"),
      {},
      ["Warning FailedKillPod pod: error killing pod: hung"],
    ],
    [
      "look failed",
      fails({ kind: "look", subject: "pod" }, "gone"),
      {},
      ["Warning FailedSync pod: error determining status: gone"],
    ],
    [
      "directories failed",
      fails({ kind: "make-home", subject: "pod" }, "disk full"),
      {},
      ["Warning Failed pod: error making pod data directories: disk full"],
    ],
    [
      "cgroup failed",
      fails({ kind: "make-home", subject: "pod" }, "EROFS", { reason: "FailedCreatePodContainer" }),
      {},
      ["Warning FailedCreatePodContainer pod: unable to ensure pod container exists: EROFS"],
    ],
    [
      "volume failed",
      fails({ kind: "set-volume", subject: "volume/v", volume: "v", version: "1" }, "hostPath type check failed"),
      {},
      ['Warning FailedMount pod: MountVolume.SetUp failed for volume "v" : hostPath type check failed'],
    ],
    [
      "volume lacks its document",
      held({ subject: "volume/v", reason: "FailedMount", message: 'configmap "c" not found', needs: "document" }),
      {},
      ['Warning FailedMount pod: MountVolume.SetUp failed for volume "v" : configmap "c" not found'],
    ],
    [
      "restart back-off",
      held(holdOn("a", "CrashLoopBackOff")),
      {},
      ["Warning BackOff spec.containers{a}: Back-off restarting failed container a in pod web-node_default(u1)"],
    ],
    [
      "image back-off",
      held(holdOn("a", "ImagePullBackOff")),
      {},
      [
        'Normal BackOff spec.containers{a}: Back-off pulling image "a:1"',
        "Warning Failed spec.containers{a}: Error: ImagePullBackOff",
      ],
    ],
    [
      "back-off of a volume's image",
      held({ ...holdOn("a", "ImagePullBackOff"), image: "models:3" }),
      {},
      [
        'Normal BackOff spec.containers{a}: Back-off pulling image "models:3"',
        "Warning Failed spec.containers{a}: Error: ImagePullBackOff",
      ],
    ],
    [
      "image never pulled",
      held(holdOn("a", "ErrImageNeverPull")),
      {},
      [
        'Warning ErrImageNeverPull spec.containers{a}: Container image "a:1" is not present with pull policy of Never',
        "Warning Failed spec.containers{a}: Error: ErrImageNeverPull",
      ],
    ],
    [
      "image name",
      held(holdOn("a", "InvalidImageName", 'Failed to apply default image tag "a b": bad')),
      {},
      [
        'Warning InspectFailed spec.containers{a}: Failed to apply default image tag "a b": bad',
        "Warning Failed spec.containers{a}: Error: InvalidImageName",
      ],
    ],
    [
      "configuration",
      held(holdOn("a", "CreateContainerConfigError", 'secret "s" not found')),
      {},
      ['Warning Failed spec.containers{a}: Error: secret "s" not found'],
    ],
    [
      "configuration, told when it failed",
      held(holdOn("a", "CreateContainerConfigError", "m")),
      { memory: { starts: { a: { error: { reason: "CreateContainerConfigError", message: "m" } } } } },
      [],
    ],
    [
      "network",
      held({ subject: "sandbox", reason: "NetworkNotReady", message: "cni missing", needs: "network" }),
      {},
      ["Warning NetworkNotReady pod: network is not ready: cni missing"],
    ],
    ["a sibling is waited for", held(holdOn("a", "PodInitializing")), {}, []],
    [
      "postStart failed",
      settled(hook("postStart"), { kind: "done", seen: { kind: "hook", failure: "exit 1" } }),
      {},
      ["Warning FailedPostStartHook spec.containers{a}: PostStartHook failed"],
    ],
    [
      "preStop failed",
      fails(hook("preStop"), "x"),
      {},
      ["Warning FailedPreStopHook spec.containers{a}: PreStopHook failed"],
    ],
    ["a hook that went well", settled(hook("preStop"), { kind: "done", seen: { kind: "hook" } }), {}, []],
    [
      "admission",
      { kind: "refused", reason: "NodePorts", message: "no free ports" },
      {},
      ["Warning NodePorts pod: no free ports"],
    ],
    [
      "https answered in http",
      { kind: "noticed", notice: { kind: "httpsFallback", address: "10.1.0.7:443" } },
      {},
      [
        "Warning LifecycleHTTPFallback pod: request to HTTPS lifecycle hook 10.1.0.7:443 got HTTP response, retry with HTTP succeeded",
      ],
    ],
    [
      "ports of the host",
      { kind: "noticed", notice: { kind: "portsUnmapped", list: "pods", ports: "80, 443" } },
      {},
      [
        'Warning HostPortUnmapped pod: hostPort 80, 443 leads nowhere: the CNI list "pods" has no plugin for port mappings; add portmap with the capability portMappings to it',
      ],
    ],
    [
      "an ending that takes longer than its grace",
      {
        kind: "held",
        hold: { subject: "pod", reason: "ExceededGracePeriod", message: "not within 10 s", needs: "time" },
      },
      {},
      ["Warning ExceededGracePeriod pod: Container runtime did not kill the pod within specified grace period."],
    ],
    [
      "deadline, decided by the plan",
      { kind: "terminal", terminal: { phase: "Failed", reason: "DeadlineExceeded", bootId: "b" } },
      {},
      ["Normal DeadlineExceeded pod: Pod was active on the node longer than the specified deadline"],
    ],
    ["an end of its own", { kind: "terminal", terminal: { phase: "Succeeded", bootId: "b" } }, {}, []],
  ])("%s", (_, moment, sketch, expected) => {
    expect(tell(moment, sketch)).toEqual(expected);
  });

  it.each<[Ending["cause"], string[]]>([
    ["removed", []],
    ["deadline", ["Normal DeadlineExceeded pod: Pod was active on the node longer than the specified deadline"]],
    ["evicted", ["Warning Evicted pod: low on memory"]],
    ["preempted", ["Warning Preempting pod: low on memory"]],
  ])("an ending that is %s", (cause, expected) => {
    const result = { phase: "Failed" as const, message: "low on memory" };
    expect(tell({ kind: "ending", ending: { cause, graceSeconds: 1, sinceMonoMs: 0, result } })).toEqual(expected);
  });

  it("cuts messages of any length", () => {
    const [event] = news(pictureOf({}), fails(create, "x".repeat(1e6)), NOW);
    expect(event?.message.length).toBe(4096);
  });
});

describe("Killing", () => {
  it.each<[Cause, string, string]>([
    ["podEnding", "Stopping container a", "Stopping container s"],
    ["podFailed", "Stopping container a", "Stopping container s"],
    ["sandboxChanged", "Stopping container a", "Stopping container s"],
    [
      "livenessFailed",
      "Container a failed liveness probe, will be restarted",
      "Init container s failed liveness probe",
    ],
    ["startupFailed", "Container a failed startup probe, will be restarted", "Init container s failed startup probe"],
    ["definitionChanged", "Container a definition changed, will be restarted", "Init container s definition changed"],
    [
      "unknownState",
      'Container is in "unknown" state, try killing it before restart',
      'Init container is in "unknown" state, try killing it before restart',
    ],
    ["postStartFailed", "FailedPostStartHook", "FailedPostStartHook"],
    ["resize", "Container a resize requires restart", "Init container s resize requires restart"],
  ])("%s", (cause, app, init) => {
    expect(tell(begun(stop(cause)), sidecar)).toEqual([`Normal Killing spec.containers{a}: ${app}`]);
    expect(tell(begun(stop(cause, "s")), sidecar)).toEqual([`Normal Killing spec.initContainers{s}: ${init}`]);
  });

  it("does not promise a restart under Never", () => {
    const sketch: PictureSketch = { restartPolicy: "Never" };
    expect(tell(begun(stop("livenessFailed")), sketch)).toEqual([
      "Normal Killing spec.containers{a}: Container a failed liveness probe",
    ]);
  });

  it("H8: comes before preStop, with its cause, and once for both", () => {
    const deciding = { instances: { "a-0": { stop: { cause: "livenessFailed" as const, by: 0 } } } };
    expect(tell(begun(hook("preStop")), { memory: deciding })).toEqual([
      "Normal Killing spec.containers{a}: Container a failed liveness probe, will be restarted",
    ]);
    const hooked = { instances: { "a-0": { preStop: "done" as const } } };
    expect(tell(begun(stop("livenessFailed")), { memory: hooked })).toEqual([]);
    expect(tell(begun(hook("postStart")))).toEqual([]);
  });
});

describe("events of probes (6.2)", () => {
  it.each([
    ["startup", "failure", "Warning Unhealthy spec.containers{a}: Startup probe failed: out"],
    ["liveness", "failure", "Warning Unhealthy spec.containers{a}: Liveness probe failed: out"],
    [
      "readiness",
      "discarded",
      "Warning Unhealthy spec.containers{a}: Readiness probe errored and resulted in unknown state: out",
    ],
    ["readiness", "warning", "Warning ProbeWarning spec.containers{a}: Readiness probe warning: out"],
    ["liveness", "success", undefined],
  ] as const)("%s %s", (probe, kind, expected) => {
    const moment: Moment = { kind: "probed", container: "a", probe, result: { kind, output: "out" } };
    expect(tell(moment)).toEqual(expected === undefined ? [] : [expected]);
  });
});

describe("the table", () => {
  it("has a row for every reason of section 10 that a pod can have, and one of our own", () => {
    const reasons = new Set(Object.values(EVENTS).map(({ reason }) => reason));
    expect([...reasons].sort()).toEqual(
      [
        "HostPortUnmapped",
        ..."BackOff Created DNSConfigForming DeadlineExceeded ErrImageNeverPull Evicted ExceededGracePeriod".split(" "),
        ..."Failed FailedCreatePodContainer FailedCreatePodSandBox FailedKillPod FailedMount FailedPodSandBoxStatus".split(
          " ",
        ),
        ..."FailedPostStartHook FailedPreStopHook FailedRetrieve"
          .replace("Retrieve", "ToRetrieveImagePullSecret")
          .split(" "),
        ..."FailedSync InspectFailed Killing LifecycleHTTPFallback MissingClusterDNS NetworkNotReady".split(" "),
        ..."Preempting ProbeWarning Pulled Pulling ResizeCompleted ResizeDeferred ResizeError".split(" "),
        ..."ResizeInfeasible ResizeStarted SandboxChanged Started Unhealthy".split(" "),
      ].sort(),
    );
  });
});

describe("events of the node", () => {
  it.each<[NodeMoment, string]>([
    [{ kind: "starting" }, "Normal Starting: Starting berthd."],
    [{ kind: "status", status: "NodeReady" }, "Normal NodeReady: Node n status is now: NodeReady"],
    [{ kind: "rebooted", bootId: "b" }, "Warning Rebooted: Node n has been rebooted, boot id: b"],
    [{ kind: "failed", what: "ImageGCFailed", message: "m" }, "Warning ImageGCFailed: m"],
    [{ kind: "reclaiming", resource: "memory" }, "Warning EvictionThresholdMet: Attempting to reclaim memory"],
    [{ kind: "enforced" }, "Normal NodeAllocatableEnforced: Updated Node Allocatable limit across pods"],
    [
      { kind: "notEnforced", cgroup: "/kubepods", message: "m" },
      'Warning FailedNodeAllocatableEnforcement: Failed to update Node Allocatable Limits "/kubepods": m',
    ],
    [{ kind: "resolverTooLong", message: "m" }, "Warning CheckLimitsForResolvConf: m"],
    [{ kind: "noClusterDns", message: "m" }, "Warning MissingClusterDNS: m"],
  ])("%j", (moment, expected) => {
    const { type, reason, message, object } = nodeNews("n", moment, NOW);
    expect(`${type} ${reason}: ${message}`).toBe(expected);
    expect(object).toEqual({ kind: "Node", name: "n" });
  });
});

it.each<[string, Partial<ResolvConf>, string | undefined]>([
  ["a usual one", { servers: ["1", "2", "3"], searches: ["a", "b"] }, undefined],
  ["too many servers", { servers: ["1", "2", "3", "4"] }, "/r: of 4 nameservers pods get the first 3"],
  ["too many domains", { searches: Array(33).fill("a") }, "/r: of 33 search domains pods get the first 32"],
  ["too long ones", { searches: Array(30).fill("a".repeat(100)) }, "/r: of 3029 characters of search domains pods get"],
])("the node's agent begins: it is told, and what is wrong with its resolver file: %s", (_, conf, fault) => {
  const resolvConf = { servers: [], searches: [], options: [], ...conf };
  const told = nodeBeginning({ ...aNode, resolvConf }, "/r").map((moment) => nodeNews("n", moment, NOW));
  expect(told.map(({ reason }) => reason)).toEqual([
    "Starting",
    ...(fault === undefined ? [] : ["CheckLimitsForResolvConf"]),
  ]);
  expect(told.at(-1)?.message).toContain(fault ?? "Starting berthd.");
});
