import { describe, expect, it } from "vitest";
import { plainPod } from "../kit/compiled-pod.ts";
import type { Document } from "../kit/source.ts";
import { makeWorld, type World, type WorldOptions } from "../kit/world.ts";

const web: Document = { kind: "pod", manifest: plainPod("web") };
const world = (options: WorldOptions = {}): World => makeWorld(options);
const calls = (from: World): string[] => from.trace.filter(({ kind }) => kind === "call").map(({ text }) => text);
const writes = (from: World): string[] =>
  calls(from).filter((line) => !/^(Status|List|ImageStatus|ContainerStatus|Look)\b/.test(line));
const names = (from: World): string[] =>
  [...from.runtime.state.containers.values()].map(
    ({ pod, name, attempt, state }) => `${pod.name}/${name}#${attempt} ${state}`,
  );

describe("the agent", () => {
  it("runs a dropped pod with no more calls than it takes", async () => {
    const host = world();
    await host.start();
    await host.clock.advance(100);
    const before = calls(host).length;
    host.directory.put("web.yaml", web);
    await host.clock.advance(1000);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
    expect(calls(host).slice(before)).toEqual([
      "ImageStatus app:1",
      "RunPodSandbox web-node#0",
      "PullImage app:1",
      "CreateContainer web-node/app#0",
      "StartContainer web-node/app#0",
    ]);
    expect(host.pod("web")?.status?.phase).toBe("Running");
  });

  it("ends a pod whose file is gone, and leaves nothing behind", async () => {
    const host = await withWeb();
    host.directory.remove("web.yaml");
    await host.clock.advance(2000);
    expect([host.runtime.state.containers.size, host.runtime.state.sandboxes.size]).toEqual([0, 0]);
    expect([host.disk.homes.size, host.disk.records.size]).toEqual([0, 0]);
    await host.clock.advance(60_000);
    expect([host.pod("web"), host.clock.sleepers]).toEqual([undefined, await restingSleepers()]);
  });

  it("starts the changed pod only after the old one is gone", async () => {
    const host = await withWeb();
    host.runtime.behave("app", { onTerm: { afterMs: 3000, exitCode: 0 } });
    host.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web", { hostname: "other" }) });
    await host.clock.advance(2900);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
    await host.clock.advance(2000);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
    const order = writes(host).filter((line) => /StopContainer|RunPodSandbox|StopPodSandbox/.test(line));
    expect(order).toEqual([
      "RunPodSandbox web-node#0",
      "StopContainer web-node/app#0 30s",
      "StopPodSandbox web-node#0",
      "RunPodSandbox web-node#0",
    ]);
  });

  it("leaves no probe behind that would hold up its process", async () => {
    const host = await withWeb();
    const app = {
      name: "app",
      image: "app:1",
      readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
      livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
    };
    host.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web", { containers: [app] }) });
    await host.clock.advance(60_000);
    expect(host.agent().view.probes("default/web-node")).toHaveLength(2);
    const stopping = host.stop();
    await host.clock.advance(6000);
    await stopping;
    expect(host.clock.sleepers).toBe(0);
  });

  it("leaves without touching a container, and finds it again", async () => {
    const host = await withWeb();
    const before = ids(host);
    const sofar = writes(host).length;
    const stopping = host.stop();
    await host.clock.advance(6000);
    await stopping;
    expect(host.clock.sleepers).toBe(0);
    await host.start();
    await host.clock.advance(2000);
    expect(ids(host)).toEqual(before);
    expect(writes(host).slice(sofar)).toEqual([]);
    expect(host.pod("web")?.status?.phase).toBe("Running");
  });

  it("finds its pods again after kill -9 at any moment of their start, and starts nothing twice", {
    timeout: 60_000,
  }, async () => {
    for (let atMs = 0; atMs <= 130; atMs += 1) {
      const host = world();
      host.runtime.shelf.has("app:1");
      await host.start();
      host.directory.put("web.yaml", web);
      await host.clock.advance(atMs);
      host.kill();
      await host.clock.advance(10);
      await host.start();
      await host.clock.advance(3000);
      expect([atMs, ...names(host)]).toEqual([atMs, "web-node/app#0 running"]);
      expect([atMs, host.runtime.state.sandboxes.size]).toEqual([atMs, 1]);
    }
  });

  it("keeps what runs while its file is broken, also across a restart of the agent (D1)", async () => {
    const host = await withWeb();
    const before = ids(host);
    host.directory.break("web.yaml");
    await host.clock.advance(60_000);
    host.kill();
    await host.start();
    await host.clock.advance(60_000);
    expect(ids(host)).toEqual(before);
    expect(host.agent().view.problems().length).toBe(1);
  });

  it("keeps what runs while the directory cannot be listed, also across a restart (D1)", async () => {
    const host = await withWeb();
    const before = ids(host);
    host.directory.fail(true);
    await host.clock.advance(1000);
    host.kill();
    await host.start();
    await host.clock.advance(60_000);
    expect(ids(host)).toEqual(before);
  });

  it("ends a pod that was removed while no agent ran, with its own grace (D1)", async () => {
    const host = await withWeb();
    host.runtime.behave("app", { onTerm: "ignores" });
    host.kill();
    host.directory.remove("web.yaml");
    await host.start();
    await host.clock.advance(29_000);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
    await host.clock.advance(3000);
    expect([names(host), host.disk.homes.size]).toEqual([[], 0]);
  });

  it("goes on with an ending that a killed agent had begun, also where the directory cannot be read", async () => {
    const host = await withWeb();
    host.runtime.behave("app", { onTerm: "ignores" });
    host.directory.remove("web.yaml");
    await host.clock.advance(1000);
    host.kill();
    host.directory.fail(true);
    await host.start();
    await host.clock.advance(40_000);
    expect([names(host), host.disk.homes.size]).toEqual([[], 0]);
  });

  it("ends what it finds in the runtime without a record, with the orphan's grace (G5)", async () => {
    const host = await withWeb();
    host.kill();
    host.directory.remove("web.yaml");
    host.disk.wipe();
    await host.start();
    await host.clock.advance(3000);
    expect([names(host), host.runtime.state.sandboxes.size]).toEqual([[], 0]);
    expect(writes(host)).toContain("StopContainer web-node/app#0 2s");
  });

  it("removes nothing before the directory was listed whole (F14)", async () => {
    const host = await withWeb();
    host.kill();
    host.disk.wipe();
    host.directory.fail(true);
    await host.start();
    await host.clock.advance(60_000);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
    host.directory.remove("web.yaml");
    host.directory.fail(false);
    await host.clock.advance(3000);
    expect(names(host)).toEqual([]);
  });

  it("completes the end of a pod that is removed and added back, and then runs it anew (T16)", async () => {
    const host = await withWeb();
    host.runtime.behave("app", { onTerm: { afterMs: 5000, exitCode: 0 } });
    const before = ids(host);
    host.directory.remove("web.yaml");
    await host.clock.advance(1000);
    host.directory.put("web.yaml", web);
    await host.clock.advance(3000);
    expect(ids(host)).toEqual(before);
    await host.clock.advance(5000);
    expect(names(host)).toEqual(["web-node/app#0 exited", "web-node/app#1 running"]);
    expect(ids(host)[0]).toEqual(before[0]);
    expect([...host.disk.records.values()].map(({ ending }) => ending)).toEqual([undefined]);
  });

  it("replaces an exited container at once by the event stream, and within a second or so without it", async () => {
    for (const events of [true, false]) {
      const host = await withWeb({ events });
      const [id = ""] = ids(host);
      host.runtime.state.exit(id, 1);
      await host.clock.advance(events ? 50 : 1100);
      expect(names(host).toSorted()).toEqual(["web-node/app#0 exited", "web-node/app#1 running"]);
    }
  });

  it("learns from the safety net what a lost event did not tell, with its details", async () => {
    const host = await withWeb();
    host.runtime.faults.scriptEvent({ kind: "lost" });
    const [id = ""] = ids(host);
    host.runtime.state.exit(id, 7);
    await host.clock.advance(60_000);
    expect(names(host).toSorted()).toEqual(["web-node/app#0 exited", "web-node/app#1 running"]);
    const exited = host.agent().view.instance("default/web-node", "app", "previous");
    expect(exited).toMatchObject({ id, running: false, attempt: 0 });
  });

  it("lives through a restart of the runtime, also one that happens while it starts a pod", async () => {
    for (const atMs of [1, 40, 65, 75, 90]) {
      const host = world();
      host.runtime.shelf.has("app:1");
      await host.start();
      await host.clock.advance(100);
      host.directory.put("web.yaml", web);
      await host.clock.advance(atMs);
      void host.runtime.restart(2000);
      await host.clock.advance(30_000);
      const running = names(host).filter((line) => line.endsWith("running"));
      expect([atMs, ...running]).toEqual([atMs, expect.stringMatching(/^web-node\/app#\d running$/)]);
      expect(host.agent().view.health()).toEqual({ live: true, ready: true, reasons: [] });
    }
  });

  it("waits for a runtime that is not there yet, and says so", async () => {
    const host = world();
    host.directory.put("web.yaml", web);
    void host.runtime.restart(30_000);
    await host.start();
    await host.clock.advance(20_000);
    expect(host.agent().view.health().ready).toBe(false);
    expect(host.pod("web")?.status).toEqual({ phase: "Pending" });
    await host.clock.advance(20_000);
    expect(names(host)).toEqual(["web-node/app#0 running"]);
  });

  it("costs nothing but its beats while nothing happens", async () => {
    const host = await withWeb();
    await host.clock.advance(120_000);
    const before = calls(host).length;
    await host.clock.advance(600_000);
    const kinds = new Map<string, number>();
    for (const line of calls(host).slice(before)) kinds.set(line, (kinds.get(line) ?? 0) + 1);
    expect(Object.fromEntries(kinds)).toEqual({ Status: 120, List: 10 });
  });

  it("writes a record at once and few of them after", async () => {
    const host = await withWeb();
    const saves = host.trace.filter(({ text }) => text.startsWith("save record"));
    expect(saves.length).toBeLessThanOrEqual(3);
    const put = host.trace.find(({ text }) => text.startsWith("make home"))?.atMs ?? 0;
    expect((saves[0]?.atMs ?? Number.POSITIVE_INFINITY) - put).toBeLessThanOrEqual(1);
  });

  it("adopts a hundred pods in a moment, reads no status of what runs before that, and rings no one in vain", async () => {
    const host = world();
    host.runtime.shelf.has("app:1");
    for (let one = 0; one < 100; one += 1) {
      host.directory.put(`p${one}.yaml`, { kind: "pod", manifest: plainPod(`p${one}`) });
    }
    await host.start();
    await host.clock.advance(20_000);
    expect(names(host).length).toBe(100);
    host.kill();
    const before = writes(host).length;
    await host.start();
    await host.clock.advance(50);
    expect(
      host
        .agent()
        .view.pods()
        .filter(({ status }) => status?.phase === "Running").length,
    ).toBe(100);
    expect(writes(host).length).toBe(before);
  });
});

const ids = (from: World): string[] => [...from.runtime.state.containers.keys()];

async function withWeb(options: WorldOptions = {}): Promise<World> {
  const host = world(options);
  host.runtime.shelf.has("app:1");
  await host.start();
  host.directory.put("web.yaml", web);
  await host.clock.advance(1000);
  expect(names(host)).toEqual(["web-node/app#0 running"]);
  return host;
}

/** Timers of an agent that has nothing to do. */
async function restingSleepers(): Promise<number> {
  const host = world();
  await host.start();
  await host.clock.advance(63_000);
  return host.clock.sleepers;
}
