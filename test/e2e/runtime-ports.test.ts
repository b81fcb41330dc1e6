import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workFolder } from "../../dev/paths.ts";
import type { RuntimeVersion } from "../../dev/runtime/places.ts";
import { type Runtime as PrivateRuntime, startRuntime } from "../../dev/runtime/start.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { readHierarchies } from "../../src/cgroup/hierarchies.ts";
import { makeCgroups } from "../../src/cgroup/pod-cgroups.ts";
import { type Cri, connectCri } from "../../src/cri/connect.ts";
import { readKernelFacts } from "../../src/host/kernel.ts";
import { podCgroup } from "../../src/pod/cgroup.ts";
import type { DesiredContainer, DesiredPod } from "../../src/pod/desired.ts";
import type { Meter } from "../../src/pod/metrics.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../../src/pod/observed.ts";
import { podCgroupLimits, qosClass } from "../../src/pod/resources.ts";
import type { ContainerRequest } from "../../src/ports.ts";
import { FACTS, podOf, SETTINGS } from "../cri/pod-of.ts";

const LIVE = new AbortController().signal;

/** One private runtime with both ports on it, and what its event stream has shown. */
async function start(version: RuntimeVersion) {
  const folder = join(workFolder, "run", `ports-${version}`);
  const runtime = await startRuntime({ folder, version });
  const hierarchies = await readHierarchies();
  const cgroupVersion = hierarchies.some(({ version, controllers }) => version === 1 && controllers.includes("memory"))
    ? 1
    : 2;
  const settings = { ...SETTINGS, cgroupRoot: runtime.cgroupRoot, podLogsDir: join(folder, "logs") };
  const calls: string[] = [];
  const meter: Meter = {
    add: (name, labels) => {
      if (name === "kubelet_runtime_operations_total") calls.push(Object.values(labels).join());
    },
    set: () => {},
    observe: () => {},
    drop: () => {},
  };
  const cri = connectCri({
    runtimeEndpoint: runtime.endpoint,
    imageEndpoint: runtime.endpoint,
    requestTimeoutMs: 30_000,
    settings,
    facts: { ...FACTS, cgroupVersion, ...(await readKernelFacts(cgroupVersion)) },
    clock: systemClock,
    log: silentLog,
    meter,
  });
  await new Promise<void>((resolve) => cri.runtime.onReconnect(resolve));
  const makeParent = async (pod: DesiredPod): Promise<void> => {
    const layout = { driver: "cgroupfs" as const, root: settings.cgroupRoot, perQos: true };
    const limits = podCgroupLimits(pod.spec, settings);
    await makeCgroups(hierarchies).ensure(podCgroup(layout, qosClass(pod.spec), pod.uid), limits, LIVE);
  };
  return { runtime, cri, settings, calls, makeParent };
}

/** All that a stream has shown so far, and a wait for what is still to come. */
function watch(cri: Cri, signal: AbortSignal) {
  const seen: Sighting[] = [];
  let ring = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const sighting of cri.runtime.events(signal) ?? []) {
      seen.push(sighting);
      ring.resolve();
      ring = Promise.withResolvers();
    }
  })();
  const until = async (is: (sighting: Sighting) => boolean): Promise<Sighting> => {
    while (true) {
      const found = seen.find(is);
      if (found !== undefined) return found;
      await ring.promise;
    }
  };
  return { seen, until, reading };
}

const showsState = (id: string, state: ObservedContainer["state"]) => (sighting: Sighting) =>
  sighting.containers.some((container) => container.id === id && container.state === state);

describe.each<RuntimeVersion>(["2", "distro"])("one pod through the ports, containerd %s", (version) => {
  const pod = podOf({
    metadata: { labels: { tier: "front" } },
    spec: {
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.1"], searches: ["a.example"] },
      hostname: "front",
      containers: [
        {
          name: "app",
          image: "docker.io/library/busybox:1.36",
          command: ["sh", "-c", "echo $(GREETING); trap 'exit 7' TERM; while :; do sleep 0.1; done"],
          resources: { requests: { cpu: "100m", memory: "32Mi" }, limits: { cpu: "500m", memory: "64Mi" } },
          securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  });
  const [container] = pod.containers as [DesiredContainer];
  const stopWatching = new AbortController();
  let host: PrivateRuntime;
  let around: Awaited<ReturnType<typeof start>>;
  let events: ReturnType<typeof watch>;
  let sandbox: ObservedSandbox;
  let made: ObservedContainer;
  /** containerd 1.6 tells no events; another distribution's may. */
  let tellsEvents: boolean;
  let image: ContainerRequest["image"];

  const request = (attempt: number, changes: Partial<ContainerRequest> = {}): ContainerRequest => {
    const environment = [{ name: "GREETING", value: "good morning" }];
    return { pod, container, attempt, sandbox, image, backOffMs: 10_000, environment, mounts: [], ...changes };
  };

  beforeAll(async () => {
    around = await start(version);
    host = around.runtime;
    events = watch(around.cri, stopWatching.signal);
    tellsEvents = !around.cri.runtime.capabilities()?.version.startsWith("1.6.");
    await around.makeParent(pod);
    await mkdir(join(around.settings.podLogsDir, `default_web-node_${pod.uid}`, "app"), { recursive: true });
  });

  afterAll(async () => {
    stopWatching.abort();
    await events?.reading;
    around?.cri.close();
    await host?.stop();
  });

  it("says what it can do and how it is", async () => {
    const { runtime } = around.cri;
    expect(runtime.capabilities()).toMatchObject({ name: "containerd", events: tellsEvents });
    expect(await runtime.health(LIVE)).toEqual({ ready: true, networkReady: true });
    expect(await runtime.list(LIVE)).toEqual([]);
    expect(await runtime.foreignPods(LIVE)).toBe(0);
  });

  it("finds an image that is there, and none that is not", async () => {
    const found = await around.cri.images.find("docker.io/library/busybox:1.36", LIVE);
    expect(found).toMatchObject({ id: expect.stringMatching(/^sha256:/), size: expect.any(Number) });
    expect(await around.cri.images.find("docker.io/library/nowhere:1", LIVE)).toBeUndefined();
    image = found ?? { id: "" };
  });

  it("pulls an image", async () => {
    const pulled = await around.cri.images.pull({ ref: "docker.io/library/nginx:latest", pod, attempt: 0 }, LIVE);
    expect(pulled.id).toMatch(/^sha256:/);
    const missing = around.cri.images.pull({ ref: "docker.io/library/nowhere:1", pod, attempt: 0 }, LIVE);
    await expect(missing).rejects.toMatchObject({ code: "ImagePullFailed" });
  });

  it("starts a pod with at most one read beside the three writes", async () => {
    const { calls } = around;
    const { runtime } = around.cri;
    calls.length = 0;
    sandbox = await runtime.runSandbox({ pod, attempt: 0 }, LIVE);
    expect(sandbox).toMatchObject({ attempt: 0, state: "ready", hostNetwork: false });
    expect(sandbox.ips?.[0]).toMatch(/^10\./);
    made = await runtime.createContainer(request(0), LIVE);
    await runtime.startContainer(made.id, LIVE);
    const reads = tellsEvents ? [] : ["podsandbox_status"];
    expect(calls).toEqual(["run_podsandbox", ...reads, "create_container", "start_container"]);
  });

  it("shows it in full", async () => {
    const look = await around.cri.runtime.look(pod.uid, LIVE);
    expect(look).toMatchObject({ podUid: pod.uid, pod: { namespace: "default", name: "web-node" }, gone: [] });
    expect(look.sandboxes).toEqual([sandbox]);
    expect(look.containers).toMatchObject([
      // The runtime names the first of the image's tags, whichever was asked for.
      { ...made, state: "running", createdWallMs: expect.any(Number), image: expect.any(String), detailed: true },
    ]);
    const [listed] = await around.cri.runtime.list(LIVE);
    expect(listed?.containers).toMatchObject([{ id: made.id, attempt: 0, backOffMs: 10_000, hash: "abc123" }]);
  });

  it.runIf(version === "2")("tells it as events", async () => {
    const sighting = await events.until(showsState(made.id, "running"));
    expect(sighting).toMatchObject({ podUid: pod.uid, sandboxes: [sandbox] });
    expect(sighting.containers).toMatchObject([{ id: made.id, backOffMs: 10_000, detailed: true }]);
    // None has said that the sandbox has no address.
    expect(events.seen.flatMap(({ sandboxes }) => sandboxes).filter(({ ips }) => ips?.length === 0)).toEqual([]);
  });

  it("runs it as the manifest asks", async () => {
    const { runtime } = around.cri;
    const sh = async (text: string): Promise<string> => {
      const { stdout } = await runtime.execSync(made.id, ["sh", "-c", text], 10, LIVE);
      return Buffer.from(stdout).toString().trim();
    };
    expect(await sh("id -u; hostname; cat /etc/resolv.conf; grep -E 'NoNewPrivs|CapBnd' /proc/1/status")).toBe(
      "1000\nfront\nsearch a.example\nnameserver 192.0.2.1\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1",
    );
    const failing = await runtime.execSync(made.id, ["sh", "-c", "echo oh >&2; exit 3"], 10, LIVE);
    expect([failing.exitCode, Buffer.from(failing.stderr).toString()]).toEqual([3, "oh\n"]);
    await expect(runtime.execSync(made.id, ["sleep", "30"], 1, LIVE)).rejects.toMatchObject({ code: "RuntimeTimeout" });
    const streams = { stdin: false, stdout: true, stderr: true, tty: false };
    expect(await runtime.exec(made.id, ["ls"], streams, LIVE)).toMatch(/^http/);
    const log = join(around.settings.podLogsDir, `default_web-node_${pod.uid}`, "app", "0.log");
    expect(await readFile(log, "utf8")).toContain("stdout F good morning");
    await runtime.reopenLog(made.id, LIVE);
  });

  it("takes the same name a second time for what it is", async () => {
    const again = around.cri.runtime.createContainer(request(0), LIVE);
    await expect(again).rejects.toMatchObject({ code: "RuntimeNameReserved", effect: "unknown" });
  });

  it("tells how a start failed", async () => {
    const { runtime } = around.cri;
    const broken = { ...container, spec: { ...container.spec, command: ["/nowhere"] } };
    const created = await runtime.createContainer(request(1, { container: broken }), LIVE);
    await expect(runtime.startContainer(created.id, LIVE)).rejects.toMatchObject({ code: "RuntimeRefused" });
    expect(await runtime.container(created.id, LIVE)).toMatchObject({ state: "exited", attempt: 1, exitCode: 128 });
    await runtime.removeContainer(created.id, LIVE);
    expect(await runtime.container(created.id, LIVE)).toBeUndefined();
  });

  it("runs a pod on the host's network, which has no address of its own", async () => {
    const { runtime } = around.cri;
    const onHost: DesiredPod = { ...podOf({ spec: { hostNetwork: true } }), uid: "on-host", name: "host-node" };
    await around.makeParent(onHost);
    const made = await runtime.runSandbox({ pod: onHost, attempt: 1 }, LIVE);
    expect(made).toMatchObject({ attempt: 1, state: "ready", hostNetwork: true, ips: [] });
    expect((await runtime.list(LIVE)).map(({ podUid }) => podUid).sort()).toEqual([pod.uid, "on-host"]);
    await runtime.stopSandbox(made.id, LIVE);
    await runtime.removeSandbox(made.id, LIVE);
  });

  it("stops and removes it, twice if need be", async () => {
    const { runtime } = around.cri;
    await runtime.stopContainer(made.id, 10, LIVE);
    expect(await runtime.container(made.id, LIVE)).toMatchObject({ state: "exited", exitCode: 7, detailed: true });
    if (version === "2") await events.until(showsState(made.id, "exited"));
    await runtime.stopSandbox(sandbox.id, LIVE);
    expect(await runtime.look(pod.uid, LIVE)).toMatchObject({ sandboxes: [{ id: sandbox.id, state: "notReady" }] });
    for (const _time of ["first", "second"]) {
      await runtime.removeContainer(made.id, LIVE);
      await runtime.stopContainer(made.id, 2, LIVE);
      await runtime.stopSandbox(sandbox.id, LIVE);
      await runtime.removeSandbox(sandbox.id, LIVE);
    }
    expect(await runtime.look(pod.uid, LIVE)).toMatchObject({ sandboxes: [], containers: [] });
    if (version === "2") await events.until(({ gone }) => gone.includes(made.id));
  });
});
