// `make torture`: a real berthd on a real containerd in a private folder, with every kind of trouble that a host knows, for as
// many minutes as are given. Prints its seed at the beginning and a table at the end; exit 1 when anything was lost.
//   MINUTES=20 RUNTIME=distro|2 BERTH_SEED=... FAULTS='killed|runc'
// Ctrl-C mends and takes everything away.
import { setTimeout as sleep } from "node:timers/promises";
import { noteTraces } from "../../dev/leftovers.ts";
import type { RuntimeVersion } from "../../dev/runtime/places.ts";
import { newestVersion } from "../../dev/sample.ts";
import { fail, messageOf, say } from "../../dev/say.ts";
import { seeded } from "../kit/seeded.ts";
import { settled } from "./check.ts";
import { clearGarden, leftovers } from "./ending.ts";
import type { Scene } from "./fault.ts";
import { makeGarden } from "./garden.ts";
import { openGauge } from "./gauge.ts";
import { KINDS, type KindName } from "./kinds.ts";
import { openLedger } from "./ledger.ts";
import { emptyRecord, playRound } from "./rounds.ts";
import { openStage, type Stage } from "./stage.ts";
import { tableOf } from "./table.ts";
import { watchTwins } from "./twins.ts";

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt.abort());

const minutes = Number(process.env.MINUTES || 20);
const word = process.env.RUNTIME || newestVersion();
const version: RuntimeVersion =
  word === "2" || word === "distro" ? word : fail(`RUNTIME=${word}: neither distro nor 2`);
if (!(minutes > 0)) fail(`MINUTES=${process.env.MINUTES}: not a number of minutes`);
const chance = seeded(process.env.BERTH_SEED ? Number(process.env.BERTH_SEED) : undefined);
const begin = performance.now();
const record = emptyRecord();

const before = await noteTraces();
say(`torture: ${minutes} minutes on containerd ${version}, BERTH_SEED=${chance.seed}`);
const stage = await openStage(version).catch((thrown) => fail(messageOf(thrown)));
const ending = await play(stage).catch((thrown) => {
  record.broken.push(messageOf(thrown));
  return undefined;
});
if (record.broken.length + (ending?.twins.length ?? 0) > 0) say(`logs: ${await stage.keepLogs()}`);
await stage.close().catch((thrown) => record.broken.push(`closing: ${messageOf(thrown)}`));
if (interrupt.signal.aborted) {
  say("interrupted: everything was taken away");
  process.exit(130);
}
const left = await leftovers(before, version);
for (const line of [
  ...record.missed.map((miss) => `missed: ${miss}`),
  ...record.broken,
  ...(ending?.twins ?? []),
  ...left,
])
  console.log(line);
const known = ending ?? {
  pods: 0,
  containers: 0,
  twins: [],
  gauge: { medianMiB: 0, mostMiB: 0, medianFds: 0, mostFds: 0 },
};
const spentMinutes = (performance.now() - begin) / 60_000;
console.log(`\n${tableOf({ record, minutes: spentMinutes, leftovers: left, ...known })}`);
process.exit(record.broken.length + known.twins.length + left.length === 0 ? 0 : 1);

/** Rounds of trouble until the time is up or something is lost; then all pods end. */
async function play(stage: Stage) {
  const garden = makeGarden(stage.directory.store, chance);
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: interrupt.signal }).catch(() => undefined);
  const scene: Scene = { stage, garden, chance, pause, signal: interrupt.signal };
  const ledger = openLedger(stage.view);
  const twins = watchTwins(ledger.nameOf);
  const gauge = openGauge(() => stage.berthd()?.id.pid);
  const pairs = (): string[] => [...new Set([...twins.twins(), ...ledger.overlaps()])];
  const isWell = (): boolean => !interrupt.signal.aborted && record.broken.length + pairs().length === 0;
  try {
    await stage.start();
    for (const kind of Object.keys(KINDS) as KindName[]) await garden.plant(kind);
    await settled(scene);
    const end = begin + minutes * 60_000;
    while (performance.now() < end && isWell()) {
      const line = await playRound(scene, record);
      say(`${String(record.rounds).padStart(3)}  ${line}`);
    }
    if (isWell()) await clearGarden(scene);
  } finally {
    await ledger.stop();
    await twins.stop();
    await gauge.stop();
  }
  return {
    pods: garden.planted,
    containers: ledger.starts,
    twins: pairs(),
    gauge: gauge.read(),
  };
}
