import { describe, expect, it } from "vitest";
import type { Known, ToldHold } from "../../src/cmd/berth/cause.ts";
import { explainBroken, explainPod } from "../../src/cmd/berth/explain-pod.ts";
import { wrapText } from "../../src/cmd/berth/wrap-text.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { makePod } from "../serve/house.ts";

/** A pod that is not ready, with what is known of it. */
function known(status: v1.PodStatus, more: Partial<Omit<Known, "pod">> = {}): Known {
  const pod = makePod("web");
  const whole = { ...pod, status: { phase: "Pending", conditions: [], ...status } };
  return { pod: whole, holds: [], probes: [], events: [], problems: [], ...more };
}

const held = (hold: Partial<ToldHold>): Known =>
  known({}, { holds: [{ subject: "container/main", reason: "", message: "", needs: "time", ...hold }] });

const state = (state: v1.ContainerState, more: Partial<v1.ContainerStatus> = {}): v1.PodStatus => ({
  phase: "Running",
  containerStatuses: [{ name: "main", ready: false, restartCount: 0, image: "", imageID: "", state, ...more }],
});

describe("explain", () => {
  it("names a pod of another namespace so that the command can be typed as it stands", () => {
    const status = state({ terminated: { exitCode: 4, reason: "Error" } }, { restartCount: 3 });
    const { pod, ...rest } = known({ ...status, containerStatuses: status.containerStatuses ?? [] });
    const moved = { ...pod, metadata: { ...pod.metadata, namespace: "other" } };
    expect(explainPod({ ...rest, pod: moved })).toContain("berth logs -n other web-node1 -c main");
  });

  it.each<[string, Known, string, string]>([
    [
      "an image that is not there",
      held({
        needs: "image",
        reason: "ImagePullBackOff",
        message: 'Back-off pulling image "x": not found',
        waitsMs: 9500,
      }),
      'container main waits for its image: Back-off pulling image "x": not found (tried again in 10 s)',
      "check the image's name and tag",
    ],
    [
      "an ending that the runtime does not get done (T11)",
      held({ subject: "pod", reason: "ExceededGracePeriod", message: "the runtime has not ended it within 45 s" }),
      "it should have ended by now: the runtime has not ended it within 45 s",
      "journalctl -u containerd",
    ],
    [
      "a registry far away",
      held({ needs: "image", message: "dial tcp: lookup quay.io: no such host" }),
      "waits for its image",
      "berth image load FILE",
    ],
    [
      "a registry with a login",
      held({ needs: "image", message: "pull access denied: unauthorized" }),
      "waits",
      "imagePullSecrets",
    ],
    [
      "an image that must not be pulled",
      held({ needs: "image", reason: "ErrImageNeverPull", message: "x" }),
      "waits",
      "imagePullPolicy",
    ],
    [
      "a missing ConfigMap",
      held({ needs: "document", reason: "CreateContainerConfigError", message: 'configmap "settings" not found' }),
      'waits for a document: configmap "settings" not found',
      "kind: ConfigMap with the name settings and the namespace default",
    ],
    [
      "a port that is taken",
      held({
        subject: "sandbox",
        reason: "FailedCreatePodSandBox",
        message: "plugin type=portmap: cannot open hostport 80: address already in use",
      }),
      "its sandbox cannot be made",
      "ss -ltnp",
    ],
    [
      "a cgroup that cannot be made",
      held({
        subject: "pod",
        needs: "volume",
        reason: "FailedCreatePodContainer",
        message: "Failed to connect to bus: No such file or directory",
      }),
      "its cgroup cannot be made: Failed to connect to bus",
      "berth doctor looks at the cgroups",
    ],
    [
      "directories that find no room",
      held({ subject: "pod", needs: "volume", reason: "Failed", message: "ENOSPC: no space left on device, mkdir" }),
      "its directories cannot be made: ENOSPC",
      "the disk is full",
    ],
    [
      "a volume that cannot be set up",
      held({ subject: "volume/site", needs: "volume", reason: "FailedMount", message: "hostPath type check failed" }),
      "a volume cannot be set up: hostPath type check failed",
      "mend what the message names",
    ],
    [
      "a sandbox whose image is no pause image",
      known(
        state(
          { waiting: { reason: "CrashLoopBackOff" } },
          {
            lastState: {
              terminated: {
                exitCode: 128,
                reason: "StartError",
                message: "failed to start shim: can't find shim for sandbox da03: not found",
              },
            },
          },
        ),
      ),
      "ended with exit code 128 (StartError)",
      "berth doctor looks at its image",
    ],
    [
      "a network that is not ready",
      held({ subject: "sandbox", needs: "network", message: "cni plugin not initialized" }),
      "the pod network is not ready",
      "berth doctor --fix",
    ],
    [
      "a runtime that is down",
      held({ subject: "pod", needs: "runtime", message: "connection refused" }),
      "does not answer",
      "systemctl status containerd",
    ],
    [
      "an older pod of the name",
      held({ subject: "pod", needs: "name", message: "uid 1 ends" }),
      "older pod of the same name",
      "berth get pods -w",
    ],
    [
      "a full disk",
      held({ reason: "CreateContainerError", message: "write /x: no space left on device" }),
      "cannot be started",
      "the disk is full",
    ],
    [
      "a program that is not there",
      held({ reason: "RunContainerError", message: 'exec: "nope": executable file not found in $PATH' }),
      "cannot be started",
      "the image has no such program",
    ],
    [
      "a crash loop",
      known(
        state(
          { waiting: { reason: "CrashLoopBackOff" } },
          { restartCount: 3, lastState: { terminated: { exitCode: 4, reason: "Error" } } },
        ),
        {
          holds: [
            { subject: "container/main", reason: "CrashLoopBackOff", message: "", needs: "time", waitsMs: 20_000 },
          ],
        },
      ),
      "container main does not stay up: its last instance ended with exit code 4, 4 times so far (tried again in 20 s)",
      "berth logs web-node1 -c main -p",
    ],
    [
      "a program that ends well",
      known(
        state(
          { waiting: { reason: "CrashLoopBackOff" } },
          { restartCount: 1, lastState: { terminated: { exitCode: 0 } } },
        ),
      ),
      "exit code 0",
      "restartPolicy: OnFailure",
    ],
    [
      "too little memory",
      known(state({ waiting: {} }, { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } })),
      "exit code 137 (OOMKilled)",
      "resources.limits.memory",
    ],
    [
      "a failing readiness probe",
      known(state({ running: {} }), {
        probes: [
          {
            container: "main",
            probe: "readiness",
            result: "failed",
            streak: { verdict: "failed", count: 3 },
            last: { attempt: "failed", atWallMs: 0, tookMs: 1, output: "HTTP probe failed with statuscode: 503" },
          },
        ],
      }),
      "is not ready by its readiness probe: the last attempt failed, 3 times in a row: HTTP probe failed with statuscode: 503",
      "berth exec web-node1 -c main",
    ],
    [
      "a refused pod",
      known({ phase: "Failed", reason: "OutOfcpu", message: "Node didn't have enough resource: cpu" }),
      "is failed: this host cannot take it",
      "lower the pod's requests",
    ],
    [
      "one that only takes its time",
      known(state({ waiting: { reason: "ContainerCreating" } })),
      "it is on its way",
      "wait a moment",
    ],
  ])("%s", (_, facts, text, next) => {
    const said = explainPod(facts);
    expect(said).toContain(text);
    expect(said.slice(said.indexOf("Next: "))).toContain(next);
    expect(said).toMatch(/^Pod default\/web-node1 is (not ready|failed): .*\. Next: .*\.$/);
  });

  it.each<[v1.Probe, string]>([
    [{ httpGet: { port: "web", path: "/ready?a=1" } }, "wget -qO- 'http://localhost:8080/ready?a=1'"],
    [{ httpGet: { port: 80, scheme: "HTTPS", host: "10.0.0.1" } }, "wget -qO- https://10.0.0.1:80/"],
    [{ tcpSocket: { port: "web" } }, "nc -z localhost 8080"],
    [{ exec: { command: ["sh", "-c", "echo it's"] } }, "sh -c 'echo it'\\''s'"],
    [{ exec: { command: ["sh", "-c", "true; ".repeat(40)] } }, "COMMAND"],
    [{ grpc: { port: 80 } }, "COMMAND"],
  ])("a probe %j can be tried by hand", (readinessProbe, trial) => {
    const probes = [{ container: "main", probe: "readiness", result: "failed" } as const];
    const { pod, ...rest } = known(state({ running: {} }), { probes });
    const containers = [{ name: "main", image: "i", ports: [{ name: "web", containerPort: 8080 }], readinessProbe }];
    const said = explainPod({ ...rest, pod: { ...pod, spec: { ...pod.spec, containers } } });
    expect(said).toContain(`try it by hand: berth exec web-node1 -c main -- ${trial}; what the program itself says`);
  });

  it("a runtime that does not answer is told of once", () => {
    const message = "the container runtime does not answer";
    const said = explainPod(held({ subject: "pod", needs: "runtime", message }));
    expect(said.split("does not answer")).toHaveLength(2);
  });

  it("a liveness probe that kills is named", () => {
    const involvedObject = { kind: "Pod", name: "web-node1", fieldPath: "spec.containers{main}" };
    const event = {
      type: "Warning",
      metadata: { name: "event", namespace: "default" },
      involvedObject,
      firstTimestamp: "",
      lastTimestamp: "",
      count: 1,
    };
    const events = [
      { ...event, reason: "Unhealthy", message: "Liveness probe failed: no route" },
      { ...event, reason: "Killing", message: "Container main failed liveness probe, will be restarted" },
    ];
    const facts = known(state({ waiting: {} }, { lastState: { terminated: { exitCode: 143 } } }), { events });
    expect(explainPod(facts)).toContain("it is killed because its liveness probe fails: no route");
  });

  it("a pod that is ready, and one whose manifest broke since", () => {
    const pod = makePod("web");
    const facts = { pod, holds: [], probes: [], events: [], problems: [] };
    expect(explainPod(facts)).toBe("Pod default/web-node1 is ready.");
    const problem = {
      code: "FieldUnknown",
      severity: "error",
      file: "/m/web.yaml",
      line: 3,
      column: 1,
      message: "unknown field",
      advice: "did you mean x?",
    } as const;
    expect(explainPod({ ...facts, problems: [problem] })).toBe(
      "Pod default/web-node1 is ready. Its manifest has a problem, so that what was accepted last goes on: /m/web.yaml:3:1: unknown field. To mend it: did you mean x?",
    );
    expect(explainBroken("web", [problem])).toBe(
      "There is no pod web: its manifest was not accepted. /m/web.yaml:3:1: unknown field. To mend it: did you mean x?",
    );
  });
});

it("a paragraph is wrapped between words", () => {
  expect(wrapText("one two three four", 8)).toBe("one two\nthree\nfour\n");
});
