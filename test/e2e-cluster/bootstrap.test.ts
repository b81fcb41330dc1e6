import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Cluster } from "../../dev/cluster/start.ts";
import { joinCluster, type Membership } from "../../src/agent/membership/membership.ts";
import { type Clock, systemChance, systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { openCluster } from "../../src/kube/connect.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { aSetup, standsWell } from "../agent/membership/member.ts";
import { eventually } from "../kit/eventually.ts";
import { openSomeCluster } from "./open-cluster.ts";

const NODE = `n${randomBytes(3).toString("hex")}`;
const YEAR_MS = 365 * 86_400_000;

let cluster: Cluster;
let folder = "";
/** Requests that were there before. */
let before: readonly string[] = [];
beforeAll(async () => {
  cluster = await openSomeCluster("cluster-bootstrap");
  before = await requests();
  folder = await mkdtemp(join(tmpdir(), "berth-bootstrap-"));
}, 180_000);
afterAll(async () => {
  await cluster?.kubectl(["delete", "node", NODE, "--ignore-not-found"]);
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Joins the cluster under a name as berthd does, by a clock that may be wrong. */
async function joined(nodeName: string, clock: Clock): Promise<Membership> {
  const doors = await openCluster({
    kubeconfig: join(folder, "kubeconfig"),
    identity: { bootstrapKubeconfig: await cluster.bootstrapKubeconfig(), certDirectory: join(folder, "pki") },
    environment: {},
    version: "test",
    log: silentLog,
    meter: silentMeter,
    timeoutMs: 30_000,
    heartbeatTimeoutMs: 10_000,
  });
  const { identity } = aSetup;
  const facts = { ...identity.facts, nodeName };
  const membership = joinCluster(
    doors,
    { standing: () => standsWell(clock.now().monoMs), onStanding: () => {}, tell: () => {} },
    { ...aSetup, identity: { ...identity, facts } },
    { clock, chance: systemChance, log: silentLog, meter: silentMeter },
  );
  return {
    ...membership,
    async stop() {
      doors.close();
      await membership.stop();
      doors.close();
    },
  };
}

/** All requests for certificates, the oldest first: when, by whom, and how each is called. */
async function requests(): Promise<readonly string[]> {
  const path = "jsonpath={range .items[*]}{.metadata.creationTimestamp} {.spec.username} {.metadata.name}{'\\n'}{end}";
  return (await cluster.kubectl(["get", "csr", "-o", path])).trim().split("\n").sort();
}
const requesters = async (): Promise<string[]> =>
  (await requests()).filter((line) => !before.includes(line)).map((line) => line.split(" ")[1] ?? "");
const ready = (name: string): Promise<string> =>
  cluster.kubectl(["get", "node", name, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"]);
const currentPem = (): Promise<string> => readFile(join(folder, "pki/kubelet-client-current.pem"), "utf8");

it("a node with a bootstrap token gets a certificate, joins by it, and renews it by itself", {
  timeout: 240_000,
}, async () => {
  const first = await joined(NODE, systemClock);
  await eventually("the node is ready", async () => expect(await ready(NODE)).toBe("True"), { withinMs: 90_000 });
  expect(await requesters()).toEqual([expect.stringMatching(/^system:bootstrap:/)]);
  const certificate = await currentPem();
  await first.stop();

  // A clock at the end of the certificate's year: the node takes it for due.
  const late: Clock = {
    ...systemClock,
    now: () => ({ ...systemClock.now(), wallMs: systemClock.now().wallMs + 0.95 * YEAR_MS }),
  };
  const second = await joined(NODE, late);
  await eventually("the certificate is renewed", async () => expect(await currentPem()).not.toBe(certificate), {
    withinMs: 90_000,
  });
  // by its own certificate, not by the token
  expect((await requesters()).slice(0, 2)).toEqual([
    expect.stringMatching(/^system:bootstrap:/),
    `system:node:${NODE}`,
  ]);
  expect((await readdir(join(folder, "pki"))).filter((name) => /^kubelet-client-\d/.test(name)).length).toBe(2);
  await second.stop();

  const third = await joined(NODE, systemClock);
  await eventually("the lease is renewed by the new certificate", () => expect(third.contact().connected).toBe(true), {
    withinMs: 60_000,
  });
  await third.stop();
});
