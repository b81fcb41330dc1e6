import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeClusterPrograms } from "../../dev/cluster/programs.ts";
import { type Cluster, startCluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";
import { say } from "../../dev/say.ts";
import { never } from "../kit/never.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { type JoinedHost, joinHost } from "./joined-host.ts";

// What a node at rest asks of a real API server, by the server's own audit log. For two minutes, or BERTH_REST_MINUTES.

const MINUTES = Number(process.env.BERTH_REST_MINUTES || 2);
const STATIC_PODS = 5;
const BOUND_PODS = 5;

/** A line of the audit log, as far as it is looked at. */
type Audited = {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string };
  readonly requestReceivedTimestamp: string;
};

let cluster: Cluster;
let host: JoinedHost;
let folder: string;

beforeAll(async () => {
  await makeClusterPrograms();
  folder = await mkdtemp(join(tmpdir(), "berth-audit-"));
  // Of each request its arrival, too: this server writes no other line of a watch.
  const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
  await writeFile(join(folder, "policy.json"), JSON.stringify(policy));
  const server = [
    `--audit-policy-file=${join(folder, "policy.json")}`,
    `--audit-log-path=${join(folder, "audit.log")}`,
  ];
  cluster = await startCluster(join(workFolder, "cluster-rest"), { server });
  host = await joinHost(cluster);
}, 600_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The node's requests since a moment, by what they were, each once. */
async function askedSince(sinceMs: number): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(join(folder, "audit.log"), "utf8")).trim().split("\n");
  const own = lines
    .map((line) => JSON.parse(line) as Audited)
    .filter(({ user }) => user.username === `system:node:${host.node}`)
    .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= sinceMs);
  const counts = new Map<string, number>();
  for (const { verb, objectRef } of new Map(own.map((one) => [one.auditID, one])).values()) {
    const { resource = "?", subresource } = objectRef ?? {};
    const name = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

it("a node at rest renews its lease 6 times a minute, tells its status every 5 minutes, watches, and asks nothing else", {
  timeout: (MINUTES + 5) * 60_000,
}, async () => {
  await host.api.create(
    { kind: "configmaps", namespace: "default" },
    { metadata: { name: "words" }, data: { a: "b" } },
    never,
  );
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const [own, bound] = [names("own", STATIC_PODS), names("bound", BOUND_PODS)];
  for (const name of own) await host.manifests.drop(`${name}.yaml`, pod(name));
  const envFrom = [{ configMapRef: { name: "words" } }];
  for (const name of bound) await host.bind(pod(name, { containers: [container("main", { envFrom })] }));
  await host.toldReady([...own, ...bound], { withinMs: 60_000 });
  await sleep(20_000); // the last events and statuses of the beginning

  const begunMs = Date.now();
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
  const watches = [...asked].filter(([name]) => name.startsWith("watch "));
  expect(Math.max(0, ...watches.map(([, count]) => count))).toBeLessThanOrEqual(Math.ceil(MINUTES / 5) + 1); // each lasts 5 to 10 minutes
  const begun = [...(await askedSince(0)).keys()];
  expect(begun).toEqual(
    expect.arrayContaining(["nodes", "pods", "services", "configmaps"].map((kind) => `watch ${kind}`)),
  );
});
