// `make soak MINUTES=60 PODS=100 BERTH_SEED=1`: the built berthd with pods that are probed, exit now and then and are changed
// now and then, before a fake runtime over gRPC. Looks every ten seconds at what berthd holds, and fails when it grows.
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../../dev/bench/statistics.ts";
import { say } from "../../dev/say.ts";
import { eventually } from "../kit/eventually.ts";
import { readMetrics } from "../kit/metrics.ts";
import { seeded } from "../kit/seeded.ts";
import { getOverSocket } from "../kit/socket-api.ts";
import { type LoadHost, podOf, startLoadHost } from "./host.ts";
import { cpuSeconds, type Sample, takeSample } from "./sample.ts";
import { startHttp, startTcp } from "./servers.ts";

const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 10_000;
const CHANGE_EVERY_MS = MINUTE_MS;
const MOST_GROWTH = 0.05;
/** So many files and sockets more are chance: connections of probes that happen to be open at a look. */
const MOST_PASSING = 3;

const minutes = Number(process.env.MINUTES || 60);
const pods = Number(process.env.PODS || 100);
const chance = seeded();
say(`${minutes} minutes, ${pods} pods, BERTH_SEED=${chance.seed}`);

const web = await startHttp();
const door = await startTcp();
const host = await startLoadHost(chance);
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  await host.close();
  web.close();
  door.close();
}
process.exit();

async function soak(): Promise<boolean> {
  const names = Array.from({ length: pods }, (_, index) => `soak-${index}`);
  for (const name of names) letLive(name);
  for (const name of names) await host.put(name, manifestOf(name, 0));
  const allRun = async (): Promise<void> => {
    const running = [...host.fake.state.containers.values()].filter(({ state }) => state === "running").length;
    if (running < pods) throw new Error(`${running} of ${pods} run`);
  };
  await eventually("all pods are running", allRun, { withinMs: 2 * MINUTE_MS });
  say("all pods run");
  const samples = await lookOn(names);
  return report(samples, names.length);
}

/** Every instance runs on for half a minute to eight minutes and then fails, or ends well. */
function letLive(name: string): void {
  host.fake.behave(`main-${name}`, () => ({
    exitsAfterMs: 30_000 + chance.below(450_000),
    exitCode: chance.below(2),
  }));
}

function manifestOf(name: string, version: number): object {
  return podOf(
    name,
    {
      livenessProbe: { exec: { command: ["true"] }, periodSeconds: 10 },
      readinessProbe: { httpGet: { host: "127.0.0.1", port: web.port, path: `/${name}` }, periodSeconds: 10 },
      startupProbe: { tcpSocket: { host: "127.0.0.1", port: door.port }, periodSeconds: 2 },
    },
    { version: String(version) },
  );
}

/** Looks until the time is up; scrapes and reads as a monitoring does, and changes a pod now and then. */
async function lookOn(names: readonly string[]): Promise<readonly Sample[]> {
  const { pid } = host.berthd.id;
  const samples: Sample[] = [];
  const began = performance.now();
  const cpuBefore = await cpuSeconds(pid);
  let changes = 0;
  for (let looks = 1; ; looks += 1) {
    await sleep(Math.max(0, began + looks * LOOK_EVERY_MS - performance.now()));
    const sinceMs = performance.now() - began;
    samples.push(await takeSample(pid, sinceMs / MINUTE_MS));
    await readAsPeopleDo(host);
    if (sinceMs > (changes + 1) * CHANGE_EVERY_MS) {
      changes += 1;
      const name = names[chance.below(names.length)] ?? "";
      await host.put(name, manifestOf(name, changes));
      tell(samples.at(-1));
    }
    if (sinceMs >= minutes * MINUTE_MS) break;
  }
  const share = ((await cpuSeconds(pid)) - cpuBefore) / ((performance.now() - began) / 1000);
  const own = process.cpuUsage();
  console.log(
    `berthd used ${percent(share)} of a core, this program ${percent((own.user + own.system) / 1e3 / performance.now())}`,
  );
  return samples;
}

async function readAsPeopleDo({ port, socket }: LoadHost): Promise<void> {
  await readMetrics(port);
  await getOverSocket(socket, "/v1/pods");
}

function tell(sample: Sample | undefined): void {
  if (sample === undefined) return;
  const { minute, residentMiB, files, sockets } = sample;
  const restarts = [...host.fake.state.containers.values()].reduce((sum, { attempt }) => sum + attempt, 0);
  console.log(
    `minute ${minute.toFixed(0)}: ${residentMiB.toFixed(1)} MiB, ${files} files, ${sockets} of them sockets, ${restarts} restarts so far`,
  );
}

/** Compares the last stretch with an early one: ten minutes each of an hour, less of a shorter run. */
function report(samples: readonly Sample[], count: number): boolean {
  const stretch = Math.min(10, minutes / 6);
  const within = (from: number, to: number) => samples.filter(({ minute }) => minute > from && minute <= to);
  const early = within(stretch, 2 * stretch);
  const late = within(minutes - stretch, Number.POSITIVE_INFINITY);
  const of = (some: readonly Sample[], what: Exclude<keyof Sample, "minute">) => median(some.map((one) => one[what]));
  const growth = of(late, "residentMiB") / of(early, "residentMiB") - 1;
  console.log(
    `${count} pods for ${minutes} minutes; medians of minutes ${stretch} to ${2 * stretch} and of the last ${stretch}:`,
  );
  const words = { residentMiB: "MiB resident", files: "open files", sockets: "sockets" } as const;
  for (const what of ["residentMiB", "files", "sockets"] as const) {
    const most = Math.max(...samples.map((one) => one[what]));
    const line = `${of(early, what).toFixed(1)} -> ${of(late, what).toFixed(1)} ${words[what]}, at most ${most.toFixed(1)}`;
    console.log(`  ${line}`);
  }
  const flat = (["files", "sockets"] as const).every((what) => of(late, what) - of(early, what) <= MOST_PASSING);
  console.log(
    `memory: ${growth >= 0 ? "+" : ""}${percent(growth)} (at most ${percent(MOST_GROWTH)}); files and sockets: ${flat ? "flat" : "GROWN"}`,
  );
  return growth <= MOST_GROWTH && flat;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
