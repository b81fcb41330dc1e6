import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { type JoinedHost, restartsOf, statusOf } from "./joined-host.ts";

// A node lives through a trouble with its API server: pods of its own and of the server come, go and crash meanwhile.

/** A trouble, from its begin to its end. */
export type Outage = {
  begin(): Promise<void> | void;
  /** Resolves when the server is back. */
  end(): Promise<void> | void;
  readonly lastsMs: number;
  /** The server itself still takes orders from others: pods are bound and deleted that the node cannot hear of. */
  readonly serverLives: boolean;
};

/** What a story has shown. */
export type Told = { readonly begunMs: number; readonly endedMs: number; readonly allToldAfterMs: number };

const IN_TIME_MS = 30_000;
/** What happens on the host itself takes longer where many hosts begin at once. */
const PATIENT = { withinMs: 60_000 };
/** As of a DaemonSet: the control plane does not drive them away from a node that it takes for lost. */
const patient = ["unreachable", "not-ready"].map((word) => ({
  key: `node.kubernetes.io/${word}`,
  operator: "Exists",
  effect: "NoExecute",
}));
const OWN = ["stays", "crashes"];
const BOUND = ["keeps", "falls"];
const UNTOUCHED = ["stays", "keeps"];
const CRASHING = ["crashes", "falls"];

const boundPod = (name: string): v1.Pod =>
  pod(name, {
    tolerations: patient,
    containers: [container("main", { command: sh("echo up; trap 'exit 0' TERM; sleep 100000 & wait $!") })],
  });

/** Pods that are there before: two that nothing may touch, two that crash, two that go. */
export async function settle(host: JoinedHost): Promise<void> {
  for (const name of [...OWN, "goes"]) await host.manifests.drop(`${name}.yaml`, pod(name));
  for (const name of [...BOUND, "leaves"]) await host.bind(boundPod(name));
  await host.toldReady([...OWN, "goes", ...BOUND, "leaves"], { withinMs: 90_000 });
}

/** Plays a trouble on a settled host. Throws where a pod feels it, or the server is not told all within 30 s of its end. */
export async function play(host: JoinedHost, outage: Outage): Promise<Told> {
  const ids = await idsOf(host, UNTOUCHED);
  expect(ids.length).toBe(UNTOUCHED.length);
  const leaseBefore = await renewTime(host);
  const begunMs = performance.now();
  await outage.begin();
  if (outage.serverLives) {
    await host.bind(boundPod("arrives"));
    await host.unbind("leaves");
  }
  await host.manifests.drop("comes.yaml", pod("comes"));
  await host.manifests.remove("goes.yaml");
  await crash(host, 1);
  await host.running("comes", "main", PATIENT);
  await host.gone("goes", PATIENT);
  const rest = outage.lastsMs - (performance.now() - begunMs);
  await sleep(Math.max(0, rest - 20_000));
  await crash(host, 2);
  expect(await idsOf(host, UNTOUCHED)).toEqual(ids);
  await sleep(Math.max(0, begunMs + outage.lastsMs - performance.now()));
  await outage.end();
  const endedMs = performance.now();

  await host.eventually("the server is told all", () => toldAll(host, outage.serverLives, leaseBefore), {
    withinMs: IN_TIME_MS,
    everyMs: 500,
  });
  const allToldAfterMs = performance.now() - endedMs;
  expect(await idsOf(host, UNTOUCHED)).toEqual(ids);
  return { begunMs, endedMs, allToldAfterMs };
}

/** Throws while the API server's word of the node differs from what is so. */
async function toldAll(host: JoinedHost, serverLives: boolean, leaseBefore: string): Promise<void> {
  const told = await host.told();
  const there = [...OWN, ...BOUND, "comes", ...(serverLives ? ["arrives"] : ["leaves"])].sort();
  expect([...told.keys()].sort()).toEqual(there);
  expect(there.map((name) => statusOf(told.get(name)?.status?.conditions, "Ready"))).toEqual(there.map(() => "True"));
  expect(UNTOUCHED.map((name) => restartsOf(told.get(name)))).toEqual([0, 0]);
  expect(CRASHING.map((name) => restartsOf(told.get(name)))).toEqual([2, 2]);
  const { status, spec } = await host.toldNode();
  expect(status?.conditions?.map((condition) => condition.status)).toEqual(["False", "False", "False", "True"]);
  expect(spec?.taints ?? []).toEqual([]);
  expect(await renewTime(host)).not.toBe(leaseBefore);
}

/** Kills the first process of the pods that crash, and waits for what comes in its place. */
async function crash(host: JoinedHost, restarts: number): Promise<void> {
  for (const name of CRASHING) {
    const { id } = await host.running(name, "main", PATIENT);
    process.kill((await host.cri.status(id)).pid, "SIGKILL");
  }
  for (const name of CRASHING) {
    await host.eventually(
      `${name} runs again`,
      async () => {
        const [status] = (await host.pod(name)).status?.containerStatuses ?? [];
        expect([status?.restartCount, status?.state?.running === undefined]).toEqual([restarts, false]);
      },
      PATIENT,
    );
  }
}

/** The containers of some pods that run. */
async function idsOf(host: JoinedHost, names: readonly string[]): Promise<string[]> {
  const seen = await host.cri.containers();
  return seen.flatMap((it) => (names.includes(it.pod) && it.state === "running" ? it.id : [])).sort();
}

async function renewTime({ api, node }: JoinedHost): Promise<string> {
  const lease = await api.get(
    { kind: "leases", namespace: "kube-node-lease", name: node },
    new AbortController().signal,
  );
  return lease.spec?.renewTime ?? "";
}
