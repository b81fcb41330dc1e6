import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "../../dev/paths.ts";
import { type Host, openHost } from "../kit/host.ts";
import { type LifeRecorder, recordLives } from "../kit/lives.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { getOverSocket } from "../kit/socket-api.ts";

let host: Host;
let recorder: LifeRecorder;

beforeAll(async () => {
  host = await openHost();
  recorder = await recordLives(host.cri, host.node, host.runtime);
});
afterAll(async () => {
  await recorder?.stop();
  await host?.close();
});

type Event = { reason: string; message: string; involvedObject: { name: string } };
const messagesOf = async (name: string, reason: string): Promise<string[]> => {
  const { items } = await getOverSocket<{ items: Event[] }>(host.places.socket, "/v1/events");
  return items
    .filter((event) => event.involvedObject.name === `${name}-${host.node}` && event.reason === reason)
    .map(({ message }) => message);
};
const lifeOf = (name: string, what = "main") =>
  host.eventually(`${name}/${what} has ended`, () => {
    const life = recorder.lives().find(({ key }) => key.endsWith(`/${name}/${what}`));
    expect(life?.finishedAtMs).toBeGreaterThan(0);
    return { exitCode: life?.exitCode ?? -1, finishedAtMs: life?.finishedAtMs ?? 0 };
  });
/** Takes the manifest away and tells, in ms from then on, when the container ended. */
async function endOf(name: string): Promise<{ afterMs: number; exitCode: number }> {
  const removedAtMs = Date.now();
  await host.manifests.remove(`${name}.yaml`);
  const { finishedAtMs, exitCode } = await lifeOf(name);
  await host.gone(name);
  return { afterMs: finishedAtMs - removedAtMs, exitCode };
}
const STUBBORN = sh("trap '' TERM; while :; do sleep 1; done");

describe("lifecycle-demo.yaml", () => {
  it("runs its postStart after the start and its preStop before the end", async () => {
    const text = await readFile(join(checkout, "test/manifests/lifecycle-demo.yaml"), "utf8");
    await host.manifests.drop("lifecycle-demo.yaml", text);
    await host.berth("wait", "-n", "demo", "lifecycle-demo", "--for=condition=Ready", "--timeout=30s");
    const { stdout: out } = await host.berth("exec", "-n", "demo", "lifecycle-demo", "--", "cat", "/usr/share/message");
    expect(out).toBe("Hello from the postStart handler\n");
    await host.manifests.remove("lifecycle-demo.yaml");
    const { exitCode } = await lifeOf("lifecycle-demo", "lifecycle-demo-container");
    expect(exitCode).toBe(0);
    expect(await messagesOf("lifecycle-demo", "Killing")).toEqual(["Stopping container lifecycle-demo-container"]);
    expect(await messagesOf("lifecycle-demo", "FailedPreStopHook")).toEqual([]);
  });
});

describe("endings", () => {
  const drop = async (name: string, more: Parameters<typeof container>[1], graceSeconds: number) => {
    const spec = { terminationGracePeriodSeconds: graceSeconds, containers: [container("main", more)] };
    await host.manifests.drop(`${name}.yaml`, pod(name, spec));
    await host.berth("wait", name, "--for=condition=Ready", "--timeout=30s");
  };

  it("a process that ignores SIGTERM is killed when its grace is over", async () => {
    await drop("stubborn", { command: STUBBORN }, 3);
    const { afterMs, exitCode } = await endOf("stubborn");
    expect(exitCode).toBe(137);
    expect(afterMs).toBeGreaterThan(2900);
    expect(afterMs).toBeLessThan(4500);
  });

  it("preStop has its time taken from the grace", async () => {
    const lifecycle = { preStop: { exec: { command: ["sleep", "2"] } } };
    await drop("shared", { command: STUBBORN, lifecycle }, 5);
    const { afterMs, exitCode } = await endOf("shared");
    expect(exitCode).toBe(137);
    expect(afterMs).toBeGreaterThan(4900);
    expect(afterMs).toBeLessThan(6500);
  });

  it("a preStop longer than the grace is left alone; the stop then takes two seconds", async () => {
    const lifecycle = { preStop: { exec: { command: ["sleep", "60"] } } };
    await drop("long-hook", { command: STUBBORN, lifecycle }, 3);
    const { afterMs, exitCode } = await endOf("long-hook");
    expect(exitCode).toBe(137);
    expect(afterMs).toBeGreaterThan(4900);
    expect(afterMs).toBeLessThan(6500);
  });

  it("sleep as a hook, and a preStop that fails: told, and no more", async () => {
    const lifecycle = { preStop: { exec: { command: sh("echo no; exit 4") } }, postStart: { sleep: { seconds: 1 } } };
    await drop("failing", { lifecycle }, 5);
    const { exitCode } = await endOf("failing");
    expect(exitCode).toBe(0);
    expect(await messagesOf("failing", "FailedPreStopHook")).toEqual(["PreStopHook failed"]);
  });

  it("a postStart that fails kills the container, and the status says why", async () => {
    const lifecycle = { postStart: { exec: { command: sh("echo not today; exit 7") } } };
    const spec = { containers: [container("main", { lifecycle })] };
    await host.manifests.drop("post-fails.yaml", pod("post-fails", spec));
    await host.eventually("it backs off", async () => {
      const shown = await host.pod("post-fails");
      expect(shown.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("CrashLoopBackOff");
    });
    expect(await messagesOf("post-fails", "FailedPostStartHook")).toContain("PostStartHook failed");
    await host.manifests.remove("post-fails.yaml");
    await host.gone("post-fails");
  });

  it("sidecars end after the apps, in reverse order, within one grace", async () => {
    const slow = sh("trap 'sleep 1; exit 0' TERM; while :; do sleep 1000 & wait $!; done");
    const initContainers = ["one", "two"].map((name) => container(name, { restartPolicy: "Always", command: slow }));
    const spec = {
      terminationGracePeriodSeconds: 20,
      initContainers,
      containers: [container("main", { command: slow })],
    };
    await host.manifests.drop("sides.yaml", pod("sides", spec));
    await host.berth("wait", "sides", "--for=condition=Ready", "--timeout=30s");
    await host.manifests.remove("sides.yaml");
    const [main, two, one] = [await lifeOf("sides"), await lifeOf("sides", "two"), await lifeOf("sides", "one")];
    expect([main, two, one].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(main.finishedAtMs).toBeLessThan(two.finishedAtMs);
    expect(two.finishedAtMs).toBeLessThan(one.finishedAtMs);
  });
});
