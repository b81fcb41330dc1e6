import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeBarePod, removeBarePod } from "../kit/bare-pods.ts";
import { type Host, openHost } from "../kit/host.ts";
import { recordLives } from "../kit/lives.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";
import { type Seeded, seeded } from "../kit/seeded.ts";
import { watchPods } from "../kit/table.ts";

const ROUNDS = thorough ? 200 : 20;
const MOST_PODS = 8;
/** In one round of so many, berthd is left alone until it has caught up: on a slow machine it would get nowhere else. */
const CATCH_UP_EVERY = 5;

let host: Host;

beforeEach(async () => {
  host = await openHost({ started: false });
});

afterEach(() => host.close());

it(`${ROUNDS} kills at random moments while manifests come, change and go`, {
  timeout: 30_000 + ROUNDS * 10_000,
}, async () => {
  const chance = seeded();
  console.log(`seed ${chance.seed} (BERTH_SEED=${chance.seed} repeats it)`);
  const recorder = await recordLives(host.cri, host.node, host.runtime);
  const wanted = new Map<string, string>();
  await host.start();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let change = chance.below(3); change >= 0; change -= 1)
      await changeSomething(wanted, chance, `${round}-${change}`);
    if (round % CATCH_UP_EVERY === CATCH_UP_EVERY - 1) await caughtUp(wanted);
    await sleep(chance.below(600));
    await host.crash();
    if (chance.fraction() < 0.3) await changeSomething(wanted, chance, `${round}-down`);
    // Half of the lives are ended on their way up, half at work.
    await host.start({ ready: chance.fraction() < 0.5 });
  }
  await caughtUp(wanted);
  await recorder.stop();
  expect(recorder.overlaps()).toEqual([]);
  // A container of one pod that started twice was restarted: nothing here ever ends by itself. But containerd ends what it
  // starts when the caller's connection breaks within the call, and only then is there a cause for another start.
  const cut = await startsCutOff(host.runtime.places.log);
  const lives = recorder.lives().filter(({ id }) => !cut.has(id));
  const starts = lives.map(({ uid, key }) => `${key} of ${uid}`);
  expect(starts.filter((start, index) => starts.indexOf(start) !== index)).toEqual([]);
  expect(starts.length).toBeGreaterThan(ROUNDS / 2);
});

it("nothing is restarted and no count or back-off is lost when berthd is killed", { timeout: 120_000 }, async () => {
  await host.start();
  const recorder = await recordLives(host.cri, host.node, host.runtime);
  await host.manifests.drop("steady.yaml", pod("steady", { containers: [container("a"), container("b")] }));
  await host.manifests.drop(
    "failing.yaml",
    pod("failing", { containers: [container("main", { command: sh("exit 3") })] }),
  );
  const steady = [await host.running("steady", "a"), await host.running("steady", "b")];
  const failures = () => recorder.lives().filter(({ key }) => key === "default/failing/main");
  const ended = (count: number) =>
    host.eventually(
      `life ${count} of the failing container has ended`,
      () => {
        const endedMs = failures()[count - 1]?.finishedAtMs ?? 0;
        expect(endedMs).toBeGreaterThan(0);
        return endedMs;
      },
      { withinMs: 60_000 },
    );
  // Killed only while a back-off runs: containerd ends a container whose start is cut off, and that would be a life too.
  for (const [count, backOffMs] of [10_000, 20_000].entries()) {
    const endedMs = await ended(count + 2);
    do {
      await host.crash();
      await host.start();
      await sleep(1_000);
    } while (Date.now() < endedMs + backOffMs - 5_000);
    const nextMs = (await ended(count + 3)) && (failures()[count + 2]?.startedAtMs ?? 0);
    expect(nextMs - endedMs).toBeGreaterThanOrEqual(backOffMs);
    expect(nextMs - endedMs).toBeLessThan(backOffMs + 7_000);
  }
  for (const { id } of steady) expect(await host.cri.status(id)).toMatchObject({ state: "running" });
  await recorder.stop();
  expect(failures().map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3]);
  await host.eventually("the count of restarts is shown", async () => {
    const [status] = (await host.pod("failing")).status?.containerStatuses ?? [];
    expect(status?.restartCount).toBe(3);
  });
});

it("SIGTERM leaves the pods alone, and the next berthd finds them", async () => {
  const probe = { exec: { command: ["true"] }, periodSeconds: 1 };
  const main = container("main", { readinessProbe: probe, livenessProbe: probe });
  await host.start();
  await host.manifests.drop("web.yaml", pod("web", { containers: [main] }));
  const before = await host.running("web");
  await host.leave();
  expect(await host.cri.status(before.id)).toMatchObject({ state: "running" });
  await host.start();
  expect((await host.running("web")).id).toBe(before.id);
  expect((await host.metrics()).sum("berth_adopted_pods")).toBe(1);
});

it("20 pods stay ready while berthd is killed and comes back", { timeout: 120_000 }, async () => {
  const COUNT = 20;
  const exec = { exec: { command: ["true"] } };
  // The next attempts are far off: what was known must be known again, and is not learnt anew.
  const main = container("main", {
    startupProbe: { ...exec, initialDelaySeconds: 1, periodSeconds: 1 },
    readinessProbe: { ...exec, initialDelaySeconds: 1, periodSeconds: 300, failureThreshold: 1 },
    livenessProbe: { ...exec, initialDelaySeconds: 2, periodSeconds: 300, failureThreshold: 1 },
  });
  const names = Array.from({ length: COUNT }, (_, index) => `r${index}`);
  await host.start();
  for (const name of names) await host.manifests.drop(`${name}.yaml`, pod(name, { containers: [main] }));
  const readiness = async () =>
    (await host.pods()).map(({ status }) =>
      status?.containerStatuses?.map(({ ready, started }) => ({ ready, started })),
    );
  const allReady = names.map(() => [{ ready: true, started: true }]);
  await host.eventually("all are ready", async () => expect(await readiness()).toEqual(allReady), { withinMs: 60_000 });
  // What makes them ready again stands in their records, which are written within half a second.
  await sleep(2_000);
  const ids = await host.runningIds();

  await host.crash();
  await host.start({ ready: false });
  await host.eventually("the new one answers", () => host.pods(), { everyMs: 20 });
  const table = watchPods(host);
  await host.eventually("all are shown", async () => expect(await host.pods()).toHaveLength(COUNT));
  await host.steadily(3_000, async () => expect(await readiness()).toEqual(allReady));
  await table.close();
  expect(
    table
      .rows()
      .map(({ NAME, READY, STATUS }) => `${NAME} ${READY} ${STATUS}`)
      .sort(),
  ).toEqual(names.map((name) => `${name}-${host.node} 1/1 Running`).sort());
  expect(await host.runningIds()).toEqual(ids);
  expect((await host.metrics()).sum("prober_probe_total", { result: "failed" })).toBe(0);
});

it("two berthds with two root directories share one containerd, even under one node name", async () => {
  const other = await openHost({ node: host.node });
  try {
    await host.start();
    for (const name of ["a1", "a2"]) await host.manifests.drop(`${name}.yaml`, pod(name));
    for (const name of ["b1", "b2"]) await other.manifests.drop(`${name}.yaml`, pod(name));
    const ids = new Map<string, string>();
    for (const name of ["a1", "a2"]) ids.set(name, (await host.running(name)).id);
    for (const name of ["b1", "b2"]) ids.set(name, (await other.running(name)).id);
    for (const one of [host, other]) await one.crash();
    for (const one of [host, other]) await one.start();
    await host.manifests.remove("a1.yaml");
    await host.gone("a1");
    await host.steadily(5_000, async () => {
      expect((await host.running("a2")).id).toBe(ids.get("a2"));
      for (const name of ["b1", "b2"]) expect((await other.running(name)).id).toBe(ids.get(name));
    });
    const shown = async (one: Host) => (await one.pods()).map(({ metadata }) => metadata?.name).sort();
    expect(await shown(host)).toEqual([`a2-${host.node}`]);
    expect(await shown(other)).toEqual([`b1-${host.node}`, `b2-${host.node}`]);
  } finally {
    // Both go by one node name: what one of them clears away, the other must not try to mend.
    await host.leave();
    await other.close();
  }
});

it("what others made is never touched, and a kubelet's pods keep berthd from starting", async () => {
  const strict = await openHost({ started: false, agent: { allowKubelet: false } });
  const plain = await makeBarePod(host.cri, `plain-${host.node}`);
  const labels = {
    "io.kubernetes.pod.name": `theirs-${host.node}`,
    "io.kubernetes.pod.namespace": "default",
    "io.kubernetes.pod.uid": `uid-${host.node}`,
    "io.kubernetes.container.name": "stranger",
  };
  const kubelets = await makeBarePod(host.cri, `theirs-${host.node}`, labels);
  try {
    const refused = await strict.start({ ready: false });
    await strict.eventually("berthd refuses to start", async () => {
      await expect(refused.ready(100)).rejects.toThrow(/ended before it was ready/);
    });
    expect(await strict.log()).toMatch(/KubeletPresent|kubelet/);

    await host.start();
    await host.manifests.drop("web.yaml", pod("web"));
    await host.running("web");
    await host.crash();
    await host.start();
    await host.manifests.remove("web.yaml");
    await host.gone("web");
    for (const { containerId } of [plain, kubelets]) {
      expect(await host.cri.status(containerId)).toMatchObject({ state: "running" });
    }
    await host.eventually("nothing is shown any more", async () => {
      expect(await host.pods()).toEqual([]);
    });
  } finally {
    await removeBarePod(host.cri, plain);
    await removeBarePod(host.cri, kubelets);
    await strict.close();
  }
});

it("a second berthd on one root directory is refused", async () => {
  await host.start();
  const second = await openHost({ node: host.node, started: false, flags: ["--root-dir", host.places.root] });
  try {
    const refused = await second.start({ ready: false });
    await second.eventually("it refuses to start", async () => {
      await expect(refused.ready(100)).rejects.toThrow(/ended before it was ready/);
    });
    expect(await second.log()).toMatch(/RootDirTaken|another berthd/);
  } finally {
    await second.close();
  }
});

/** Adds, changes or removes one pod, in the directory and in the map from name to version. */
async function changeSomething(wanted: Map<string, string>, chance: Seeded, version: string): Promise<void> {
  const names = [...wanted.keys()];
  const kind = names.length === 0 ? "add" : chance.pick(["add", "add", "change", "remove"] as const);
  if (kind === "remove" || (kind === "add" && names.length >= MOST_PODS)) {
    const name = chance.pick(names);
    wanted.delete(name);
    return host.manifests.remove(`${name}.yaml`);
  }
  const name = kind === "add" ? `p${version}` : chance.pick(names);
  wanted.set(name, version);
  const containers = chance.fraction() < 0.3 ? [container("a"), container("b")] : [container("a")];
  await host.manifests.drop(`${name}.yaml`, pod(name, { containers }, { annotations: { version } }));
}

/** Containers whose StartContainer containerd has given up because its caller was gone. */
async function startsCutOff(log: string): Promise<ReadonlySet<string>> {
  const failed = /StartContainer for \\"([0-9a-f]{64})\\" failed" error=.*context canceled/g;
  return new Set([...(await readFile(log, "utf8")).matchAll(failed)].map(([, id = ""]) => id));
}

function caughtUp(wanted: ReadonlyMap<string, string>): Promise<void> {
  const what = "the runtime holds exactly what the directory asks for";
  return host.eventually(what, () => holdsExactly(wanted), { withinMs: 60_000 });
}

/** One ready sandbox for each wanted pod in its wanted version, with all its containers running, and nothing else. */
async function holdsExactly(wanted: ReadonlyMap<string, string>): Promise<void> {
  const sandboxes = await host.cri.sandboxes();
  const held = sandboxes.filter((it) => it.ready).map((it) => `${it.pod} ${it.annotations.version}`);
  expect(held.sort()).toEqual([...wanted].map(([name, version]) => `${name} ${version}`).sort());
  const containers = await host.cri.containers();
  expect(containers.filter((it) => it.state !== "running" && it.state !== "exited")).toEqual([]);
  for (const sandbox of sandboxes.filter((it) => it.ready)) {
    expect(
      containers.some((it) => it.sandboxId === sandbox.id && it.state === "running"),
      sandbox.pod,
    ).toBe(true);
  }
  const running = containers.filter((it) => it.state === "running");
  expect(running.filter((it) => !sandboxes.some((sandbox) => sandbox.ready && sandbox.id === it.sandboxId))).toEqual(
    [],
  );
}
