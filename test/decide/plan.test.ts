import { describe, expect, it } from "vitest";
import { nextPlan } from "../../src/decide/plan.ts";
import type { EndCause } from "../../src/pod/desired.ts";
import type { PodMemory } from "../../src/pod/memory.ts";
import type { Hold } from "../../src/pod/plan.ts";
import { runtimeClassKey } from "../../src/pod/runtime-class.ts";
import type * as v1 from "../../src/pod/v1.ts";
import {
  app,
  ending,
  exited,
  flying,
  init,
  instance,
  NOW,
  type PictureWish,
  picture,
  pod,
  sandbox,
  say,
  settled,
  sidecar,
  volume,
} from "../kit/pictures.ts";

/** Rule, what differs from the base picture, what is planned; then what is withdrawn, held, remembered. */
type Row = readonly [
  rule: string,
  wish: PictureWish,
  actions: readonly string[],
  more?: {
    readonly withdraw?: readonly string[];
    readonly holds?: readonly (Partial<Hold> | string)[];
    readonly wakeInMs?: number;
    readonly terminal?: object | "none";
    readonly finished?: boolean;
    readonly cleaned?: boolean;
  },
];

function check([, wish, actions, more = {}]: Row): void {
  const plan = nextPlan(picture(wish));
  expect(plan.actions.map(say)).toEqual(actions);
  expect(plan.withdraw).toEqual(more.withdraw ?? []);
  if (more.holds !== undefined) {
    const held = plan.holds.map((hold, index) => {
      const expected = more.holds?.[index];
      return typeof expected === "string" ? `${hold.subject} ${hold.reason}`.trim() : hold;
    });
    expect(held).toMatchObject(more.holds);
    expect(held).toHaveLength(more.holds.length);
  }
  if (more.wakeInMs !== undefined) expect((plan.wakeAt ?? 0) - NOW.monoMs).toBeCloseTo(more.wakeInMs, 3);
  if (more.terminal === "none") expect(plan.memory.terminal).toBeUndefined();
  else if (more.terminal !== undefined) expect(plan.memory.terminal).toMatchObject(more.terminal);
  else expect(plan.memory.terminal).toEqual(wish.memory?.terminal);
  expect(plan.finished).toBe(more.finished ?? false);
  expect(plan.cleaned).toBe(more.cleaned ?? false);
}
const table = (title: string, rows: readonly Row[]): void => {
  describe(title, () => {
    it.each(rows.map((row) => [row[0], row] as const))("%s", (_rule, row) => check(row));
  });
};

const probe: v1.Probe = { httpGet: { port: 80 } };
const hook: v1.LifecycleHandler = { exec: { command: ["true"] } };
const here = (ref: string, agoMs = 0): Partial<PodMemory> => ({
  images: { [ref]: { seen: { id: `sha-${ref}` }, seenAt: NOW.monoMs - agoMs } },
});
const classed = pod({
  origin: { kind: "api" },
  spec: { containers: [], runtimeClassName: "vm" },
  documents: [{ key: runtimeClassKey("vm"), optional: false }],
});
const never = pod({ restartPolicy: "Never" });
const onFailure = pod({ restartPolicy: "OnFailure" });
const two = pod({ containers: [app("a"), app("b")] });
const ready = [sandbox()];
const dead = [sandbox({ state: "notReady" })];
const NO_NAME = 'couldn\'t parse image name "-web:1": invalid reference format';
const failing = (message: string, inMs: number, more: { reason?: string } = {}) => ({
  failure: { code: "RuntimeRefused", message, effect: "none", ...more } as const,
  count: 1,
  retryAt: NOW.monoMs + inMs,
});
const stopped = { stoppedSandboxes: ["box-0"] };

table("before anything is begun", [
  [
    "T13: a pod whose name is another's does nothing",
    { sandboxes: [], around: { turn: false } },
    [],
    { holds: [{ subject: "pod", needs: "name" }] },
  ],
  [
    "1.4: a pod that is not admitted yet does nothing",
    { sandboxes: [], around: { admission: { kind: "waiting" } } },
    [],
    { holds: [{ subject: "pod", needs: "room" }] },
  ],
  [
    "A1: a refused pod says why",
    { sandboxes: [], around: { admission: { kind: "refused", reason: "OutOfcpu", message: "no cpu" } } },
    [],
    { holds: [{ subject: "pod", reason: "OutOfcpu", message: "no cpu", needs: "room" }] },
  ],
  [
    "3.1: without a runtime nothing is asked of it",
    { sandboxes: [], around: { runtimeReady: false } },
    [],
    { holds: [{ subject: "pod", reason: "RuntimeNotReady", needs: "runtime" }] },
  ],
  [
    "cri-mapping 1.1: a runtime class gives the sandbox its handler",
    { desired: classed, sandboxes: [], around: { documents: new Map([[runtimeClassKey("vm"), "handler kata"]]) } },
    ["run-sandbox 0 by kata", "find-image web:1"],
  ],
  [
    "cri-mapping 1.1: without its runtime class there is no sandbox",
    { desired: classed, sandboxes: [], around: { documents: new Map([[runtimeClassKey("vm"), "missing"]]) } },
    [],
    {
      holds: [
        {
          subject: "sandbox",
          reason: "FailedCreatePodSandBox",
          message: 'runtimeclass.node.k8s.io "vm" not found',
          needs: "document",
        },
      ],
    },
  ],
  [
    "cri-mapping 1.1: a runtime class that was not heard of is waited for",
    { desired: classed, sandboxes: [], around: { documents: new Map([[runtimeClassKey("vm"), "unheard"]]) } },
    [],
    { holds: ["sandbox FailedCreatePodSandBox"] },
  ],
  [
    "cri-mapping 1.1: a pod that runs needs its runtime class no more",
    {
      desired: classed,
      containers: [instance("web")],
      around: { documents: new Map([[runtimeClassKey("vm"), "missing"]]) },
    },
    [],
  ],
  [
    "S3: a sandbox that went while a create was in doubt is not followed before that is known",
    { sandboxes: [], memory: { inDoubt: { "container/web": NOW.monoMs - 5000 } } },
    ["look"],
  ],
  ["design 3: what was never listed is looked at first", { sandboxes: [], listed: false }, ["look"]],
  ["3.1: the home comes first", { sandboxes: [], memory: { home: "absent" } }, ["make-home"]],
  [
    "0.1: a home that cannot be made is tried again",
    { sandboxes: [], memory: { home: "absent", failures: { "make-home pod": failing("disk full", 4000) } } },
    [],
    { holds: [{ subject: "pod", reason: "Failed", message: "disk full", needs: "volume" }], wakeInMs: 4000 },
  ],
  [
    "3.1: a cgroup that cannot be made is called by its own name",
    {
      sandboxes: [],
      memory: {
        home: "absent",
        failures: { "make-home pod": failing("EROFS", 4000, { reason: "FailedCreatePodContainer" }) },
      },
    },
    [],
    {
      holds: [{ subject: "pod", reason: "FailedCreatePodContainer", message: "EROFS", needs: "volume" }],
      wakeInMs: 4000,
    },
  ],
]);

const config = { key: "ConfigMap/default/site", optional: false } as const;
const labelsShown = {
  name: "info",
  downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] },
};
const nameShown = {
  name: "info",
  downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] },
};
const withConfig = pod({ volumes: [volume("site", { documents: [config] })] });
const TOKEN = "Token/default/builder/web/uid/3607/";
const EXPIRED = "failed to fetch token: the last one has expired, and the API server gives no other";
table("volumes (5.6, D2)", [
  [
    "a missing ConfigMap holds volume and sandbox",
    {
      desired: withConfig,
      sandboxes: [],
      memory: { volumes: {} },
      around: { documents: new Map([[config.key, "missing"]]) },
    },
    [],
    {
      holds: [
        { subject: "volume/site", reason: "FailedMount", message: 'configmap "site" not found', needs: "document" },
      ],
    },
  ],
  [
    "one of a server that was not heard yet holds a new pod before anything else, be it optional",
    {
      desired: pod({ volumes: [volume("site", { documents: [{ ...config, optional: true }] })] }),
      sandboxes: [],
      memory: { home: "absent", volumes: {} },
      around: { documents: new Map([[config.key, "unheard"]]) },
    },
    [],
    {
      holds: [
        {
          subject: "pod",
          reason: "FailedMount",
          message: "failed to sync configmap cache: timed out waiting for the condition",
          needs: "document",
        },
      ],
    },
  ],
  [
    "after a restart of the agent, a volume that stands goes on standing until its server was heard",
    {
      desired: withConfig,
      containers: [instance("web")],
      memory: { volumes: { site: "ConfigMap/default/site=1" } },
      around: { documents: new Map([[config.key, "unheard"]]) },
    },
    [],
    { holds: [] },
  ],
  [
    "a token that has expired holds a new pod, and its reason says so (node.md 3.9)",
    {
      desired: pod({ volumes: [volume("token", { documents: [{ key: TOKEN, optional: false }] })] }),
      sandboxes: [],
      memory: { home: "absent", volumes: {} },
      around: { documents: new Map([[TOKEN, "expired"]]) },
    },
    [],
    { holds: [{ subject: "pod", reason: "FailedMount", message: EXPIRED, needs: "document" }] },
  ],
  [
    "a volume that does not stand yet waits for the successor of a token that has expired",
    {
      desired: pod({ volumes: [volume("token", { documents: [{ key: TOKEN, optional: false }] })] }),
      sandboxes: [],
      memory: { volumes: {} },
      around: { documents: new Map([[TOKEN, "expired"]]) },
    },
    [],
    { holds: [{ subject: "volume/token", reason: "FailedMount", message: EXPIRED, needs: "document" }] },
  ],
  [
    "a volume that stands goes on standing with a token that has expired, also for a container that starts",
    {
      desired: pod({ volumes: [volume("token", { documents: [{ key: TOKEN, optional: false }] })] }),
      memory: { volumes: { token: `${TOKEN}=1` }, ...here("web:1") },
      around: { documents: new Map([[TOKEN, "expired"]]) },
    },
    ["create web#0"],
    { holds: [] },
  ],
  [
    "B14: an optional one is skipped",
    {
      desired: pod({ volumes: [volume("site", { documents: [{ ...config, optional: true }] })] }),
      sandboxes: [],
      memory: { volumes: {} },
    },
    ["set-volume site ConfigMap/default/site=missing", "run-sandbox 0", "find-image web:1"],
  ],
  [
    "a new version of a document refreshes a volume that is in use",
    {
      desired: withConfig,
      containers: [instance("web")],
      memory: { volumes: { site: "ConfigMap/default/site=1" } },
      around: { documents: new Map([[config.key, "2"]]) },
    },
    ["set-volume site ConfigMap/default/site=2"],
  ],
  [
    "labels that have changed refresh the volume that shows them (5.6)",
    {
      desired: pod({ labels: { tier: "back" }, volumes: [volume("info", { spec: labelsShown })] }),
      containers: [instance("web")],
      memory: { volumes: { info: '[{"tier":"front"}]' } },
    },
    ['set-volume info [{"tier":"back"}]'],
  ],
  [
    "beside a document, too",
    {
      desired: pod({
        labels: { tier: "back" },
        volumes: [
          volume("info", { spec: { name: "info", projected: { sources: [labelsShown] } }, documents: [config] }),
        ],
      }),
      containers: [instance("web")],
      memory: { volumes: { info: 'ConfigMap/default/site=1,[{"tier":"front"}]' } },
      around: { documents: new Map([[config.key, "1"]]) },
    },
    ['set-volume info ConfigMap/default/site=1,[{"tier":"back"}]'],
  ],
  [
    "labels that it does not show do not",
    {
      desired: pod({ labels: { tier: "back" }, volumes: [volume("info", { spec: nameShown })] }),
      containers: [instance("web")],
      memory: { volumes: { info: '["site-host1"]' } },
    },
    [],
  ],
  [
    "a document that goes away leaves the volume as it is",
    {
      desired: withConfig,
      containers: [instance("web")],
      memory: { volumes: { site: "ConfigMap/default/site=1" } },
      around: { documents: new Map([[config.key, "missing"]]) },
    },
    [],
    { holds: [] },
  ],
  [
    "a failed volume is tried again, and no container is made before",
    {
      desired: withConfig,
      memory: { volumes: {}, failures: { "set-volume volume/site": failing("no space", 7000) }, ...here("web:1") },
      around: { documents: new Map([[config.key, "1"]]) },
    },
    [],
    { holds: ["volume/site FailedMount"], wakeInMs: 7000 },
  ],
  [
    "that an earlier version could not be set does not hold up the next one",
    {
      desired: withConfig,
      memory: {
        volumes: {},
        failures: { "set-volume volume/site": { ...failing("no key", 7000), version: "ConfigMap/default/site=1" } },
        ...here("web:1"),
      },
      around: { documents: new Map([[config.key, "2"]]) },
    },
    ["set-volume site ConfigMap/default/site=2"],
  ],
]);

table("the sandbox (3.3)", [
  ["none: attempt 0", { sandboxes: [] }, ["run-sandbox 0", "find-image web:1"]],
  ["ready: kept", { containers: [instance("web")] }, []],
  [
    "not ready: stopped, then the next attempt",
    { sandboxes: dead, containers: [exited("web", 137, 5000)] },
    ["stop-sandbox box-0"],
  ],
  [
    "not ready and stopped: the next attempt",
    { sandboxes: dead, containers: [exited("web", 137, 5000)], memory: stopped },
    ["run-sandbox 1"],
  ],
  [
    "S3: what still runs in a dead sandbox is stopped first, with its preStop",
    {
      desired: pod({ containers: [app("web", { spec: { lifecycle: { preStop: hook } } })] }),
      sandboxes: dead,
      containers: [instance("web")],
    },
    ["preStop web-0"],
  ],
  [
    "more than one ready: all are stopped",
    { sandboxes: [sandbox(), sandbox({ attempt: 1 })], containers: [instance("web")] },
    ["stop web-0 30s sandboxChanged"],
  ],
  [
    "more than one ready, nothing runs: one after the other",
    { sandboxes: [sandbox(), sandbox({ attempt: 1 })] },
    ["stop-sandbox box-1"],
  ],
  [
    "the wrong network mode: replaced",
    { desired: pod({ hostNetwork: true }), sandboxes: ready },
    ["stop-sandbox box-0"],
  ],
  ["no address: replaced", { sandboxes: [sandbox({ ips: [] })] }, ["stop-sandbox box-0"]],
  [
    "an address that is not known: looked for, not replaced",
    {
      sandboxes: [{ ...sandbox(), ips: undefined as never }].map(({ ips: _none, ...rest }) => rest),
      containers: [instance("web")],
    },
    ["look"],
  ],
  [
    "S3: what is left of init containers goes before they run again",
    {
      desired: pod({ containers: [init("i"), app("web")] }),
      sandboxes: dead,
      containers: [exited("i", 0, 9000), exited("web", 137, 5000)],
      memory: stopped,
    },
    ["remove i-0", "run-sandbox 1"],
  ],
  [
    "S4a: a pod that is never restarted gets no second sandbox: its phase follows from the exits",
    { desired: never, sandboxes: dead, containers: [exited("web", 137, 5000)] },
    ["stop-sandbox box-0"],
    { terminal: { phase: "Failed" } },
  ],
  [
    "S4a: what still runs of it is stopped, not replaced",
    { desired: never, sandboxes: dead, containers: [instance("web")] },
    ["stop web-0 30s sandboxChanged"],
  ],
  [
    "S4a: a sandbox that died before any container was made is replaced",
    { desired: never, sandboxes: dead, memory: stopped },
    ["run-sandbox 1", "find-image web:1"],
  ],
  [
    "S4b: nothing is left to start",
    { desired: onFailure, sandboxes: dead, containers: [exited("web", 0, 5000)] },
    ["stop-sandbox box-0"],
    { terminal: { phase: "Succeeded" } },
  ],
  [
    "S6: a failure is tried again after its time",
    { sandboxes: [], memory: { failures: { "run-sandbox sandbox": failing("cni", 6000) } } },
    [],
    { holds: [{ subject: "sandbox", reason: "FailedCreatePodSandBox", message: "cni" }], wakeInMs: 6000 },
  ],
  [
    "0.1: one that dies at once is not followed faster than a relist",
    { sandboxes: [sandbox({ state: "notReady", createdWallMs: NOW.wallMs - 200 })], memory: stopped },
    [],
    { wakeInMs: 800 },
  ],
  [
    "in doubt: only a look",
    { sandboxes: [], memory: { inDoubt: { sandbox: NOW.monoMs } } },
    ["look", "find-image web:1"],
  ],
  [
    "G13: an old one without containers is removed, the newest kept",
    {
      sandboxes: [sandbox({ attempt: 0, state: "notReady" }), sandbox({ attempt: 1 })],
      containers: [instance("web", { sandboxId: "box-1" })],
      memory: stopped,
    },
    ["remove-sandbox box-0"],
  ],
  [
    "G13: stopped before it is removed",
    {
      sandboxes: [sandbox({ attempt: 0, state: "notReady" }), sandbox({ attempt: 1 })],
      containers: [instance("web", { sandboxId: "box-1" })],
    },
    ["stop-sandbox box-0"],
  ],
  [
    "G13: one that still has a dead instance stays",
    {
      sandboxes: [sandbox({ attempt: 0, state: "notReady" }), sandbox({ attempt: 1 })],
      containers: [instance("web", { sandboxId: "box-1", attempt: 1 }), exited("web", 1, 9000)],
      memory: stopped,
    },
    [],
  ],
]);

const initPod = pod({ containers: [init("i"), init("j"), app("web")] });
const carPod = pod({ containers: [sidecar("s"), app("web")] });
const probedCar = pod({ containers: [sidecar("s", { spec: { startupProbe: probe } }), app("web")] });
table("init containers and sidecars (3.4)", [
  [
    "S9: none has begun: the first",
    { desired: initPod },
    ["find-image i:1"],
    { holds: ["container/j PodInitializing", "container/web PodInitializing"] },
  ],
  ["S9: one runs: wait", { desired: initPod, containers: [instance("i")] }, []],
  ["S9: one succeeded: the next", { desired: initPod, containers: [exited("i", 0)] }, ["find-image j:1"]],
  [
    "S8: an earlier record that is gone causes no re-run",
    { desired: initPod, containers: [exited("j", 0)] },
    ["find-image web:1"],
  ],
  ["S9: one failed: again, first at once", { desired: initPod, containers: [exited("i", 1)] }, ["find-image i:1"]],
  [
    "S9, B8: one failed twice: back-off",
    { desired: initPod, containers: [exited("i", 1, 3000, { attempt: 1, backOffMs: 10_000 })] },
    [],
    {
      holds: ["container/i CrashLoopBackOff", "container/j PodInitializing", "container/web PodInitializing"],
      wakeInMs: 7000,
    },
  ],
  [
    "S10: killed for memory is a failure even with code 0",
    { desired: initPod, containers: [exited("i", 0, 0, { reason: "OOMKilled" })] },
    ["find-image i:1"],
  ],
  [
    "S9: one failed that is never restarted: the pod has failed",
    {
      desired: pod({ restartPolicy: "Never", containers: [init("i", { restartPolicy: "Never" }), app("web")] }),
      containers: [exited("i", 1)],
    },
    ["stop-sandbox box-0"],
    { terminal: { phase: "Failed" } },
  ],
  [
    "S9: of unknown state and never restarted: stopped, not started again",
    {
      desired: pod({ restartPolicy: "Never", containers: [init("i", { restartPolicy: "Never" }), app("web")] }),
      containers: [instance("i", { state: "unknown" })],
    },
    ["stop i-0 30s unknownState"],
  ],
  [
    "S9: a sidecar that runs lets the next begin",
    { desired: carPod, containers: [instance("s")] },
    ["find-image web:1"],
  ],
  ["S9: a sidecar whose startup probe has not spoken: wait", { desired: probedCar, containers: [instance("s")] }, []],
  [
    "S9: a sidecar whose startup probe passed",
    { desired: probedCar, containers: [instance("s")], verdicts: new Map([["s-0", { startup: "passed" }]]) },
    ["find-image web:1"],
  ],
  [
    "D8: a sidecar that had started before the agent was restarted",
    { desired: probedCar, containers: [instance("s")], memory: { instances: { "s-0": { started: true } } } },
    ["find-image web:1"],
  ],
  [
    "S9: a sidecar whose startup probe failed: stopped",
    { desired: probedCar, containers: [instance("s")], verdicts: new Map([["s-0", { startup: "failed" }]]) },
    ["stop s-0 30s startupFailed"],
  ],
  [
    "H1: a sidecar in its postStart: wait",
    {
      desired: pod({ containers: [sidecar("s", { spec: { lifecycle: { postStart: hook } } }), app("web")] }),
      containers: [instance("s")],
      memory: { instances: { "s-0": { postStart: "due" } } },
    },
    ["postStart s-0"],
  ],
  [
    "S9: a sidecar that exited is restarted, whatever its code",
    { desired: carPod, containers: [exited("s", 0)] },
    ["find-image s:1"],
  ],
  [
    "S13: an earlier sidecar is restarted while a later init container runs",
    {
      desired: pod({ containers: [sidecar("s"), init("i"), app("web")] }),
      containers: [exited("s", 1), instance("i")],
    },
    ["find-image s:1"],
  ],
  [
    "S7: with an app running only sidecars are seen to",
    {
      desired: pod({ containers: [sidecar("s"), init("i"), app("web")] }),
      containers: [exited("s", 1), instance("web")],
    },
    ["find-image s:1"],
  ],
  [
    "S7: apps that exited do not count: initialisation is looked at again",
    { desired: initPod, containers: [exited("web", 1)] },
    ["find-image i:1"],
  ],
  [
    "S13: a sidecar of an older definition is replaced",
    { desired: carPod, containers: [instance("s", { hash: "old" }), instance("web")] },
    ["stop s-0 30s definitionChanged"],
  ],
  [
    "S16: of an init container only the newest dead instance stays",
    { desired: initPod, containers: [exited("i", 1, 9000), exited("i", 0, 10, { attempt: 1 }), instance("j")] },
    ["remove i-0"],
  ],
  [
    "S8: what a late create left of an init container that is done is removed first",
    {
      desired: initPod,
      containers: [exited("i", 0, 9000), instance("i", { state: "created", attempt: 1 }), instance("web")],
    },
    ["remove i-1"],
  ],
]);

const ruled = (action: string): v1.ContainerRestartRule => ({ action, exitCodes: { operator: "In", values: [42] } });
table("app containers (3.5)", [
  ["S17 none: start", {}, ["find-image web:1"]],
  ["S27: with its image there it is made", { memory: here("web:1") }, ["create web#0"]],
  ["S17 CREATED: started, not replaced", { containers: [instance("web", { state: "created" })] }, ["start web-0"]],
  [
    "S17 CREATED in an older sandbox: replaced",
    { containers: [instance("web", { state: "created", sandboxId: "box-x" })], memory: here("web:1") },
    ["create web#1"],
  ],
  [
    "S17 CREATED of another definition: replaced, with its back-off",
    { containers: [instance("web", { state: "created", hash: "old", backOffMs: 20_000 })], memory: here("web:1") },
    ["create web#1 after 20s"],
  ],
  ["S17 UNKNOWN: stopped", { containers: [instance("web", { state: "unknown" })] }, ["stop web-0 30s unknownState"]],
  ["S17 RUNNING: kept", { containers: [instance("web")] }, [], { holds: [] }],
  [
    "S17 RUNNING, hash differs",
    { desired: never, containers: [instance("web", { hash: "old" })] },
    ["stop web-0 30s definitionChanged"],
  ],
  [
    "S17 stopped because the hash differs: started whatever the policy",
    {
      desired: never,
      containers: [exited("web", 0, 0, { hash: "old" })],
      memory: { instances: { "web-0": { stop: { cause: "definitionChanged", by: 0 } } } },
    },
    ["find-image web:1"],
  ],
  [
    "S17 RUNNING, liveness failed",
    { containers: [instance("web")], verdicts: new Map([["web-0", { liveness: "failed" }]]) },
    ["stop web-0 30s livenessFailed"],
  ],
  [
    "T1: a probe's own grace counts for kills by that probe, even a longer one",
    {
      desired: pod({
        containers: [app("web", { spec: { livenessProbe: { ...probe, terminationGracePeriodSeconds: 90 } } })],
      }),
      containers: [instance("web")],
      verdicts: new Map([["web-0", { liveness: "failed" }]]),
    },
    ["stop web-0 90s livenessFailed"],
  ],
  [
    "H7: no preStop with a grace of 0, and still 2 s for the stop",
    {
      desired: pod({ graceSeconds: 0, containers: [app("web", { spec: { lifecycle: { preStop: hook } } })] }),
      containers: [instance("web", { hash: "old" })],
    },
    ["stop web-0 2s definitionChanged"],
  ],
  [
    "S18: after a kill by a probe a container with OnFailure starts again even with exit 0",
    {
      desired: pod({ containers: [app("web", { restartPolicy: "OnFailure" })] }),
      containers: [exited("web", 0)],
      memory: { instances: { "web-0": { stop: { cause: "livenessFailed", by: 0 } } } },
    },
    ["find-image web:1"],
  ],
  [
    "S5: killed with its sandbox it begins anew by the policy of the pod, whatever its own says",
    {
      desired: pod({ containers: [app("web", { restartPolicy: "Never" })] }),
      containers: [exited("web", 137)],
      memory: { instances: { "web-0": { stop: { cause: "sandboxChanged", by: 0 } } } },
    },
    ["find-image web:1"],
  ],
  [
    "S17: what was killed because its state was unknown is started, whatever the policy",
    {
      desired: never,
      containers: [exited("web", 137)],
      memory: { instances: { "web-0": { stop: { cause: "unknownState", by: 0 } } } },
    },
    ["find-image web:1"],
  ],
  [
    "B2: other resources are another key: no back-off",
    {
      containers: [exited("web", 1, 0, { attempt: 3, backOffMs: 40_000, given: '{"limits":{"cpu":"1"}}' })],
      memory: { starts: { web: { image: { id: "x" } } } },
    },
    ["create web#4 after 10s"],
  ],
  [
    "S18: with Never it does not",
    {
      desired: never,
      containers: [exited("web", 143)],
      memory: { instances: { "web-0": { stop: { cause: "livenessFailed", by: 0 } } } },
    },
    ["stop-sandbox box-0"],
    { terminal: { phase: "Failed" } },
  ],
  ["S20 Always: after exit 0", { containers: [exited("web", 0)] }, ["find-image web:1"]],
  ["S20 OnFailure: after exit 1", { desired: onFailure, containers: [exited("web", 1)] }, ["find-image web:1"]],
  [
    "S20 a rule restarts whatever the policy says",
    {
      desired: pod({ containers: [app("web", { restartPolicy: "Never", restartRules: [ruled("Restart")] })] }),
      containers: [exited("web", 42)],
    },
    ["find-image web:1"],
  ],
  [
    "S22: some have ended for good, another runs: nothing",
    {
      desired: pod({ restartPolicy: "OnFailure", containers: [app("a", { restartPolicy: "OnFailure" }), app("b")] }),
      containers: [exited("a", 0), instance("b")],
    },
    [],
    { holds: [] },
  ],
  [
    "S22, 5.2: all have ended for good, one in failure",
    {
      desired: pod({
        restartPolicy: "Never",
        containers: [app("a", { restartPolicy: "Never" }), app("b", { restartPolicy: "Never" })],
      }),
      containers: [exited("a", 0), exited("b", 3)],
    },
    ["stop-sandbox box-0"],
    { terminal: { phase: "Failed" } },
  ],
  [
    "S22: with a sidecar: it is stopped, too",
    {
      desired: pod({
        restartPolicy: "OnFailure",
        containers: [sidecar("s"), app("a", { restartPolicy: "OnFailure" })],
      }),
      containers: [exited("a", 0), instance("s")],
    },
    ["stop s-0 30s podEnding"],
    { terminal: { phase: "Succeeded" } },
  ],
  [
    "S5: with a new sandbox and no init containers all begin anew",
    {
      desired: pod({ containers: [app("a", { restartPolicy: "Never" }), app("b")] }),
      sandboxes: [sandbox({ attempt: 1 })],
      containers: [exited("a", 255, 60_000), exited("b", 255, 60_000)],
    },
    ["find-image a:1", "find-image b:1"],
  ],
  [
    "S5: but not what had succeeded under OnFailure",
    {
      desired: pod({ containers: [app("a", { restartPolicy: "OnFailure" }), app("b")] }),
      sandboxes: [sandbox({ attempt: 1 })],
      containers: [exited("a", 0, 60_000), exited("b", 255, 60_000)],
    },
    ["find-image b:1"],
  ],
  [
    "an exit without its code: asked for when no news brings it",
    {
      containers: [instance("web", { state: "exited", detailed: false })],
      memory: { instances: { "web-0": { endedAt: NOW.monoMs - 400 } } },
    },
    ["look"],
  ],
  [
    "an exit without its code: the news is waited for a moment",
    { containers: [instance("web", { state: "exited", detailed: false })] },
    [],
    { wakeInMs: 300 },
  ],
  [
    "a container that is asked for no more is stopped",
    { containers: [instance("web"), instance("old")] },
    ["stop old-0 30s definitionChanged"],
  ],
  [
    "a second instance of one name is stopped, the older one",
    { containers: [instance("web"), instance("web", { attempt: 1 })] },
    ["stop web-0 30s unknownState"],
  ],
  [
    "people asked for a restart",
    { containers: [instance("web")], around: { restartRequests: new Map([["web", NOW.monoMs - 5]]) } },
    ["stop web-0 30s restartRequested"],
  ],
  [
    "people asked for a restart of what is in back-off: it starts now",
    {
      containers: [exited("web", 1, 3000, { attempt: 4, backOffMs: 80_000 })],
      around: { restartRequests: new Map([["web", NOW.monoMs - 5]]) },
      memory: here("web:1", 1000),
    },
    ["find-image web:1"],
  ],
  [
    "a restart that was carried out is not carried out again",
    {
      containers: [instance("web")],
      around: { restartRequests: new Map([["web", NOW.monoMs - 5]]) },
      memory: { restarted: { web: NOW.monoMs - 5 } },
    },
    [],
  ],
  [
    "B8: a start that failed before it left an exit is tried again after its time",
    {
      memory: {
        ...here("web:1"),
        starts: { web: { error: { reason: "CreateContainerError", message: "no" }, retryAt: NOW.monoMs + 3000 } },
      },
    },
    [],
    {
      holds: [{ subject: "container/web", reason: "CreateContainerError", message: "no", needs: "time" }],
      wakeInMs: 3000,
    },
  ],
  [
    "4.3: a missing ConfigMap in env holds without a call",
    {
      desired: pod({
        containers: [app("web", { spec: { envFrom: [{ configMapRef: { name: "site" } }] } })],
      }),
      around: { documents: new Map([[config.key, "missing"]]) },
    },
    [],
    {
      holds: [
        {
          subject: "container/web",
          reason: "CreateContainerConfigError",
          message: 'configmap "site" not found',
          needs: "document",
        },
      ],
    },
  ],
  [
    "4.3: an image name that does not parse",
    {
      desired: pod({
        containers: [{ ...app("web", { image: "-web:1", imageProblem: NO_NAME }), imageRef: undefined as never }].map(
          ({ imageRef: _none, ...rest }) => rest,
        ),
      }),
    },
    [],
    {
      holds: [
        {
          reason: "InvalidImageName",
          message: `Failed to apply default image tag "-web:1": ${NO_NAME}`,
          needs: "image",
        },
      ],
    },
  ],
  [
    "in doubt: nothing but a look, the sibling goes on",
    {
      desired: two,
      memory: { inDoubt: { "container/a": NOW.monoMs }, images: { ...here("a:1")?.images, ...here("b:1")?.images } },
    },
    ["look", "create b#0"],
  ],
  [
    "S28: the count goes on from the newest instance",
    {
      containers: [exited("web", 1, 60_000, { attempt: 7, backOffMs: 20_000 })],
      memory: { starts: { web: { image: { id: "x" } } } },
    },
    ["create web#8 after 40s"],
  ],
]);

const image = (name: string, ref: string, pullPolicy: "Always" | "IfNotPresent" = "IfNotPresent") =>
  volume(name, { spec: { name, image: { reference: ref, pullPolicy } } });
table("image volumes (6.2)", [
  [
    "their images are there before the container that mounts them",
    {
      desired: pod({
        volumes: [image("models", "models:3")],
        containers: [app("web", { volumes: ["models"] }), app("b")],
      }),
      memory: { volumes: { models: "plain" }, images: { ...here("web:1")?.images, ...here("b:1")?.images } },
    },
    ["find-image models:3"],
  ],
  [
    "a restart looks again: they may be gone (B11)",
    {
      desired: pod({ volumes: [image("models", "models:3")], containers: [app("web", { volumes: ["models"] })] }),
      containers: [exited("web", 1)],
      memory: {
        volumes: { models: "plain" },
        images: { ...here("web:1", 1000)?.images, ...here("models:3", 1000)?.images },
      },
    },
    ["find-image web:1", "find-image models:3"],
  ],
  [
    "are pulled without a look with pullPolicy Always",
    {
      desired: pod({
        volumes: [image("models", "models:3", "Always")],
        containers: [app("web", { volumes: ["models"] })],
      }),
      memory: { volumes: { models: "plain" }, images: { ...here("web:1")?.images } },
    },
    ["pull-image models:3"],
  ],
]);

const all42 = pod({
  containers: [
    init("i"),
    sidecar("s"),
    app("a", { restartPolicy: "Never", restartRules: [ruled("RestartAllContainers")] }),
    app("b"),
  ],
});
const longAgo = { "a-0": { endedAt: NOW.monoMs - 2000 } };
table("RestartAllContainers (3.6)", [
  [
    "S24: all that runs is killed without grace",
    { desired: all42, containers: [exited("a", 42), instance("b"), instance("s"), exited("i", 0)] },
    ["stop s-0 2s restartAll", "stop b-0 2s restartAll"],
    {
      holds: [
        "container/i RestartingAllContainers",
        "container/s RestartingAllContainers",
        "container/a RestartingAllContainers",
        "container/b RestartingAllContainers",
      ],
    },
  ],
  [
    "S24: what it has ended begins again, though nothing tells of the reset any more",
    {
      desired: pod({ restartPolicy: "Never", containers: [app("a", { restartPolicy: "Never" })] }),
      containers: [exited("a", 137)],
      memory: { instances: { "a-0": { stopCause: "restartAll" } } },
    },
    ["find-image a:1"],
  ],
  [
    "S24: so does one that had ended by itself before",
    {
      desired: pod({ restartPolicy: "Never", containers: [app("a", { restartPolicy: "Never" })] }),
      containers: [exited("a", 0)],
      memory: { starts: { a: { anew: true } } },
    },
    ["find-image a:1"],
  ],
  [
    "S24: then other apps are removed",
    {
      desired: all42,
      containers: [exited("a", 42), exited("b", 137), exited("s", 137), exited("i", 0)],
      memory: { instances: { ...longAgo, "b-0": { endedAt: 0 } } },
    },
    ["remove b-0 keep log"],
  ],
  [
    "S24: then other init containers",
    {
      desired: all42,
      containers: [exited("a", 42), exited("s", 137), exited("i", 0)],
      memory: { instances: { ...longAgo, "s-0": { endedAt: 0 }, "i-0": { endedAt: 0 } } },
    },
    ["remove i-0 keep log", "remove s-0 keep log"],
  ],
  [
    "S24: the one that asked for it last",
    { desired: all42, containers: [exited("a", 42)], memory: { instances: longAgo } },
    ["remove a-0 keep log"],
  ],
  [
    "S25: then from the first init container, counting on",
    { desired: all42, memory: { ...here("i:1"), starts: { i: { attempt: 3 } } } },
    ["create i#3"],
  ],
]);

const gone = { asked: false };
/** Told to end so many seconds ago, with a grace of 30. */
const killed = (cause: EndCause, agoSeconds: number) => ending({ cause, sinceMonoMs: NOW.monoMs - agoSeconds * 1000 });
const stopping = flying({
  subject: "container/web",
  kind: "stop-container",
  id: "web-0",
  name: "web",
  graceSeconds: 30,
  cause: "podEnding",
});
const cleared = settled(pod(), { home: "cleared" });
table("endings (8)", [
  [
    "T7: what has begun is waited for, what queues is dropped",
    {
      ending: ending(),
      inFlight: [flying({ subject: "sandbox", kind: "run-sandbox", attempt: 0 }, { begun: false })],
      sandboxes: [],
      around: gone,
    },
    [],
    { withdraw: ["sandbox"] },
  ],
  [
    "8.3: after the containers the sandbox",
    { ending: ending(), containers: [exited("web", 0)], around: gone },
    ["stop-sandbox box-0"],
  ],
  [
    "G5: an orphan runs no preStop and has 1 s, so 2 for the stop",
    {
      desired: pod({ containers: [app("web", { spec: { lifecycle: { preStop: hook } } })] }),
      ending: ending({ cause: "orphaned", graceSeconds: 1 }),
      containers: [instance("web")],
      around: gone,
    },
    ["stop web-0 2s podEnding"],
  ],
  [
    "T2, T3: a grace of 0 is 1: preStop gets it",
    {
      desired: pod({ graceSeconds: 0, containers: [app("web", { spec: { lifecycle: { preStop: hook } } })] }),
      ending: ending({ graceSeconds: 0 }),
      containers: [instance("web")],
      around: gone,
    },
    ["preStop web-0"],
  ],
  [
    "T6: a stop that failed is tried again after its time",
    {
      ending: ending(),
      containers: [instance("web")],
      memory: { failures: { "stop-container container/web": failing("busy", 8000) } },
      around: gone,
    },
    [],
    { holds: [{ subject: "container/web", reason: "FailedKillPod", message: "busy" }], wakeInMs: 8000 },
  ],
  [
    "T9: when the pod left the sources its records go, and nobody waits for them",
    {
      ending: ending(),
      sandboxes: dead,
      containers: [exited("web", 0)],
      memory: { ...cleared, ...stopped },
      around: gone,
    },
    ["remove web-0"],
    { finished: true },
  ],
  [
    "T8: an evicted pod keeps its records",
    {
      ending: ending({ cause: "evicted", result: { phase: "Failed", reason: "Evicted", message: "memory" } }),
      sandboxes: dead,
      containers: [exited("web", 0)],
      memory: { ...cleared, ...stopped },
    },
    [],
    { finished: true, cleaned: true, terminal: { phase: "Failed", reason: "Evicted", bootId: "boot-1" } },
  ],
  [
    "T11: the runtime has 10 s at least for a pod that the node has to end",
    { ending: ending({ cause: "evicted", graceSeconds: 1 }), containers: [instance("web")], inFlight: [stopping] },
    [],
    { withdraw: ["container/web"], holds: [], wakeInMs: 10_000 },
  ],
  [
    "T11: and one and a half times its grace",
    { ending: killed("preempted", 44), containers: [instance("web")], inFlight: [stopping] },
    [],
    { holds: [], wakeInMs: 1000 },
  ],
  [
    "T11: after which it is said to be slow, and waited for",
    { ending: killed("shutdown", 45), containers: [instance("web")], inFlight: [stopping] },
    [],
    { holds: [{ subject: "pod", reason: "ExceededGracePeriod", message: "the runtime has not ended it within 45 s" }] },
  ],
  [
    "T11: also one that does not answer",
    { ending: killed("evicted", 45), containers: [instance("web")], around: { runtimeReady: false } },
    [],
    { holds: ["pod RuntimeNotReady", "pod ExceededGracePeriod"] },
  ],
  [
    "T11: it is not to blame for volumes",
    {
      ending: killed("evicted", 45),
      sandboxes: dead,
      containers: [exited("web", 0)],
      memory: { ...settled(pod()), ...stopped },
      inFlight: [flying({ subject: "pod", kind: "clear-home", keep: "logs" })],
    },
    [],
    { holds: [] },
  ],
  [
    "T11: nobody is told of a pod that was removed",
    { ending: killed("removed", 45), containers: [instance("web")], inFlight: [stopping], around: gone },
    [],
    { holds: [] },
  ],
  [
    "T16: so does a pod that is asked for again while it ends",
    { ending: ending(), sandboxes: dead, containers: [exited("web", 0)], memory: { ...cleared, ...stopped } },
    [],
    { finished: true, cleaned: true },
  ],
  [
    "8.3: what was finished stays finished while the runtime is down",
    { ending: ending(), sandboxes: dead, memory: { ...cleared, ...stopped }, around: { ...gone, runtimeReady: false } },
    [],
    { finished: true },
  ],
  [
    "T7: what was begun for a life is given up, though the runtime is down",
    {
      ending: ending(),
      inFlight: [flying({ subject: "image/web:1", kind: "pull-image", ref: "web:1" })],
      around: { ...gone, runtimeReady: false },
    },
    [],
    { withdraw: ["image/web:1"] },
  ],
  [
    "T5: the deadline, on the agent's clock",
    {
      desired: pod({ activeDeadlineSeconds: 100 }),
      containers: [instance("web")],
      memory: { startedAt: NOW.monoMs - 100_000 },
    },
    ["stop web-0 30s podEnding"],
    { terminal: { phase: "Failed", reason: "DeadlineExceeded" } },
  ],
  [
    "T5: the plan looks again when it is due",
    { desired: pod({ activeDeadlineSeconds: 160 }), containers: [instance("web")] },
    [],
    { wakeInMs: 60_000 },
  ],
  [
    "T18: what has come to its end stays there",
    {
      desired: never,
      sandboxes: dead,
      containers: [exited("web", 0)],
      memory: { ...cleared, ...stopped, terminal: { phase: "Succeeded", bootId: "boot-0" } },
    },
    [],
    { finished: true, cleaned: true, terminal: { phase: "Succeeded" } },
  ],
  [
    "8.2: what the shutdown of the host ended runs again after the next boot",
    { sandboxes: [], memory: { terminal: { phase: "Failed", reason: "Terminated", bootId: "boot-0" } } },
    ["run-sandbox 0", "find-image web:1"],
    { terminal: "none" },
  ],
  [
    "8.2: but not a pod of an API server, which has been replaced (P1)",
    {
      desired: pod({ origin: { kind: "api" } }),
      sandboxes: [],
      memory: { ...cleared, terminal: { phase: "Failed", reason: "Terminated", bootId: "boot-0" } },
    },
    [],
    { finished: true, cleaned: true, terminal: { phase: "Failed" } },
  ],
]);

describe("a container that its probe has ended", () => {
  const killed = { stop: { cause: "livenessFailed", by: 0 } } as const;

  it("keeps the instance before it until its own end is known, since that decides its back-off (B9)", () => {
    const { exitCode: _unread, ...unknown } = exited("web", 0, 0, { attempt: 1, detailed: false });
    const containers = [unknown, exited("web", 0, 5000)];
    const plan = nextPlan(picture({ containers, memory: { instances: { "web-1": killed } } }));
    expect(plan.actions.map(({ kind }) => kind)).not.toContain("remove-container");
  });

  it.each([
    ["has none before it: its successor waits for nothing", 0, 0],
    ["has lost the one before it: its successor carries the first back-off", 3, 10_000],
  ])("and %s (B9)", (_, attempt, backOffMs) => {
    const id = `web-${attempt}`;
    const plan = nextPlan(
      picture({ containers: [exited("web", 0, 0, { attempt })], memory: { instances: { [id]: killed } } }),
    );
    expect(plan.memory.starts.web?.decision).toEqual({ after: id, backOffMs });
  });
});

describe("an idle pod", () => {
  it("has nothing to do and no time to keep", () => {
    const plan = nextPlan(picture({ desired: two, containers: [instance("a"), instance("b")] }));
    expect(plan).toMatchObject({ actions: [], withdraw: [], holds: [] });
    expect(plan.wakeAt).toBeUndefined();
  });

  it("keeps its memory as it is", () => {
    const first = nextPlan(picture({ containers: [instance("web")] }));
    const again = picture({ containers: [instance("web")] });
    expect(nextPlan({ ...again, memory: first.memory }).memory).toBe(first.memory);
  });
});
