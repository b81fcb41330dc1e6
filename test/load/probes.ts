// `make probes MINUTES=10`: the built berthd with 200 pods that are probed each second (100 exec before a fake runtime over
// gRPC, 50 http and 50 tcp on loopback). Tells how late the attempts arrive, seen from outside, and what berthd holds. Fails
// when less than 99 % of them arrive within 50 ms of their due time, or when memory or sockets grow. Wants a quiet machine.
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../../dev/bench/statistics.ts";
import { say } from "../../dev/say.ts";
import { eventually } from "../kit/eventually.ts";
import { readMetrics } from "../kit/metrics.ts";
import { seeded } from "../kit/seeded.ts";
import { type Beat, makeBeat, quantile } from "./beat.ts";
import { podOf, startLoadHost } from "./host.ts";
import { cpuSeconds, inTimeWait, type Sample, takeSample } from "./sample.ts";
import { startHttp, startTcp, type YesServer } from "./servers.ts";

const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const START_WITHIN_MS = 120_000;
const SETTLE_MS = 15_000;
const PERIOD_MS = 1000;
const PUNCTUAL_MS = 50;
const PUNCTUAL_SHARE = 0.99;
const MOST_GROWTH = 0.05;
/** So many sockets more are chance: connections of probes that happen to be open at a look. */
const MOST_PASSING = 5;
const COUNTS = { exec: 100, http: 50, tcp: 50 } as const;
type Kind = keyof typeof COUNTS;
const KINDS = Object.keys(COUNTS) as Kind[];

const minutes = Number(process.env.MINUTES || 10);
const beats = new Map<string, Beat>();
const servers: YesServer[] = [];
const host = await startLoadHost(seeded());
try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await host.close();
  for (const server of servers) server.close();
}
process.exit();

async function run(): Promise<boolean> {
  host.fake.onExec(async ({ name }) => {
    arrived(name.replace(/^main-/, ""));
    return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };
  });
  await putPods();
  const pods = beats.size;
  const allRun = async (): Promise<void> => {
    const running = [...host.fake.state.containers.values()].filter(({ state }) => state === "running").length;
    if (running < pods) throw new Error(`${running} of ${pods} run`);
  };
  await eventually("all run", allRun, { withinMs: START_WITHIN_MS });
  await sleep(SETTLE_MS);
  say(`${pods} pods are probed each second; ${minutes} minutes`);
  const sinceMs = performance.now();
  const { pid } = host.berthd.id;
  const cpuBefore = await cpuSeconds(pid);
  const samples = await lookOn(pid, sinceMs);
  const share = ((await cpuSeconds(pid)) - cpuBefore) / ((performance.now() - sinceMs) / 1000);
  console.log(`berthd used ${(share * 100).toFixed(1)} % of a core`);
  const punctual = tellLateness(sinceMs);
  await tellOwnLateness();
  return (await tellSamples(samples)) && punctual;
}

async function putPods(): Promise<void> {
  const web = await startHttp((path) => arrived(path.slice(1)));
  servers.push(web);
  for (const kind of KINDS) {
    for (let index = 0; index < COUNTS[kind]; index += 1) {
      const name = `${kind}-${index}`;
      beats.set(name, makeBeat(PERIOD_MS));
      await host.put(name, podOf(name, { livenessProbe: { ...(await handlerOf(kind, name, web)), periodSeconds: 1 } }));
    }
  }
}

async function handlerOf(kind: Kind, name: string, web: YesServer): Promise<object> {
  switch (kind) {
    case "exec":
      return { exec: { command: ["true"] } };
    case "http":
      return { httpGet: { host: "127.0.0.1", port: web.port, path: `/${name}` } };
    case "tcp": {
      // A connection tells nothing but its port.
      const server = await startTcp(() => arrived(name));
      servers.push(server);
      return { tcpSocket: { host: "127.0.0.1", port: server.port } };
    }
  }
}

function arrived(name: string): void {
  beats.get(name)?.note(performance.now());
}

async function lookOn(pid: number, sinceMs: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let looks = 0; performance.now() < sinceMs + minutes * MINUTE_MS; looks += 1) {
    samples.push(await takeSample(pid, (performance.now() - sinceMs) / MINUTE_MS));
    await sleep(Math.max(0, sinceMs + (looks + 1) * LOOK_EVERY_MS - performance.now()));
  }
  return samples;
}

function tellLateness(sinceMs: number): boolean {
  const all: number[] = [];
  for (const kind of KINDS) {
    const late = [...beats].flatMap(([name, beat]) => (name.startsWith(kind) ? beat.lateness(sinceMs) : []));
    all.push(...late);
    console.log(`${kind.padEnd(5)}${lineOf(late)}`);
  }
  console.log(`all  ${lineOf(all)} (asked: ${PUNCTUAL_SHARE * 100} %)`);
  return shareWithin(all) >= PUNCTUAL_SHARE;
}

function shareWithin(late: readonly number[]): number {
  return late.filter((ms) => ms <= PUNCTUAL_MS).length / late.length;
}

function lineOf(late: readonly number[]): string {
  const within = (shareWithin(late) * 100).toFixed(2);
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(late, share).toFixed(1));
  return `${late.length} attempts, ${within} % within ${PUNCTUAL_MS} ms; p50 ${p50}, p99 ${p99}, at most ${most} ms late`;
}

/** By the metric that berthd keeps, which knows the true due times. */
async function tellOwnLateness(): Promise<void> {
  const metrics = await readMetrics(host.port);
  const of = (le: string) => metrics.sum("berth_probe_lateness_seconds_bucket", { le });
  const share = (of(String(PUNCTUAL_MS / 1000)) / of("+Inf")) * 100;
  console.log(`by berthd's own metric, from its start on: ${share.toFixed(2)} % within ${PUNCTUAL_MS} ms`);
}

/** Compares the first minute, or the first tenth of a shorter run, with the last. */
async function tellSamples(samples: readonly Sample[]): Promise<boolean> {
  const stretch = Math.max(Math.min(1, minutes / 10), (2 * LOOK_EVERY_MS) / MINUTE_MS);
  const early = samples.filter(({ minute }) => minute <= stretch);
  const late = samples.filter(({ minute }) => minute > minutes - stretch);
  const of = (some: readonly Sample[], what: "residentMiB" | "sockets") => median(some.map((one) => one[what]));
  const growth = of(late, "residentMiB") / of(early, "residentMiB") - 1;
  const more = of(late, "sockets") - of(early, "sockets");
  const waiting = await inTimeWait(servers.map(({ port }) => port));
  console.log(
    `memory ${of(early, "residentMiB").toFixed(1)} -> ${of(late, "residentMiB").toFixed(1)} MiB, ` +
      `sockets ${of(early, "sockets")} -> ${of(late, "sockets")}, in TIME_WAIT ${waiting}`,
  );
  return growth <= MOST_GROWTH && more <= MOST_PASSING;
}
