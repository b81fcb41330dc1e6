import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { say } from "../../dev/say.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { type Asked, type FaultyDoor, openFaultyDoor } from "./faulty-door.ts";
import { type JoinedHost, joinHost } from "./joined-host.ts";
import { isBorrowed, openSomeCluster } from "./open-cluster.ts";

// What a node at rest asks of a real API server, by the server's own audit log, with pods that read ConfigMaps, Secrets and
// tokens. For two minutes, or BERTH_REST_MINUTES.

const MINUTES = Number(process.env.BERTH_REST_MINUTES || 2);
const STATIC_PODS = 5;
const BOUND_PODS = 5;

/** A line of the audit log, as far as it is looked at. */
type Audited = {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly requestReceivedTimestamp: string;
};

/** The node's requests since a moment, by what they were. Of watches each object has a line of its own. */
type Counting = (sinceMs: number) => Promise<ReadonlyMap<string, number>>;

let cluster: Cluster;
let host: JoinedHost;
let folder: string;
let door: FaultyDoor | undefined;
let askedSince: Counting;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-audit-"));
  // Of each request its arrival, too: this server writes no other line of a watch.
  const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
  await writeFile(join(folder, "policy.json"), JSON.stringify(policy));
  const server = [
    `--audit-policy-file=${join(folder, "policy.json")}`,
    `--audit-log-path=${join(folder, "audit.log")}`,
  ];
  cluster = await openSomeCluster("cluster-rest", { server });
  if (isBorrowed) {
    // Its audit log is not at hand: what passes a door on the way to it is counted.
    const node = `n${randomBytes(3).toString("hex")}`;
    const way = await openFaultyDoor(cluster, node);
    door = way;
    host = await joinHost(cluster, { node, kubeconfig: way.kubeconfig });
    askedSince = async (sinceMs) => countOf(way.asked.filter(({ atMs }) => atMs >= sinceMs).map(nameOf));
  } else {
    host = await joinHost(cluster);
    askedSince = audited;
  }
}, 600_000);

afterAll(async () => {
  await host?.close();
  await door?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** By the server's own log, each request once. */
async function audited(sinceMs: number): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(join(folder, "audit.log"), "utf8")).trim().split("\n");
  const since = performance.timeOrigin + sinceMs;
  const own = lines
    .map((line) => JSON.parse(line) as Audited)
    .filter(({ user }) => user.username === `system:node:${host.node}`)
    .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= since);
  const once = [...new Map(own.map((one) => [one.auditID, one])).values()];
  return countOf(
    once.map(({ verb, objectRef }) => {
      const { resource = "?", subresource, name } = objectRef ?? {};
      const what = `${resource}${subresource === undefined ? "" : `/${subresource}`}`;
      return `${verb} ${what}${verb === "watch" && name !== undefined ? ` ${name}` : ""}`;
    }),
  );
}

/** A request as the audit log would call it. */
function nameOf({ method, path }: Asked): string {
  const [, resource = "?", name, subresource] =
    /\/(nodes|leases|pods|events|services|configmaps|secrets|serviceaccounts|runtimeclasses)\b(?:\/([^/?]+)(?:\/([^/?]+))?)?/.exec(
      path,
    ) ?? [];
  const watched = /metadata.name(?:=|%3D)([^&]+)/.exec(path)?.[1];
  if (/[?&]watch=true/.test(path)) return `watch ${resource}${watched === undefined ? "" : ` ${watched}`}`;
  const verb = { PUT: "update", PATCH: "patch", POST: "create", DELETE: "delete" }[method] ?? "get";
  return `${verb === "get" && name === undefined ? "list" : verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** A pod with all that a node has to keep fresh: a ConfigMap and a Secret by watch, a token of the shortest life there is. */
function reader(name: string): v1.Pod {
  const sources = [
    { serviceAccountToken: { path: "token", expirationSeconds: 600 } },
    { configMap: { name: "words" } },
    { secret: { name: "key" } },
  ];
  const main = container("main", {
    envFrom: [{ configMapRef: { name: "words" } }],
    volumeMounts: [{ name: "all", mountPath: "/all" }],
  });
  return pod(name, {
    automountServiceAccountToken: true,
    containers: [main],
    volumes: [{ name: "all", projected: { sources } }],
  });
}

it("a node at rest renews its lease 6 times a minute, tells its status every 5 minutes, watches, and asks nothing else", {
  timeout: (MINUTES + 5) * 60_000,
}, async () => {
  for (const [kind, name] of [
    ["configmap", "words"],
    ["secret", "key"],
  ] as const)
    await cluster.kubectl([
      "create",
      ...(kind === "secret" ? ["secret", "generic"] : [kind]),
      name,
      "--from-literal=a=b",
    ]);
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const [own, bound] = [names("own", STATIC_PODS), names("bound", BOUND_PODS)];
  for (const name of own) await host.manifests.drop(`${name}.yaml`, pod(name));
  for (const name of bound) await host.bind(reader(name));
  await host.toldReady([...own, ...bound], { withinMs: 60_000 });
  await sleep(20_000); // the last events and statuses of the beginning

  const begunMs = performance.now();
  await sleep(MINUTES * 60_000);
  const asked = await askedSince(begunMs);
  const list = [...asked].sort(([, one], [, other]) => other - one).map(([name, count]) => `${name} ${count}`);
  say(`at rest for ${MINUTES} minutes with ${own.length} static and ${bound.length} bound pods: ${list.join(", ")}`);
  const usual = ["update leases", "patch nodes/status", "create serviceaccounts/token"];
  expect([...asked.keys()].filter((name) => !name.startsWith("watch ") && !usual.includes(name))).toEqual([]);
  expect(asked.get("update leases")).toBeLessThanOrEqual(6 * MINUTES + 1);
  expect(asked.get("update leases")).toBeGreaterThanOrEqual(Math.floor((6 * MINUTES) / 1.04) - 1);
  // The first report after a change comes within half a period to one and a half, the next ones each period (node.md 2.4).
  expect(asked.get("patch nodes/status") ?? 0).toBeLessThanOrEqual(Math.ceil(MINUTES / 5) + 1);
  // A token of ten minutes is renewed after eight, that of an hour which the server mounts by itself after 48 (node.md 3.9).
  expect(asked.get("create serviceaccounts/token") ?? 0).toBeLessThanOrEqual(BOUND_PODS * Math.ceil(MINUTES / 7.5));
  expect(asked.get("create serviceaccounts/token") ?? 0).toBeGreaterThanOrEqual(MINUTES >= 10 ? BOUND_PODS : 0);
  const watches = [...asked].filter(([name]) => name.startsWith("watch "));
  expect(Math.max(0, ...watches.map(([, count]) => count))).toBeLessThanOrEqual(Math.ceil(MINUTES / 5) + 1); // each lasts 5 to 10 minutes
  const begun = [...(await askedSince(0)).keys()];
  const watched = [`nodes ${host.node}`, "pods", "services", "configmaps words", "secrets key"];
  expect(begun).toEqual(expect.arrayContaining(watched.map((what) => `watch ${what}`)));
});
