import { describe, expect, it } from "vitest";
import { bound, names, server } from "../kit/bound-world.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld, type World } from "../kit/world.ts";

/** A host that runs a pod of a file and one that an API server has bound to it. */
async function withBoth(): Promise<World> {
  const host = makeWorld({ bound: true });
  await host.start();
  host.directory.put("local.yaml", { kind: "pod", manifest: plainPod("local") });
  server(host).follower.onSet([bound("web")]);
  await host.clock.advance(2000);
  expect(running(host)).toEqual(["local-node#0 running", "web#0 running"]);
  return host;
}

const running = (host: World): string[] =>
  names(host)
    .filter((name) => name.endsWith("running"))
    .sort();

describe("a manifest directory that cannot be read (D1, F14)", () => {
  it("keeps no pod of an API server that has forgotten it", async () => {
    const host = await withBoth();
    host.kill();
    host.directory.fail(true);
    await host.start();
    server(host).follower.onSet([bound("web")]);
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["local-node#0 running", "web#0 running"]);
    server(host).follower.onGone(bound("web"));
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["local-node#0 running"]);
    await host.clock.advance(600_000);
    expect(running(host)).toEqual(["local-node#0 running"]);
  });

  it("keeps none that was forgotten while no agent ran, once the server has told", async () => {
    const host = await withBoth();
    host.kill();
    host.directory.fail(true);
    await host.start();
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["local-node#0 running", "web#0 running"]);
    server(host).follower.onSet([]);
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["local-node#0 running"]);
  });

  it("keeps what no record tells of: it may be of a file", async () => {
    const host = await withBoth();
    host.kill();
    host.disk.wipe();
    host.directory.fail(true);
    await host.start();
    server(host).follower.onSet([]);
    await host.clock.advance(60_000);
    expect(running(host)).toEqual(["local-node#0 running", "web#0 running"]);
  });
});

it("An API server that has not told keeps its pods, not those of files", async () => {
  const host = await withBoth();
  host.kill();
  host.directory.remove("local.yaml");
  await host.start();
  await host.clock.advance(10_000);
  expect(running(host)).toEqual(["web#0 running"]);
});

describe("a host that is to have no manifest directory (node.md 3.2)", () => {
  it("is ready, shows no problem, and ends what came from one", async () => {
    const host = await withBoth();
    host.kill();
    host.directory.forgo();
    await host.start();
    server(host).follower.onSet([bound("web"), bound("other")]);
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["other#0 running", "web#0 running"]);
    expect(host.agent().view.health()).toEqual({ live: true, ready: true, reasons: [] });
    expect(host.agent().view.problems()).toEqual([]);
  });

  it("ends what no source knows, once the API server has told", async () => {
    const host = await withBoth();
    host.kill();
    host.disk.wipe();
    host.directory.forgo();
    await host.start();
    await host.clock.advance(10_000);
    expect(running(host)).toEqual(["local-node#0 running", "web#0 running"]);
    server(host).follower.onSet([]);
    await host.clock.advance(10_000);
    expect(running(host)).toEqual([]);
  });
});
