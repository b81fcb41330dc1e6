import { describe, expect, it } from "vitest";
import { runtimeClassContent } from "../../src/decide/cluster-document.ts";
import type { ClusterNode, NodeSystemInfo } from "../../src/pod/cluster.ts";
import { type Meter, silentMeter } from "../../src/pod/metrics.ts";
import { runtimeClassKey } from "../../src/pod/runtime-class.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { bound, deleted, names, server, shown, withWeb } from "../kit/bound-world.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld, type World } from "../kit/world.ts";

describe("pods of an API server (node.md 3.1 to 3.4)", () => {
  it("run under their own names and UIDs, with the generation that was synced", async () => {
    const host = await withWeb(bound("web", { generation: 3 }));
    expect(names(host)).toEqual(["web#0 running"]);
    const { metadata, status } = shown(host, "uid-web") ?? {};
    expect([metadata?.name, metadata?.annotations?.["kubernetes.io/config.source"]]).toEqual(["web", "api"]);
    expect([status?.phase, status?.observedGeneration]).toEqual(["Running", 3]);
    expect(status?.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual([3, 3, 3, 3, 3]);
  });

  it("are shown with their owners and all else that the server says of them (node.md 6.3)", async () => {
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "uid-set", controller: true };
    const said = { generateName: "web-", generation: 2, ownerReferences: [owner], finalizers: ["example.com/hold"] };
    const changing = { resourceVersion: "7", managedFields: [{ manager: "kubectl" }] };
    const pod = bound("web", { ...said, ...changing, labels: { app: "web" } });
    const host = await withWeb(pod);
    const metadata = () => shown(host, "uid-web")?.metadata ?? {};
    expect(metadata()).toMatchObject({ ...said, name: "web", uid: "uid-web", labels: { app: "web" } });
    expect(Object.keys(metadata())).not.toContain("resourceVersion");
    expect(Object.keys(metadata())).not.toContain("managedFields");
    server(host).follower.onPut(deleted(pod, 7));
    await host.clock.advance(3000);
    const deletion = { deletionTimestamp: "2026-01-01T01:00:00Z", deletionGracePeriodSeconds: 7 };
    expect(metadata()).toMatchObject({ ...said, ...deletion });
    host.kill();
    await host.start();
    await host.clock.advance(3000);
    expect(metadata()).toMatchObject({ ...said, ...deletion });
  });

  it("restart a container whose image was changed, under the same UID", async () => {
    const host = await withWeb();
    const next = bound("web", { generation: 2 }, { containers: [{ name: "app", image: "app:2" }] });
    server(host).follower.onPut(next);
    await host.clock.advance(40_000);
    expect(names(host)).toContain("web#1 running");
  });

  it("do nothing for a status that comes back from the server", async () => {
    const host = await withWeb();
    const before = host.trace.length;
    server(host).follower.onPut({ ...bound("web"), status: { phase: "Running", startTime: "2026-01-01T00:00:00Z" } });
    await host.clock.advance(1000);
    expect(host.trace.length).toBe(before);
  });

  it("end with the grace of their deletion, and stay known until the server forgets them", async () => {
    const host = await withWeb();
    const stop = (): string[] => host.trace.map(({ text }) => text).filter((text) => text.startsWith("StopContainer"));
    server(host).follower.onPut(deleted(bound("web"), 7));
    await host.clock.advance(3000);
    expect([names(host), stop()]).toEqual([["web#0 exited"], ["StopContainer web/app#0 7s"]]);
    expect([server(host).isCleaned("uid-web"), shown(host, "uid-web")?.status?.phase]).toEqual([true, "Succeeded"]);
    await host.clock.advance(120_000);
    expect([names(host), shown(host, "uid-web")?.status?.phase]).toEqual([["web#0 exited"], "Succeeded"]);
    server(host).follower.onGone(bound("web"));
    await host.clock.advance(3000);
    expect(names(host)).toEqual([]);
    expect([shown(host, "uid-web"), host.disk.homes.size, host.disk.records.size]).toEqual([undefined, 0, 0]);
  });

  it("never begin when they were deleted before, and are over at once", async () => {
    const host = await withWeb(deleted(bound("web"), 30));
    expect(host.trace.some(({ text }) => text.startsWith("RunPodSandbox"))).toBe(false);
    expect([server(host).isCleaned("uid-web"), shown(host, "uid-web")?.status?.phase]).toEqual([true, "Failed"]);
  });

  it("end by their own grace when the server has forgotten them", async () => {
    const host = await withWeb(bound("web", {}, { terminationGracePeriodSeconds: 12 }));
    server(host).follower.onSet([]);
    await host.clock.advance(3000);
    expect(host.trace.map(({ text }) => text)).toContain("StopContainer web/app#0 12s");
    expect(names(host)).toEqual([]);
  });

  it("never run (again) when the server shows them as over and nothing is known of them here", async () => {
    const over: v1.Pod = { ...bound("web"), status: { phase: "Failed", reason: "OutOfcpu", message: "too large" } };
    const host = await withWeb(over);
    await host.clock.advance(60_000);
    expect(host.trace.some(({ text }) => text.startsWith("RunPodSandbox"))).toBe(false);
    expect(shown(host, "uid-web")?.status).toMatchObject({ phase: "Failed", reason: "OutOfcpu" });
  });

  it("are refused for good where the node lacks what they ask for, by name", async () => {
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
    const host = await withWeb(bound("web", {}, { volumes }));
    expect(shown(host, "uid-web")?.status).toMatchObject({
      phase: "Failed",
      reason: "PodFeatureUnsupported",
      message:
        "Pod was rejected: Pod requires node features that are not available: spec.volumes[0].persistentVolumeClaim",
    });
    server(host).follower.onPut(deleted(bound("web", {}, { volumes }), 30));
    await host.clock.advance(2000);
    expect(server(host).isCleaned("uid-web")).toBe(true);
  });

  it("stay refused when room appears: their controllers have replaced them", async () => {
    const huge = { containers: [{ name: "app", image: "app:1", resources: { requests: { cpu: "1500m" } } }] };
    const host = await withWeb(bound("one", {}, huge));
    server(host).follower.onPut(bound("two", {}, huge));
    await host.clock.advance(1000);
    expect(shown(host, "uid-two")?.status).toMatchObject({ phase: "Failed", reason: "OutOfcpu" });
    server(host).follower.onGone(bound("one"));
    await host.clock.advance(120_000);
    expect([names(host), shown(host, "uid-two")?.status?.phase]).toEqual([[], "Failed"]);
  });

  it("get extended resources as far as the server shows that the node has them", async () => {
    const resources = { requests: { "example.org/dongle": "1" }, limits: { "example.org/dongle": "1" } };
    const asking = (name: string): v1.Pod =>
      bound(name, {}, { containers: [{ name: "app", image: "app:1", resources }] });
    const host = await withWeb(asking("web"));
    const node = (count: string): ClusterNode => ({
      metadata: { name: "node" },
      status: {
        allocatable: { cpu: "2", "example.org/dongle": count },
        nodeInfo: { kubeletVersion: "v1.36.2+berth.1" } as NodeSystemInfo,
      },
    });
    host.agent().clusterShelf.setNode(node("2"));
    for (const name of ["two", "three"]) server(host).follower.onPut(asking(name));
    await host.clock.advance(2000);
    expect(names(host)).toEqual(["web#0 running", "two#0 running"]);
    expect(shown(host, "uid-three")?.status).toMatchObject({
      reason: "OutOfexample.org/dongle",
      message:
        "Pod was rejected: Node didn't have enough resource: example.org/dongle, requested: 1, used: 2, capacity: 2",
    });
    host.agent().clusterShelf.setNode(node("4"));
    server(host).follower.onPut(asking("four"));
    await host.clock.advance(2000);
    expect(names(host)).toContain("four#0 running");
    host.agent().clusterShelf.setNode(node("0"));
    await host.clock.advance(2000);
    expect(names(host)).toHaveLength(3);
  });

  it("count what their readiness gates say, which others decide", async () => {
    const spec = { readinessGates: [{ conditionType: "example.com/seen" }] };
    const host = await withWeb(bound("web", {}, spec));
    const ready = () => shown(host, "uid-web")?.status?.conditions?.find(({ type }) => type === "Ready");
    expect(ready()).toMatchObject({ status: "False", reason: "ReadinessGatesNotReady" });
    const conditions = [{ type: "example.com/seen", status: "True" as const }];
    server(host).follower.onPut({ ...bound("web", {}, spec), status: { conditions } });
    await host.clock.advance(1000);
    expect(ready()).toMatchObject({ status: "True" });
    expect(shown(host, "uid-web")?.status?.conditions?.map(({ type }) => type)).not.toContain("example.com/seen");
  });
});

describe("the runtime class of an API server's pod", () => {
  const key = runtimeClassKey("vm");
  const classed = bound("web", {}, { runtimeClassName: "vm", overhead: { memory: "64Mi" } });
  const told = (from: World, word: string) => from.trace.flatMap(({ text }) => (text.startsWith(word) ? [text] : []));
  const put = (from: World, handler: string) =>
    from.agent().clusterShelf.put(runtimeClassContent(key, { metadata: { name: "vm" }, handler }, 0));

  it("is waited for, and gives the sandbox its handler", async () => {
    const host = await withWeb(classed);
    expect(told(host, "RunPodSandbox")).toEqual([]);
    host.agent().clusterShelf.gone(key);
    await host.clock.advance(60_000);
    expect(told(host, "RunPodSandbox")).toEqual([]);
    expect(shown(host, "uid-web")?.status).toMatchObject({
      phase: "Pending",
      containerStatuses: [{ state: { waiting: { reason: "ContainerCreating" } } }],
    });
    const event = 'Failed to create pod sandbox: runtimeclass.node.k8s.io "vm" not found';
    expect(host.trace.filter(({ kind, text }) => kind === "event" && text.includes(event))).toHaveLength(1);
    put(host, "runc");
    await host.clock.advance(2000);
    expect(told(host, "RunPodSandbox")).toEqual(["RunPodSandbox web#0 by runc"]);
    host.agent().clusterShelf.gone(key);
    await host.clock.advance(60_000);
    expect(names(host)).toEqual(["web#0 running"]);
  });

  it("is tried again where the runtime does not have its handler", async () => {
    const host = await withWeb(classed);
    put(host, "none");
    await host.clock.advance(25_000);
    expect(told(host, "RunPodSandbox").length).toBeGreaterThanOrEqual(2);
    put(host, "runc");
    await host.clock.advance(15_000);
    expect(names(host)).toEqual(["web#0 running"]);
  });
});

describe("ephemeral containers of an API server's pods", () => {
  const spec = (...ephemeralContainers: v1.EphemeralContainer[]): Partial<v1.PodSpec> => ({ ephemeralContainers });
  const debug: v1.EphemeralContainer = { name: "debug", image: "tools:1", targetContainerName: "app" };
  const debugged = bound("web", { generation: 2 }, spec(debug));
  const told = (from: World) => from.trace.map(({ text }) => text);
  const of = (from: World, uid = "uid-web") => shown(from, uid)?.status?.ephemeralContainerStatuses;
  const idOf = (from: World, container: string) =>
    [...from.runtime.state.containers.values()].find(({ name }) => name === container)?.id ?? "";
  async function withDebug(): Promise<World> {
    const host = await withWeb();
    server(host).follower.onPut(debugged);
    await host.clock.advance(2000);
    return host;
  }

  it("join the pod that runs, and touch nothing of it", async () => {
    const host = await withDebug();
    expect(names(host)).toEqual(["web#0 running", "web#0 running"]);
    expect(told(host).filter((text) => /^(Stop|Remove|RunPod)/.test(text))).toEqual([
      expect.stringContaining("RunPodSandbox"),
    ]);
    expect(of(host)).toMatchObject([{ name: "debug", ready: false, restartCount: 0, state: { running: {} } }]);
    expect(shown(host, "uid-web")?.status).toMatchObject({
      observedGeneration: 2,
      containerStatuses: [{ name: "app", restartCount: 0 }],
    });
  });

  it("never run again, under this agent or the next", async () => {
    const host = await withDebug();
    host.runtime.state.exit(idOf(host, "debug"), 0);
    await host.clock.advance(600_000);
    expect(of(host)).toMatchObject([{ restartCount: 0, state: { terminated: { exitCode: 0 } } }]);
    await host.stop();
    await host.start();
    server(host).follower.onSet([debugged]);
    await host.clock.advance(600_000);
    expect(names(host).sort()).toEqual(["web#0 exited", "web#0 running"]);
    expect(of(host)).toMatchObject([{ restartCount: 0, state: { terminated: { exitCode: 0 } } }]);
  });

  it("go on under the next agent, killed or not, and before the server has told anything", async () => {
    const host = await withDebug();
    const id = idOf(host, "debug");
    host.kill();
    await host.start();
    await host.clock.advance(60_000);
    expect(of(host)).toMatchObject([{ containerID: `containerd://${id}`, state: { running: {} } }]);
    server(host).follower.onSet([debugged]);
    await host.clock.advance(60_000);
    expect(idOf(host, "debug")).toBe(id);
    expect(names(host)).toEqual(["web#0 running", "web#0 running"]);
  });

  it("are left alone by an agent whose record is older than they are", async () => {
    const host = await withWeb();
    const record = host.disk.records.get("uid-web");
    server(host).follower.onPut(debugged);
    await host.clock.advance(2000);
    host.kill();
    if (record === undefined) throw new Error("the pod has no record");
    await Promise.all([host.disk.files.saveRecord(record, new AbortController().signal), host.clock.advance(1000)]);
    await host.start();
    await host.clock.advance(60_000);
    expect(names(host)).toEqual(["web#0 running", "web#0 running"]);
    server(host).follower.onSet([debugged]);
    await host.clock.advance(60_000);
    expect(of(host)).toMatchObject([{ restartCount: 0, state: { running: {} } }]);
  });

  it("end with their pod", async () => {
    const host = await withDebug();
    server(host).follower.onPut(deleted(debugged, 7));
    await host.clock.advance(5000);
    expect(
      told(host)
        .filter((text) => text.startsWith("StopContainer"))
        .sort(),
    ).toEqual(["StopContainer web/app#0 7s", "StopContainer web/debug#0 7s"]);
    expect(server(host).isCleaned("uid-web")).toBe(true);
  });

  it("do not keep a pod running whose own containers have ended", async () => {
    const host = await withWeb(bound("web", {}, { restartPolicy: "Never", ...spec(debug) }));
    await host.clock.advance(2000);
    host.runtime.state.exit(idOf(host, "app"), 0);
    await host.clock.advance(60_000);
    expect(shown(host, "uid-web")?.status?.phase).toBe("Succeeded");
    expect(names(host)).toEqual(["web#0 exited", "web#0 exited"]);
  });

  it("wait for a target that does not run, and for an image that is not there", async () => {
    const missing = { name: "other", image: "none:1", imagePullPolicy: "Never" };
    const host = await withWeb(bound("web", {}, spec(debug, missing)));
    await host.clock.advance(2000);
    expect(of(host)).toMatchObject([
      { name: "debug", state: { running: {} } },
      { name: "other", state: { waiting: { reason: "ErrImageNeverPull" } } },
    ]);
    expect(shown(host, "uid-web")?.status).toMatchObject({
      phase: "Running",
      containerStatuses: [{ ready: true, restartCount: 0 }],
    });
  });
});

describe("pods of an API server that is away (node.md 3.1, 3.3)", () => {
  it("go on under a new agent, and static pods come and go meanwhile", async () => {
    const host = await withWeb();
    await host.stop();
    host.directory.put("local.yaml", { kind: "pod", manifest: plainPod("local") });
    await host.start();
    await host.clock.advance(20_000);
    expect(names(host).sort()).toEqual(["local-node#0 running", "web#0 running"]);
    const web = [...host.runtime.state.containers.values()].find(({ pod }) => pod.name === "web");
    host.runtime.state.exit(web?.id ?? "", 1);
    await host.clock.advance(60_000);
    expect(names(host)).toContain("web#1 running");
    host.directory.remove("local.yaml");
    await host.clock.advance(8 * 3600 * 1000);
    expect(names(host).filter((name) => name.includes("running"))).toEqual(["web#1 running"]);
  });

  it("end when the server, once it is back, does not know them", async () => {
    const host = await withWeb();
    await host.stop();
    await host.start();
    await host.clock.advance(20_000);
    expect(names(host)).toEqual(["web#0 running"]);
    server(host).follower.onSet([]);
    await host.clock.advance(3000);
    expect(names(host)).toEqual([]);
  });

  it("are remembered as ended until the server has heard of it, and do not run again", async () => {
    const host = await withWeb();
    host.runtime.behave("app", { onTerm: { afterMs: 8000, exitCode: 7 } });
    server(host).follower.onSet([deleted(bound("web"), 20)]);
    await host.clock.advance(2000);
    await Promise.all([host.stop(), host.clock.advance(6000)]);
    await host.start();
    await host.clock.advance(120_000);
    const exit = () => shown(host, "uid-web")?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    expect([shown(host, "uid-web")?.status?.phase, exit()]).toEqual(["Failed", 7]);
    server(host).follower.onSet([deleted(bound("web"), 20)]);
    await host.clock.advance(10_000);
    expect([exit(), server(host).isCleaned("uid-web"), names(host)]).toEqual([7, true, ["web#0 exited"]]);
    server(host).follower.onSet([]);
    await host.clock.advance(10_000);
    expect([shown(host, "uid-web"), host.disk.records.size, names(host)]).toEqual([undefined, 0, []]);
  });

  it("are left alone without a record until the server has told its pods", async () => {
    const host = await withWeb();
    await host.stop();
    host.disk.tear("uid-web");
    await host.start();
    await host.clock.advance(120_000);
    expect(names(host)).toEqual(["web#0 running"]);
    server(host).follower.onSet([bound("web")]);
    await host.clock.advance(5000);
    expect(names(host)).toEqual(["web#0 running"]);
    expect(shown(host, "uid-web")?.status?.phase).toBe("Running");
  });
});

describe("room for critical pods (node.md 4)", () => {
  const asks = (cpu: string) => ({ containers: [{ name: "app", image: "app:1", resources: { requests: { cpu } } }] });

  it("is taken from pods of an API server, which end as preempted", async () => {
    const counted: object[] = [];
    const meter: Meter = { ...silentMeter, add: (...told) => void counted.push(told) };
    const host = await withWeb(bound("web", {}, asks("1500m")), meter);
    host.directory.put("local.yaml", { kind: "pod", manifest: plainPod("local", asks("1")) });
    await host.clock.advance(5000);
    expect(names(host).sort()).toEqual(["local-node#0 running", "web#0 exited"]);
    expect(counted.filter((told) => JSON.stringify(told).includes("kubelet_preemptions"))).toEqual([
      ["kubelet_preemptions", { preemption_signal: "cpu" }],
    ]);
    expect(shown(host, "uid-web")?.status).toMatchObject({
      phase: "Failed",
      reason: "Preempting",
      message: "Preempted in order to admit critical pod",
    });
    const target = shown(host, "uid-web")?.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    expect(target).toMatchObject({ status: "True", reason: "TerminationByKubelet" });
  });

  it("is not taken where it would not be enough", async () => {
    const host = await withWeb(bound("web", {}, asks("500m")));
    host.directory.put("local.yaml", { kind: "pod", manifest: plainPod("local", asks("5")) });
    await host.clock.advance(5000);
    expect(names(host)).toEqual(["web#0 running"]);
    expect(host.pod("local")?.status).toMatchObject({ phase: "Failed", reason: "OutOfcpu" });
  });
});

describe("documents of pods of an API server (node.md 3.8)", () => {
  const using = (): v1.Pod =>
    bound(
      "web",
      {},
      { containers: [{ name: "app", image: "app:1", envFrom: [{ configMapRef: { name: "settings" } }] }] },
    );
  const settings = (version: string) => ({
    ...{ key: "ConfigMap/default/settings" as const, version, immutable: false, seenWallMs: 0 },
    body: { type: "", data: new Map([["COLOUR", new Uint8Array(Buffer.from("red"))]]), binaryKeys: new Set<string>() },
  });

  it("are waited for until the server was heard, and held for where they are missing", async () => {
    const host = await withWeb(using());
    const { clusterShelf } = host.agent();
    expect([...clusterShelf.wanted().keys()]).toEqual(["ConfigMap/default/settings"]);
    expect([names(host), host.disk.homes.size]).toEqual([[], 0]);
    clusterShelf.gone("ConfigMap/default/settings");
    await host.clock.advance(1000);
    expect(host.agent().view.holds("default/web")).toMatchObject([{ message: 'configmap "settings" not found' }]);
    clusterShelf.put(settings("1"));
    await host.clock.advance(1000);
    expect(names(host)).toEqual(["web#0 running"]);
  });

  it("that are tokens hold up no pod whose volumes stand when they expire, and each that needs new ones", async () => {
    const projected = { sources: [{ serviceAccountToken: { path: "token" } }] };
    const containers = [{ name: "app", image: "app:1", volumeMounts: [{ name: "token", mountPath: "/token" }] }];
    const withToken = (name: string): v1.Pod =>
      bound(name, {}, { containers, volumes: [{ name: "token", projected }] });
    const host = await withWeb(withToken("web"));
    const { clusterShelf, view } = host.agent();
    const put = (version: string): void => {
      for (const key of clusterShelf.wanted().keys()) {
        const body = { type: "", data: new Map(), binaryKeys: new Set<string>() };
        clusterShelf.put({ key, version, immutable: false, seenWallMs: 0, body });
      }
    };
    put("1");
    await host.clock.advance(1000);
    expect(names(host)).toEqual(["web#0 running"]);
    server(host).follower.onPut(withToken("next"));
    for (const key of clusterShelf.wanted().keys()) clusterShelf.expire(key);
    const before = host.trace.length;
    await host.clock.advance(60_000);
    expect(host.trace.slice(before).filter(({ text }) => /volume web|web\/app/.test(text))).toEqual([]);
    expect(view.holds("default/next")).toMatchObject([{ reason: "FailedMount", message: /expired/ }]);
    for (const { id, pod } of host.runtime.state.containers.values())
      if (pod.name === "web") host.runtime.state.exit(id, 1);
    await host.clock.advance(30_000);
    expect(names(host)).toContain("web#1 running");
    put("2");
    await host.clock.advance(30_000);
    expect(names(host)).toContain("next#0 running");
    expect(host.trace.slice(before).some(({ text }) => text.startsWith("set volume web"))).toBe(true);
  });

  it("go with their pods", async () => {
    const host = makeWorld({ bound: true });
    await host.start();
    server(host).follower.onSet([using()]);
    host.agent().clusterShelf.put(settings("1"));
    await host.clock.advance(1000);
    expect(names(host)).toEqual(["web#0 running"]);
    server(host).follower.onGone(using());
    expect(host.agent().clusterShelf.wanted().size).toBe(0);
  });
});
