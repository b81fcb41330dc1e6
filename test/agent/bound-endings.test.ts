import { describe, expect, it } from "vitest";
import { reportStep } from "../../src/decide/api-report.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { bound, names, server, shown, withWeb } from "../kit/bound-world.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld, type World } from "../kit/world.ts";

const asks = (cpu: string) => ({ containers: [{ name: "app", image: "app:1", resources: { requests: { cpu } } }] });
const statusOf = (from: World, name: string) => shown(from, `uid-${name}`)?.status;
const conditionOf = (from: World, name: string, type: string) =>
  statusOf(from, name)?.conditions?.find((one) => one.type === type);

describe("room that a critical pod waits for (node.md 4)", () => {
  it("is not given to a pod that wants to grow", async () => {
    const host = makeWorld({ bound: true });
    await host.start();
    host.runtime.behave("app", { onTerm: { afterMs: 10_000, exitCode: 0 } });
    const grows = bound("grows", {}, asks("100m"));
    server(host).follower.onSet([grows, bound("one", {}, asks("900m")), bound("two", {}, asks("900m"))]);
    await host.clock.advance(2000);
    server(host).follower.onPut(bound("grows", { generation: 2 }, asks("900m")));
    await host.clock.advance(2000);
    host.directory.put("local.yaml", { kind: "pod", manifest: plainPod("local", asks("1800m")) });
    await host.clock.advance(5000);
    expect(conditionOf(host, "grows", "PodResizePending")?.reason).toBe("Deferred");
    const [one] = [...host.runtime.state.containers.values()].filter(({ pod }) => pod.name === "one");
    host.runtime.state.exit(one?.id ?? "", 0);
    await host.clock.advance(2000);
    expect(conditionOf(host, "grows", "PodResizePending")?.reason).toBe("Deferred");
    await host.clock.advance(20_000);
    expect(names(host).sort()).toEqual(["grows#0 running", "local-node#0 running", "one#0 exited", "two#0 exited"]);
    expect(["one", "two"].map((name) => statusOf(host, name)?.reason)).toEqual(["Preempting", "Preempting"]);
    expect(statusOf(host, "grows")?.containerStatuses).toMatchObject([{ allocatedResources: { cpu: "100m" } }]);
  });
});

describe("a host that shuts down (node.md 5.4)", () => {
  it("ends an API server's pods by their groups, and tells why", async () => {
    const host = makeWorld({ bound: true });
    host.shutdown.groups = [
      { priority: 0, graceSeconds: 20 },
      { priority: 2_000_000_000, graceSeconds: 10 },
    ];
    await host.start();
    host.runtime.behave("app", { onTerm: { afterMs: 5000, exitCode: 0 } });
    const critical = bound("critical", {}, { priority: 2_000_000_001 });
    server(host).follower.onSet([bound("web"), critical]);
    await host.clock.advance(2000);
    host.shutdown.prepare(true);
    await host.clock.advance(2000);
    server(host).follower.onPut(bound("late"));
    await host.clock.advance(1000);
    expect(statusOf(host, "late")).toMatchObject({
      phase: "Failed",
      reason: "NodeShutdown",
      message: "Pod was rejected: Pod was rejected as the node is shutting down.",
    });
    expect(names(host).sort()).toEqual(["critical#0 running", "web#0 running"]);
    await host.clock.advance(4000);
    expect(names(host).sort()).toEqual(["critical#0 running", "web#0 exited"]);
    await host.clock.advance(10_000);
    for (const name of ["web", "critical"]) {
      expect(statusOf(host, name)).toMatchObject({
        phase: "Failed",
        reason: "Terminated",
        message: "Pod was terminated in response to imminent node shutdown.",
      });
      expect(conditionOf(host, name, "DisruptionTarget")).toMatchObject({
        ...{ status: "True", reason: "TerminationByKubelet" },
      });
    }
    expect(host.shutdown.held()).toBe(0);
  });
});

describe("a running pod that its server shows as over (node.md 3.4)", () => {
  const over = (phase: string, reason: string, from = bound("web")): v1.Pod => ({
    ...from,
    status: { phase, reason, message: "somebody said so" },
  });
  const stops = (host: World): string[] =>
    host.trace.map(({ text }) => text).filter((text) => text.startsWith("StopContainer"));

  it.each([
    ["Failed", "NodeLost"],
    ["Succeeded", "Enough"],
  ])("ends by its own grace as %s, and never runs again", async (phase, reason) => {
    const host = await withWeb(bound("web", {}, { terminationGracePeriodSeconds: 12 }));
    host.runtime.behave("app", { onTerm: { afterMs: 4000, exitCode: 0 } });
    const seen = over(phase, reason, bound("web", {}, { terminationGracePeriodSeconds: 12 }));
    server(host).follower.onPut(seen);
    await host.clock.advance(2000);
    expect([names(host), stops(host)]).toEqual([["web#0 running"], ["StopContainer web/app#0 12s"]]);
    // The server keeps what it shows while containers stop (Y1), and hears of their exits afterwards.
    expect(reportStep(shown(host, "uid-web"), seen, false).kind).toBe("none");
    await host.clock.advance(600_000);
    expect(names(host)).toEqual(["web#0 exited"]);
    expect(statusOf(host, "web")).toMatchObject({ phase, reason, message: "somebody said so" });
    expect(reportStep(shown(host, "uid-web"), seen, false)).toMatchObject({ kind: "status" });
    expect(host.trace.filter(({ text }) => text.startsWith("RunPodSandbox"))).toHaveLength(1);
  });

  it("is over for the next agent as well, though that does not hear of it again", async () => {
    const host = await withWeb();
    server(host).follower.onPut(over("Failed", "NodeLost"));
    await host.clock.advance(2000);
    host.kill();
    await host.start();
    await host.clock.advance(60_000);
    expect(names(host)).toEqual(["web#0 exited"]);
    expect(statusOf(host, "web")).toMatchObject({ phase: "Failed", reason: "NodeLost" });
  });

  it("gives its room back", async () => {
    const host = await withWeb(bound("web", {}, asks("1500m")));
    server(host).follower.onPut(over("Failed", "NodeLost", bound("web", {}, asks("1500m"))));
    await host.clock.advance(5000);
    server(host).follower.onPut(bound("next", {}, asks("1500m")));
    await host.clock.advance(5000);
    expect(names(host)).toEqual(["web#0 exited", "next#0 running"]);
  });

  it("keeps the words of its refusal when those come back from the server", async () => {
    const large = bound("large", {}, asks("64"));
    const host = await withWeb(large);
    const refused = shown(host, "uid-large")?.status;
    expect(refused).toMatchObject({ phase: "Failed", reason: "OutOfcpu" });
    server(host).follower.onPut({ ...large, status: refused ?? {} });
    await host.clock.advance(60_000);
    expect(statusOf(host, "large")).toEqual(refused);
  });
});
