import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, openHost } from "../kit/host.ts";
import { type Life, type LifeRecorder, recordLives } from "../kit/lives.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";
import { type Table, watchPods } from "../kit/table.ts";

let host: Host;
let recorder: LifeRecorder;
let table: Table;

/** All pods that end in some way; they wait for their back-offs at the same time. */
const ENDING: Record<string, { readonly policy: string; readonly script: string }> = {
  "always-0": { policy: "Always", script: "exit 0" },
  "always-3": { policy: "Always", script: "exit 3" },
  "onfailure-0": { policy: "OnFailure", script: "exit 0" },
  "onfailure-3": { policy: "OnFailure", script: "exit 3" },
  "never-0": { policy: "Never", script: "exit 0" },
  "never-3": { policy: "Never", script: "exit 3" },
};

beforeAll(async () => {
  host = await openHost();
  recorder = await recordLives(host.cri, host.node, host.runtime);
  table = watchPods(host);
  for (const [name, { policy, script }] of Object.entries(ENDING)) {
    const containers = [container("main", { command: sh(script) })];
    await host.manifests.drop(`${name}.yaml`, pod(name, { restartPolicy: policy, containers }));
  }
});

afterAll(async () => {
  await table?.close();
  await recorder?.stop();
  await host?.close();
});

describe("restart policies", () => {
  it.each(["onfailure-0", "never-0"])("%s: exit 0 is the end of it, Completed", async (name) => {
    const row = await table.shows(name, "Completed");
    expect(row).toMatchObject({ READY: "0/1", RESTARTS: "0" });
    expect((await host.pod(name)).status?.phase).toBe("Succeeded");
  });

  it("never-3: a failure is the end of it, Error", async () => {
    await table.shows("never-3", "Error");
    expect((await host.pod("never-3")).status).toMatchObject({
      phase: "Failed",
      containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 3, reason: "Error" } } }],
    });
  });

  it.each(["always-0", "always-3", "onfailure-3"])(
    "%s: the first restart is at once, the second 10 s later",
    async (name) => {
      await table.shows(name, "CrashLoopBackOff");
      const [first, second, third] = await lives(name, 3, 30_000);
      const gap = (before?: Life, after?: Life) => (after?.startedAtMs ?? 0) - (before?.finishedAtMs ?? 0);
      expect(gap(first, second)).toBeGreaterThan(0);
      expect(gap(first, second)).toBeLessThan(3_000);
      expect(gap(second, third)).toBeGreaterThanOrEqual(10_000);
      expect(gap(second, third)).toBeLessThan(17_000);
      expect([first, second, third].map((life) => life?.attempt)).toEqual([0, 1, 2]);
      await host.eventually("the third life is counted", async () => {
        const [status] = (await host.pod(name)).status?.containerStatuses ?? [];
        expect(status?.restartCount).toBeGreaterThanOrEqual(2);
        expect(status?.state?.waiting).toMatchObject({ reason: "CrashLoopBackOff" });
      });
    },
  );

  it.runIf(thorough)("the third restart waits 20 s, the fourth 40 s", async () => {
    const seen = await lives("always-3", 5, 120_000);
    const gapsMs = seen.slice(1).map((life, index) => life.startedAtMs - (seen[index]?.finishedAtMs ?? 0));
    expect(gapsMs[2]).toBeGreaterThanOrEqual(20_000);
    expect(gapsMs[3]).toBeGreaterThanOrEqual(40_000);
    expect(gapsMs[3]).toBeLessThan(62_000);
  });

  it("only one dead container of each is kept", async () => {
    const dead = (await host.cri.containers()).filter((it) => it.pod === "always-3" && it.state === "exited");
    expect(dead.length).toBeLessThanOrEqual(2);
  });
});

describe("what is killed from outside", () => {
  it("a killed container is replaced at once, in the same sandbox", async () => {
    await host.manifests.drop("killed.yaml", pod("killed"));
    const before = await host.running("killed");
    process.kill((await host.cri.status(before.id)).pid, "SIGKILL");
    const after = await host.eventually("it runs again", async () => {
      const running = await host.running("killed");
      expect(running.id).not.toBe(before.id);
      return running;
    });
    expect(after).toMatchObject({ sandboxId: before.sandboxId, attempt: 1 });
    const [ended, begun] = [await host.cri.status(before.id), await host.cri.status(after.id)];
    expect(begun.startedAtMs - ended.finishedAtMs).toBeLessThan(2_500);
    const row = await table.shows("killed", "Running");
    expect(row.RESTARTS).toMatch(/^1\b/);
    const [status] = (await host.pod("killed")).status?.containerStatuses ?? [];
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 137 });
  });

  it("a killed sandbox is replaced, and its init containers run again", async () => {
    const init = [container("prepare", { command: sh("exit 0") })];
    await host.manifests.drop("sandbox.yaml", pod("sandbox", { initContainers: init }));
    const before = await host.running("sandbox", "main");
    process.kill(await host.cri.sandboxPid(before.sandboxId), "SIGKILL");
    const after = await host.eventually("it runs in another sandbox", async () => {
      const running = await host.running("sandbox", "main");
      expect(running.sandboxId).not.toBe(before.sandboxId);
      return running;
    });
    expect(after.attempt).toBe(1);
    const prepared = (await host.cri.containers()).filter((it) => it.name === "prepare" && it.pod === "sandbox");
    expect(prepared.map((it) => it.sandboxId)).toContain(after.sandboxId);
    const sandbox = (await host.cri.sandboxes()).find((it) => it.id === after.sandboxId);
    expect(sandbox).toMatchObject({ attempt: 1, uid: before.uid });
  });

  it("a sandbox that was stopped under berthd is replaced without a back-off", async () => {
    await host.manifests.drop("stopped.yaml", pod("stopped"));
    const before = await host.running("stopped");
    await host.cri.call("StopPodSandbox", { pod_sandbox_id: before.sandboxId });
    const another = async () => {
      const running = await host.running("stopped");
      expect(running.sandboxId).not.toBe(before.sandboxId);
      return running;
    };
    const after = await host.eventually("it runs in another sandbox", another, { withinMs: 7_000 });
    // The runtime tells the container's end before the sandbox's: one try may have gone into the sandbox that was to end.
    expect([1, 2]).toContain(after.attempt);
  });

  it("containers that were removed under berthd are made again", async () => {
    await host.manifests.drop("robbed.yaml", pod("robbed"));
    const before = await host.running("robbed");
    await host.cri.call("RemoveContainer", { container_id: before.id });
    await host.eventually("it runs again", async () => {
      expect((await host.running("robbed")).id).not.toBe(before.id);
    });
  });
});

it("no container ever ran twice at the same time", () => {
  expect(recorder.overlaps()).toEqual([]);
});

/** Waits until so many instances of a pod's container have started. */
function lives(name: string, count: number, withinMs: number): Promise<Life[]> {
  return host.eventually(
    `${count} instances of ${name} have started`,
    () => {
      const seen = recorder.lives().filter(({ key }) => key === `default/${name}/main`);
      expect(seen.length).toBeGreaterThanOrEqual(count);
      return seen;
    },
    { withinMs },
  );
}

describe.runIf(thorough)("the shim of a pod is killed", () => {
  it("nothing of the old containers, of which the runtime knows no more, runs beside the new ones", async () => {
    const names = ["main", "second"];
    await host.manifests.drop("shimless.yaml", pod("shimless", { containers: names.map((name) => container(name)) }));
    const before = [await host.running("shimless", "main"), await host.running("shimless", "second")];
    const pids = await Promise.all(before.map(async ({ id }) => (await host.cri.status(id)).pid));
    process.kill(parentOf(await host.cri.sandboxPid(before[0]?.sandboxId ?? "")), "SIGKILL");
    await host.eventually("a successor runs", async () => {
      const running = (await host.cri.containers()).filter((one) => one.pod === "shimless" && one.state === "running");
      expect(running.some(({ id }) => before.every((old) => old.id !== id))).toBe(true);
    });
    expect(pids.filter(isAlive)).toEqual([]);
    await host.running("shimless", "second");
  });
});

/** A process that has ended stays in the list until its parent asks for it: that is the host's affair. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
