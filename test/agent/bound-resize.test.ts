import { describe, expect, it } from "vitest";
import { type Meter, silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { bound, names, server, shown, withWeb } from "../kit/bound-world.ts";
import type { World } from "../kit/world.ts";

describe("resources that change while an API server's pod runs (S26)", () => {
  const sized = (cpu: string, memory: string, generation: number, resizePolicy?: v1.ContainerResizePolicy[]) => {
    const resources = { requests: { cpu, memory }, limits: { cpu, memory } };
    const own = { name: "app", image: "app:1", resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) };
    return bound("web", { generation }, { containers: [own] });
  };
  const updates = (from: World) =>
    from.trace.flatMap(({ text }) =>
      text.startsWith("UpdateContainerResources") && !text.includes("->") ? [text] : [],
    );
  /** Another pod takes most of the node. */
  const crowd = async (host: World): Promise<v1.Pod> => {
    const large = { name: "o", image: "app:1", resources: { requests: { cpu: "1500m" } } };
    const other = bound("other", {}, { containers: [large] });
    server(host).follower.onPut(other);
    await host.clock.advance(2000);
    return other;
  };
  const status = (from: World) => shown(from, "uid-web")?.status;
  const condition = (from: World, type: string) => status(from)?.conditions?.find((one) => one.type === type);
  const events = (from: World) => from.trace.flatMap(({ kind, text }) => (kind === "event" ? [text] : []));

  it("are given to the running container, which is not restarted", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    expect(status(host)?.containerStatuses).toMatchObject([
      {
        allocatedResources: { cpu: "100m", memory: "64Mi" },
        resources: { limits: { cpu: "100m", memory: "64Mi" }, requests: { cpu: "100m", memory: "64Mi" } },
      },
    ]);
    server(host).follower.onPut(sized("200m", "96Mi", 2));
    await host.clock.advance(2000);
    expect(names(host)).toEqual(["web#0 running"]);
    expect(updates(host)).toHaveLength(1);
    expect(updates(host)[0]).toContain('"limits":{"cpu":"200m","memory":"96Mi"}');
    expect(status(host)).toMatchObject({
      observedGeneration: 2,
      containerStatuses: [
        { restartCount: 0, allocatedResources: { cpu: "200m" }, resources: { limits: { memory: "96Mi" } } },
      ],
    });
    expect(condition(host, "PodResizeInProgress")).toBeUndefined();
    expect(events(host).filter((text) => text.includes("Pod resize"))).toEqual([
      expect.stringContaining('Pod resize started: {"containers":[{"name":"app","resources":{'),
      expect.stringMatching(/Pod resize completed: .*"generation":2}/),
    ]);
    await host.stop();
    await host.start();
    server(host).follower.onSet([sized("200m", "96Mi", 2)]);
    await host.clock.advance(60_000);
    expect(updates(host)).toHaveLength(1);
  });

  it("come with a restart where their policy says so", async () => {
    const policy = [{ resourceName: "memory", restartPolicy: "RestartContainer" }];
    const host = await withWeb(sized("100m", "64Mi", 1, policy));
    server(host).follower.onPut(sized("200m", "64Mi", 2, policy));
    await host.clock.advance(2000);
    expect([names(host), updates(host).length]).toEqual([["web#0 running"], 1]);
    server(host).follower.onPut(sized("200m", "96Mi", 3, policy));
    await host.clock.advance(20_000);
    expect([names(host), updates(host).length]).toEqual([["web#0 exited", "web#1 running"], 1]);
    expect(events(host).join("\n")).toContain("Container app resize requires restart");
  });

  it("wait for room, and are refused where the node is too small", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    const other = await crowd(host);
    server(host).follower.onPut(sized("1", "64Mi", 2));
    await host.clock.advance(2000);
    expect(condition(host, "PodResizePending")).toMatchObject({
      status: "True",
      reason: "Deferred",
      observedGeneration: 2,
    });
    expect(status(host)?.containerStatuses).toMatchObject([{ allocatedResources: { cpu: "100m" }, restartCount: 0 }]);
    await Promise.all([host.stop(), host.clock.advance(6000)]);
    await host.start();
    await host.clock.advance(60_000);
    expect([updates(host), condition(host, "PodResizePending")?.reason]).toEqual([[], "Deferred"]);
    server(host).follower.onSet([sized("1000", "64Mi", 3), other]);
    await host.clock.advance(2000);
    expect(condition(host, "PodResizePending")).toMatchObject({ reason: "Infeasible" });
    server(host).follower.onPut(sized("1", "64Mi", 4));
    await host.clock.advance(2000);
    server(host).follower.onGone(other);
    await host.clock.advance(10_000);
    expect(condition(host, "PodResizePending")).toBeUndefined();
    expect(updates(host)).toHaveLength(1);
    expect(status(host)?.containerStatuses).toMatchObject([{ allocatedResources: { cpu: "1" } }]);
  });

  it("are asked for again where the runtime failed, and the condition says so", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    host.runtime.faults.script("UpdateContainerResources", { kind: "fails", code: "RuntimeRefused" });
    server(host).follower.onPut(sized("200m", "64Mi", 2));
    await host.clock.advance(2000);
    expect(condition(host, "PodResizeInProgress")).toMatchObject({ status: "True", reason: "Error" });
    expect(status(host)?.containerStatuses).toMatchObject([{ resources: { limits: { cpu: "100m" } } }]);
    await host.clock.advance(20_000);
    expect(condition(host, "PodResizeInProgress")).toBeUndefined();
    expect(status(host)?.containerStatuses).toMatchObject([{ resources: { limits: { cpu: "200m" } } }]);
  });

  it("go on under the next agent where this one was killed in between", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    host.runtime.faults.script("UpdateContainerResources", { kind: "fails", code: "RuntimeRefused" });
    server(host).follower.onPut(sized("200m", "96Mi", 2));
    await host.clock.advance(2000);
    host.kill();
    await host.start();
    await host.clock.advance(5000);
    expect([names(host), updates(host).length]).toEqual([["web#0 running"], 2]);
    server(host).follower.onSet([sized("200m", "96Mi", 2)]);
    await host.clock.advance(20_000);
    expect([condition(host, "PodResizeInProgress"), updates(host).length]).toEqual([undefined, 2]);
    expect(status(host)?.containerStatuses).toMatchObject([
      { restartCount: 0, resources: { limits: { cpu: "200m" } } },
    ]);
    expect(events(host).filter((text) => text.includes("Pod resize completed"))).toHaveLength(1);
  });

  it("that came while no agent ran are granted by the next", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    host.kill();
    await host.start();
    server(host).follower.onSet([sized("200m", "64Mi", 2)]);
    await host.clock.advance(5000);
    expect([names(host), updates(host).length]).toEqual([["web#0 running"], 1]);
    expect(status(host)?.containerStatuses).toMatchObject([{ allocatedResources: { cpu: "200m" } }]);
  });

  it("are as asked for in a container that starts meanwhile", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    for (const _time of ["first", "second, after which it waits"]) {
      const running = [...host.runtime.state.containers.values()].find(({ state }) => state === "running");
      host.runtime.state.exit(running?.id ?? "", 1);
      await host.clock.advance(1000);
    }
    server(host).follower.onPut(sized("200m", "64Mi", 2));
    await host.clock.advance(20_000);
    expect([names(host), updates(host)]).toEqual([["web#1 exited", "web#2 running"], []]);
    expect(status(host)?.containerStatuses).toMatchObject([{ resources: { limits: { cpu: "200m" } } }]);
    expect(condition(host, "PodResizeInProgress")).toBeUndefined();
  });

  it("are taken back before they were granted, and nothing has happened", async () => {
    const host = await withWeb(sized("100m", "64Mi", 1));
    server(host).follower.onPut(sized("1000", "64Mi", 2));
    await host.clock.advance(2000);
    expect(condition(host, "PodResizePending")?.message).toBe(
      "Node didn't have enough capacity: cpu, requested: 1000000, capacity: 2000",
    );
    server(host).follower.onPut(sized("100m", "64Mi", 3));
    await host.clock.advance(2000);
    expect([condition(host, "PodResizePending"), updates(host), status(host)?.observedGeneration]).toEqual([
      undefined,
      [],
      3,
    ]);
  });

  it("are counted by the kubelet's names", async () => {
    const told: (readonly unknown[])[] = [];
    const note = (...one: readonly unknown[]) => void (String(one[0]).includes("resize") && told.push(one));
    const meter: Meter = { ...silentMeter, add: note, set: note, observe: note };
    const host = await withWeb(sized("100m", "64Mi", 1), meter);
    const other = await crowd(host);
    server(host).follower.onPut(sized("1", "64Mi", 2));
    await host.clock.advance(12_000);
    expect(told).toContainEqual(["kubelet_pod_pending_resizes", { reason: "deferred" }, 1]);
    server(host).follower.onGone(other);
    await host.clock.advance(12_000);
    const kinds = (name: string) => told.filter(([one]) => one === name).map(([, labels]) => labels);
    expect(kinds("kubelet_container_requested_resizes_total")).toEqual([
      { resource: "cpu", requirement: "limits", operation: "increase" },
      { resource: "cpu", requirement: "requests", operation: "increase" },
    ]);
    expect(kinds("kubelet_pod_deferred_accepted_resizes_total")).toEqual([{ retry_trigger: "pod_terminated" }]);
    expect(kinds("kubelet_pod_resize_duration_milliseconds")).toEqual([{ success: "true" }]);
    expect(told.findLast(([name]) => name === "kubelet_pod_pending_resizes")).toEqual([
      ...["kubelet_pod_pending_resizes", { reason: "infeasible" }, 0],
    ]);
    server(host).follower.onPut(sized("1000", "64Mi", 3));
    await host.clock.advance(12_000);
    expect(kinds("kubelet_pod_infeasible_resizes_total")).toEqual([{ reason_detail: "insufficient_node_allocatable" }]);
  });
});
