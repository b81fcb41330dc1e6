import { describe, expect, it } from "vitest";
import { nextPlan } from "../../src/decide/plan.ts";
import { memoryOf, recordOf } from "../../src/decide/record.ts";
import { allocatedPod, boundsOf, noteAsked, noteGranted } from "../../src/decide/resize.ts";
import { resizesOf } from "../../src/decide/resize-admission.ts";
import { resizeOperations } from "../../src/decide/resize-operations.ts";
import { resizeText } from "../../src/decide/resize-text.ts";
import { podStatus } from "../../src/decide/status.ts";
import { type Allocation, allocationOf } from "../../src/pod/allocation.ts";
import type { DesiredContainer, DesiredPod } from "../../src/pod/desired.ts";
import { freshMemory } from "../../src/pod/memory.ts";
import type { WorkerFacts } from "../../src/pod/node-plan.ts";
import type { ResizeWord } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aNode } from "../kit/node.ts";
import { app, exited, init, instance, NOW, type PictureWish, picture, pod, say, sidecar } from "../kit/pictures.ts";

const sized = (cpu: string, memory = "64Mi"): v1.ResourceRequirements => ({
  limits: { cpu, memory },
  requests: { cpu, memory },
});
const text = (cpu: string, memory?: string) => JSON.stringify(sized(cpu, memory));
const given = (cpu: string, memory?: string) => ({ given: text(cpu, memory) });
type BoundWish = Partial<Omit<DesiredPod, "spec">> & { readonly spec?: Partial<v1.PodSpec> };
const bound = (containers: readonly DesiredContainer[], wish: BoundWish = {}): DesiredPod => {
  const of = (role: string) => containers.filter((one) => (one.role === "app") === (role === "app"));
  const [apps, others] = [of("app").map(({ spec }) => spec), of("init").map(({ spec }) => spec)];
  const spec = { containers: apps, ...(others.length > 0 ? { initContainers: others } : {}), ...wish.spec };
  return pod({ origin: { kind: "api" }, bound: { gates: [] }, ...wish, spec, containers });
};
const web = (cpu: string, memory?: string, resizePolicy?: v1.ContainerResizePolicy[]) =>
  app("web", { spec: { resources: sized(cpu, memory), ...(resizePolicy === undefined ? {} : { resizePolicy }) } });
const restartFor = (resourceName: string) => [{ resourceName, restartPolicy: "RestartContainer" }];
const asAllocated = (containers: Allocation["containers"]): Allocation => ({ containers });

describe("a running container gets the resources that it was given (S26)", () => {
  const rows: readonly (readonly [string, PictureWish, readonly string[]])[] = [
    ["nothing changed", { desired: bound([web("1")]), containers: [instance("web", given("1"))] }, []],
    ["more of it", { desired: bound([web("2")]), containers: [instance("web", given("1"))] }, ["update web-0"]],
    [
      "it has them since",
      {
        desired: bound([web("2")]),
        containers: [instance("web", given("1"))],
        memory: { instances: { "web-0": { given: text("2") } } },
      },
      [],
    ],
    ["nobody knows what it has", { desired: bound([web("2")]), containers: [instance("web")] }, []],
    [
      "of several those first that get less",
      {
        desired: bound([web("2"), app("db", { spec: { resources: sized("1") } })]),
        containers: [instance("web", given("1")), instance("db", given("2"))],
      },
      ["update db-0"],
    ],
    [
      "a change that wants a restart",
      { desired: bound([web("1", "96Mi", restartFor("memory"))]), containers: [instance("web", given("1"))] },
      ["stop web-0 30s resize"],
    ],
    [
      "one that does not",
      { desired: bound([web("2", "64Mi", restartFor("memory"))]), containers: [instance("web", given("1"))] },
      ["update web-0"],
    ],
    [
      "after a failure it is waited for",
      {
        desired: bound([web("2")]),
        containers: [instance("web", given("1"))],
        memory: {
          failures: {
            "update-container container/web": {
              failure: { code: "RuntimeRefused", message: "no", effect: "none" },
              count: 1,
              retryAt: NOW.monoMs + 5000,
            },
          },
        },
      },
      [],
    ],
    [
      "more: the pod's cgroup makes room first",
      {
        desired: bound([web("2")]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("1") }) },
      },
      [`limit-pod ${JSON.stringify(asAllocated({ web: sized("2") }))}`],
    ],
    [
      "then the container",
      {
        desired: bound([web("2")]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("2") }) },
      },
      ["update web-0"],
    ],
    [
      "less: the container first",
      {
        desired: bound([web("1")]),
        containers: [instance("web", given("2"))],
        memory: { bounds: asAllocated({ web: sized("2") }) },
      },
      ["update web-0"],
    ],
    [
      "then the pod's cgroup, and the sandbox is told",
      {
        desired: bound([web("1")]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("2") }), resizing: {} },
      },
      [`limit-pod ${JSON.stringify(asAllocated({ web: sized("1") }))} and tell`],
    ],
    [
      "which is told at the end of a growth, too",
      {
        desired: bound([web("1")]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("1") }), resizing: {} },
      },
      [`limit-pod ${JSON.stringify(asAllocated({ web: sized("1") }))} and tell`],
    ],
    [
      "once",
      {
        desired: bound([web("1")]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("1") }), resizing: { told: true } },
      },
      [],
    ],
    [
      "a restart has room made for it, too",
      {
        desired: bound([web("1", "96Mi", restartFor("memory"))]),
        containers: [instance("web", given("1"))],
        memory: { bounds: asAllocated({ web: sized("1") }) },
      },
      ["stop web-0 30s resize", `limit-pod ${JSON.stringify(asAllocated({ web: sized("1", "96Mi") }))}`],
    ],
    [
      "an init container that runs follows, too",
      {
        desired: bound([init("setup", { spec: { resources: sized("2") } }), web("1")]),
        containers: [instance("setup", given("1"))],
      },
      ["update setup-0"],
    ],
    [
      "what has no limit of its own follows the pod's",
      {
        desired: bound([app("web")], { spec: { resources: sized("2") } }),
        containers: [instance("web", { given: '{"limits":{},"requests":{},"ofPod":{"cpu":"1","memory":"64Mi"}}' })],
      },
      ["update web-0"],
    ],
    [
      "amounts that are only written in another way are none of these",
      { desired: bound([web("1000m", "65536Ki")]), containers: [instance("web", given("1"))] },
      [],
    ],
    [
      "a pod of a file has what its manifest says",
      { desired: pod({ containers: [web("2")] }), containers: [instance("web", given("1"))] },
      [],
    ],
  ];
  it.each(rows)("%s", (_rule, wish, actions) => {
    expect(nextPlan(picture(wish)).actions.map(say)).toEqual(actions);
  });
});

/** What the pod's cgroup has to hold, of a container that has the one and is to have the other. */
describe("the pod's cgroup (S26)", () => {
  const { cpu, memory } = { cpu: "1", memory: "64Mi" };
  it.each<[string, v1.ResourceRequirements, v1.ResourceRequirements, v1.ResourceRequirements]>([
    ["holds what comes", { requests: { cpu } }, { requests: { cpu: "2" } }, { limits: {}, requests: { cpu: "2" } }],
    ["holds what is", { requests: { cpu: "2" } }, { requests: { cpu } }, { limits: {}, requests: { cpu: "2" } }],
    [
      "holds of each resource the larger",
      sized("1", "96Mi"),
      sized("2", "64Mi"),
      { limits: { cpu: "2", memory: "96Mi" }, requests: { cpu: "2", memory: "96Mi" } },
    ],
    [
      "has no limit as long as something in it has none",
      { limits: { memory } },
      { limits: { cpu, memory } },
      { limits: { memory }, requests: {} },
    ],
  ])("%s", (_rule, has, gets, expected) => {
    const desired = bound([app("web", { spec: { resources: gets } })]);
    const containers = [instance("web", { given: JSON.stringify(has) })];
    expect(boundsOf(picture({ desired, containers })).containers.web).toEqual(expected);
  });

  it("follows a container that has ended, and the pod's own limits those that live on them", () => {
    const desired = bound([web("1")]);
    expect(boundsOf(picture({ desired, containers: [exited("web", 0, 0, given("2"))] }))).toEqual(
      allocationOf(desired),
    );
    const whole = bound([app("web")], { spec: { resources: sized("1") } });
    const lent = { given: '{"limits":{},"requests":{},"ofPod":{"cpu":"2","memory":"32Mi"}}' };
    expect(boundsOf(picture({ desired: whole, containers: [instance("web", lent)] })).pod).toEqual({
      limits: { cpu: "2", memory: "64Mi" },
      requests: { cpu: "1", memory: "64Mi" },
    });
  });
});

describe("what a pod was given", () => {
  const [one, two] = [bound([web("1")]), bound([web("2")])];

  it("stays until something else was granted, over a restart of the agent", () => {
    const memory = noteAsked(freshMemory, one, two, true);
    expect(allocatedPod(two, memory).containers).toEqual(one.containers);
    expect(allocatedPod(two, memoryOf(recordOf(memory))).spec.containers).toEqual(one.spec.containers);
    const granted = noteGranted(memory, { ...two, bound: { gates: [], generation: 7 } }, 5);
    expect(allocatedPod(two, granted)).toBe(two);
    expect(granted.resizing).toEqual({ sinceAt: 5, generation: 7 });
    expect(memoryOf(recordOf(granted)).resizing).toEqual({ generation: 7 });
  });

  it("is what is asked for where nothing was given yet, or what is asked for came back", () => {
    expect(noteAsked(freshMemory, one, two, false).allocated).toBeUndefined();
    const memory = noteAsked(freshMemory, one, two, true);
    expect(noteAsked(memory, allocatedPod(two, memory), one, true).allocated).toBeUndefined();
  });

  it("leaves all else as it is asked for", () => {
    const labelled = { ...two, labels: { a: "b" } };
    const memory = noteAsked(freshMemory, one, labelled, true);
    expect(allocatedPod(labelled, memory)).toMatchObject({
      labels: { a: "b" },
      spec: { containers: [one.spec.containers[0]] },
    });
  });

  it("is in progress until all that runs has it, and forgets what went wrong before", () => {
    const failed = {
      failure: { code: "RuntimeRefused", message: "no", effect: "none" },
      count: 1,
      retryAt: NOW.monoMs,
    } as const;
    const memory = {
      resizing: { generation: 3 },
      failures: { "update-container container/web": failed, "set-volume v": failed },
    };
    const wish = { desired: bound([web("2")], { bound: { gates: [], generation: 4 } }), memory };
    const late = picture({ ...wish, containers: [instance("web", given("1"))] });
    const progress = (of: typeof late) =>
      podStatus(of, [], aNode).conditions?.find(({ type }) => type === "PodResizeInProgress");
    expect(progress(late)).toMatchObject({ status: "True", reason: "Error", message: "no", observedGeneration: 3 });
    expect(nextPlan(late).memory.resizing).toEqual({ generation: 3 });
    const there = nextPlan(picture({ ...wish, containers: [instance("web", given("2"))] })).memory;
    expect([there.resizing, Object.keys(there.failures)]).toEqual([undefined, ["set-volume v"]]);
    expect(Object.keys(noteGranted(late.memory, wish.desired, 5).failures)).toEqual(["set-volume v"]);
  });

  it("is told with what it has: of a container that runs, of one that does not, and of the pod as a whole", () => {
    const storage = { "ephemeral-storage": "1Gi" };
    const resources = { limits: { cpu: "2", memory: "64Mi", ...storage }, requests: { cpu: "2", memory: "64Mi" } };
    const desired = bound([app("web", { spec: { resources } }), app("db", { spec: { resources } })], {
      spec: { resources: sized("4") },
    });
    const containers = [instance("web", given("1")), exited("db", 1, 0, given("1"))];
    const memory = { bounds: { pod: sized("3"), containers: {} } };
    const status = podStatus(picture({ desired, containers, memory }), [], aNode);
    const of = (name: string) => status.containerStatuses?.find((one) => one.name === name);
    expect(of("web")).toMatchObject({
      allocatedResources: { cpu: "2", memory: "64Mi" },
      resources: { limits: { cpu: "1", memory: "64Mi", ...storage }, requests: { cpu: "1", memory: "64Mi" } },
    });
    expect(of("db")).toMatchObject({ allocatedResources: { cpu: "2" }, resources });
    expect(status).toMatchObject({ allocatedResources: { cpu: "4" }, resources: { limits: { cpu: "3" } } });
  });
});

describe("which pods get the resources that they ask for (node.md 4)", () => {
  type Wish = Partial<WorkerFacts> & { readonly priority?: number; readonly burstable?: true };
  const worker = (
    uid: string,
    has: string,
    asks?: string,
    { priority = 0, burstable, ...more }: Wish = {},
  ): WorkerFacts => {
    const of = (cpu: string) => {
      const { limits: _, ...requests } = sized(cpu);
      const container = burstable ? app("web", { spec: { resources: requests } }) : web(cpu);
      return bound([container], { uid, spec: { priority } });
    };
    return {
      pod: of(has),
      ...(asks === undefined ? {} : { asked: of(asks) }),
      admission: { kind: "admitted" },
      ...{ finished: false, cleaned: false, terminal: false, byShutdown: false, adopted: false, arrival: 0 },
      ...more,
    };
  };
  const free = { pods: 10, cpuMillis: 4000, memoryBytes: 2 ** 30, others: new Map<string, number>() };
  const granted = (workers: WorkerFacts[], before?: WorkerFacts[]): ReadonlyMap<string, ResizeWord> => {
    const cpus = workers.map(({ pod: { spec } }) => Number(spec.containers[0]?.resources?.requests?.cpu));
    const taken = {
      pods: workers.length,
      cpuMillis: cpus.reduce((sum, cpu) => sum + cpu, 0) * 1000,
      memoryBytes: 2 ** 26 * workers.length,
      others: new Map<string, number>(),
      hostPorts: [],
    };
    return resizesOf(workers, free, taken, before);
  };
  const words = (...workers: WorkerFacts[]) => [...granted(workers)].map(([uid, { kind }]) => `${uid} ${kind}`).sort();

  it.each<[string, WorkerFacts[], string[]]>([
    ["there is room", [worker("a", "1", "2"), worker("b", "1")], ["a granted"]],
    ["there is none now", [worker("a", "1", "3"), worker("b", "2")], ["a deferred"]],
    ["there never is", [worker("a", "1", "5")], ["a infeasible"]],
    ["the first takes what there is", [worker("a", "1", "2"), worker("b", "1", "3")], ["a granted", "b deferred"]],
    ["one gives what the other takes", [worker("a", "1", "3"), worker("b", "3", "1")], ["a granted", "b granted"]],
    ["by priority", [worker("a", "1", "3"), worker("b", "1", "3", { priority: 5 })], ["a deferred", "b granted"]],
    [
      "then guaranteed ones",
      [worker("a", "1", "3", { burstable: true }), worker("b", "1", "3")],
      ["a deferred", "b granted"],
    ],
    [
      "then whoever has waited longest",
      [
        worker("a", "1", "3"),
        worker("b", "1", "3", { resizePendingSince: "2026-01-02T00:00:00Z" }),
        worker("c", "1", "2", { resizePendingSince: "2026-01-01T00:00:00Z" }),
      ],
      ["a deferred", "b deferred", "c granted"],
    ],
    [
      "who cannot have it keeps nobody from it",
      [worker("a", "1", "4", { priority: 5 }), worker("b", "1", "2")],
      ["a deferred", "b granted"],
    ],
    ["nobody asks", [worker("a", "1")], []],
    [
      "what ends, or has ended, gets nothing",
      [
        worker("a", "1", "2", { ending: { cause: "deleted", graceSeconds: 1, sinceMonoMs: 0 } }),
        worker("b", "1", "2", { terminal: true }),
      ],
      [],
    ],
  ])("%s", (_rule, workers, expected) => {
    expect(words(...workers)).toEqual(expected);
  });

  it("say in the kubelet's words why not", () => {
    const messageOf = (uid: string, ...workers: WorkerFacts[]) => {
      const word = granted(workers).get(uid);
      return word?.kind === "granted" ? "" : word?.message;
    };
    expect(messageOf("a", worker("a", "1", "5"))).toBe(
      "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
    );
    expect(messageOf("a", worker("a", "1", "3"), worker("b", "2"))).toBe(
      "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
    );
  });

  const waits = worker("a", "1", "2");
  const other = worker("b", "3");
  const small = worker("b", "1");
  it.each<[string, WorkerFacts[], WorkerFacts[], string]>([
    ["it asks since", [worker("a", "1"), other], [waits], "pod_updated"],
    ["another has gone", [waits, other], [waits], "pods_removed"],
    ["another has ended", [waits, small], [waits, { ...small, finished: true }], "pod_terminated"],
    ["another has become smaller", [waits, other], [waits, small], "pod_resized"],
    ["another has come", [waits], [waits, small], "pods_added"],
    ["nothing has happened", [waits], [waits], "periodic_retry"],
  ])("what let it have them: %s", (_rule, before, now, trigger) => {
    expect(granted(now, before).get("a")).toEqual({ kind: "granted", trigger });
  });
});

describe("what is told of a resize", () => {
  it("counts each amount that is asked for anew", () => {
    const [before, after] = [
      bound([app("web", { spec: { resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2" } } } })]),
      bound([
        app("web", {
          spec: { resources: { requests: { cpu: "500m", memory: "1024Mi" }, limits: { cpu: "3", memory: "2Gi" } } },
        }),
      ]),
    ];
    expect(resizeOperations(before, after)).toEqual([
      { resource: "cpu", requirement: "limits", operation: "increase" },
      { resource: "cpu", requirement: "requests", operation: "decrease" },
      { resource: "memory", requirement: "limits", operation: "add" },
    ]);
    expect(resizeOperations(after, before)).toContainEqual({
      resource: "memory",
      requirement: "limits",
      operation: "remove",
    });
    expect(resizeOperations(after, after)).toEqual([]);
  });

  it("says what its containers ask for, of which generation, and why not", () => {
    const desired = bound([sidecar("log"), web("1")], { bound: { gates: [], generation: 4 } });
    expect(JSON.parse(resizeText(desired, "no room"))).toEqual({
      initContainers: [{ name: "log", resources: {} }],
      containers: [{ name: "web", resources: sized("1") }],
      generation: 4,
      error: "no room",
    });
  });
});
