import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { checkout, workFolder } from "../../dev/paths.ts";
import { say } from "../../dev/say.ts";
import { type Asked, type FaultyDoor, openFaultyDoor, type Trouble } from "./faulty-door.ts";
import { type JoinedHost, joinHost, statusOf } from "./joined-host.ts";
import { isBorrowed, openSomeCluster } from "./open-cluster.ts";
import { type Outage, play, settle } from "./outage-story.ts";

// Troubles between a node and a real API server, each on a host of its own and all of them at once (issue 8, 3). They last a
// minute, or BERTH_OUTAGE_MINUTES.

const LASTS_MS = Number(process.env.BERTH_OUTAGE_MINUTES || 1) * 60_000;
/** The control plane takes a node for lost after 40 s without a sign. */
const LOST_MS = 50_000;
const HOUR_MS = 3_600_000;
/**
 * Requests of a minute: lease and status every 7 s at the latest; six watches, pods, mirrors and events every 12 s; and the
 * first tries, which come quickly.
 */
const AWAY = { perMinute: (2 * 60) / 7 + (9 * 60) / 12, first: 40 };
const NEAR = { perMinute: 60, first: 40 };

const TROUBLES: readonly (readonly [string, Trouble, typeof AWAY])[] = [
  ["takes 5 s for each answer", { kind: "slow", delayMs: 5000 }, NEAR],
  ["does not answer", { kind: "silent" }, AWAY],
  ["answers 429", { kind: "status", status: 429 }, AWAY],
  ["answers 500", { kind: "status", status: 500 }, AWAY],
  ["answers 403", { kind: "status", status: 403 }, AWAY],
  ["breaks watches in the middle of an event", { kind: "half-events" }, NEAR],
  ["takes the node's certificate for expired, as it is", { kind: "client-expired" }, AWAY],
  ["shows an expired certificate", { kind: "server-expired" }, AWAY],
];

/** Those of another's cluster: its authority's key is not at hand, and nobody kills its server. */
const OF_OTHERS: typeof TROUBLES = [
  ...TROUBLES.filter(([, { kind }]) => kind !== "client-expired"),
  ["refuses connections", { kind: "gone" }, AWAY],
];
const played = isBorrowed ? OF_OTHERS : TROUBLES;

let cluster: Cluster;
const closing: (() => Promise<void> | void)[] = [];
const stories = new Map<string, Promise<void>>();

beforeAll(async () => {
  cluster = await openSomeCluster("cluster-outages");
  for (const [name, trouble, limit] of played) {
    const { host, door } = await behindDoor();
    const begin = (): void => door.become(trouble);
    const end = (): void => door.become({ kind: "none" });
    begins(name, host, () => lived(name, host, door, limit, { begin, end, lastsMs: LASTS_MS, serverLives: true }));
  }
  const set = await clockFile();
  const { host, door } = await behindDoor(set.environment);
  begins("clock", host, async () => {
    const begin = () => set.ahead(HOUR_MS);
    const end = () => set.ahead(0);
    await lived("clock an hour ahead", host, door, NEAR, { begin, end, lastsMs: LASTS_MS, serverLives: true });
    await host.steadily(LOST_MS, async () =>
      expect(statusOf((await host.toldNode()).status?.conditions, "Ready")).toBe("True"),
    );
  });
}, 600_000);

afterAll(async () => {
  await Promise.allSettled(stories.values());
  await Promise.all(closing.map((close) => close()));
  await cluster?.stop();
}, 120_000);

/** A host that reaches the server by a door. */
async function behindDoor(environment: Readonly<Record<string, string>> = {}) {
  const node = `n${randomBytes(3).toString("hex")}`;
  const door = await openFaultyDoor(cluster, node);
  closing.push(() => door.close());
  const host = await joinHost(cluster, { node, kubeconfig: door.kubeconfig, environment });
  closing.push(() => host.close());
  return { host, door };
}

/** Lets a story begin; whoever asks for it is told how it went. */
function begins(name: string, host: JoinedHost, story: () => Promise<void>): void {
  const told = settle(host).then(story);
  told.catch(() => {}); // the test of that name is told
  stories.set(name, told);
}

async function lived(
  name: string,
  host: JoinedHost,
  door: FaultyDoor,
  { perMinute, first }: typeof AWAY,
  outage: Outage,
): Promise<void> {
  const { begunMs, endedMs, allToldAfterMs } = await play(host, outage);
  const meanwhile = door.asked.filter(({ atMs }) => atMs >= begunMs && atMs < endedMs);
  const after = door.asked.filter(({ atMs }) => atMs >= endedMs && atMs < endedMs + 30_000);
  say(`${name}: all told ${(allToldAfterMs / 1000).toFixed(1)} s after its end; ${after.length} requests then`);
  say(`  meanwhile ${meanwhile.length} in ${Math.round((endedMs - begunMs) / 1000)} s: ${countOf(meanwhile)}`);
  expect(meanwhile.length).toBeLessThanOrEqual(first + (perMinute * (endedMs - begunMs)) / 60_000);
}

/** Requests by what they were about, the most first. */
function countOf(asked: readonly Asked[]): string {
  const counts = new Map<string, number>();
  for (const { method, path } of asked) {
    const [, resource = "?"] =
      /\/(nodes|leases|pods|events|services|configmaps|secrets|runtimeclasses)\b/.exec(path) ?? [];
    const name = `${/watch=true/.test(path) ? "WATCH" : method} ${resource}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

/** A file that says how far berthd's wall clock is ahead, and what makes berthd listen to it. */
async function clockFile() {
  const file = join(workFolder, "cluster-outages", "clock");
  const ahead = async (ms: number): Promise<void> => {
    await writeFile(`${file}.next`, String(ms));
    await rename(`${file}.next`, file);
  };
  await ahead(0);
  const environment = {
    NODE_OPTIONS: `--import=${join(checkout, "test/kit/shifted-clock.ts")}`,
    BERTH_TEST_CLOCK: file,
  };
  return { ahead, environment };
}

it.each(played.map(([name]) => name))(
  "a server that %s costs no pod, and is told all within 30 s of its end",
  {
    timeout: LASTS_MS + 300_000,
  },
  async (name) => {
    await stories.get(name);
  },
);

it("a clock that is set an hour ahead and back costs no pod, and the node is never taken for lost", {
  timeout: LASTS_MS + 300_000,
}, async () => {
  await stories.get("clock");
});
