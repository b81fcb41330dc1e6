import { afterAll, beforeAll, expect, it } from "vitest";
import type { OwnCluster } from "../../dev/cluster/start.ts";
import { say } from "../../dev/say.ts";
import { type JoinedHost, joinHost } from "./joined-host.ts";
import { openOwnCluster } from "./open-cluster.ts";
import { play, settle } from "./outage-story.ts";

// A real API server is killed, and comes back a minute later, or after BERTH_OUTAGE_MINUTES (issue 8, 3).

const LASTS_MS = Number(process.env.BERTH_OUTAGE_MINUTES || 1) * 60_000;
/** Lease and status every 7 s at the latest; six watches, pods, mirrors and events every 12 s; and the first tries. */
const MOST = 40 + ((2 * 60) / 7 + (9 * 60) / 12) * (LASTS_MS / 60_000);

let cluster: OwnCluster;
let host: JoinedHost;

beforeAll(async () => {
  cluster = await openOwnCluster("cluster-killed");
  host = await joinHost(cluster);
}, 600_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

it("an API server that is killed and comes back costs no pod, and is told all within 30 s", {
  timeout: LASTS_MS + 300_000,
}, async () => {
  const sent = async (): Promise<number> => (await host.metrics()).sum("rest_client_requests_total");
  await settle(host);
  let before = 0;
  let meanwhile = 0;
  const { allToldAfterMs } = await play(host, {
    async begin() {
      before = await sent();
      await cluster.killServer();
    },
    async end() {
      meanwhile = (await sent()) - before;
      await cluster.startServer();
    },
    lastsMs: LASTS_MS,
    serverLives: false,
  });
  say(
    `killed for ${LASTS_MS / 60_000} min: ${meanwhile} tries; all told ${(allToldAfterMs / 1000).toFixed(1)} s after it was ready`,
  );
  expect(meanwhile).toBeLessThanOrEqual(MOST);
  expect((await host.problems()).length).toBe(0);
});
