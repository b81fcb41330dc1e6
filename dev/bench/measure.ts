import { setTimeout as sleep } from "node:timers/promises";
import { say } from "../say.ts";
import type { Contender, Opened } from "./contender.ts";
import type { Eye } from "./eye.ts";
import { cpuPercent, residentMiB } from "./process-cost.ts";
import { addResult, type Results, type RowName } from "./rows.ts";

/** What all measurements share. */
export type Bench = {
  readonly eye: Eye;
  readonly contenders: readonly Contender[];
  readonly results: Results;
  readonly rounds: number;
};

/** How long a row at rest looks, after things have settled. */
export const REST_MS = 60_000;
const PROBED_MS = 30_000;
export const SETTLE_MS = 10_000;
const SINGLES = 20;

let batches = 0;

/** Pods whose names begin alike. */
export type Batch = { readonly prefix: string; readonly pods: string[] };

/** Names for a batch of pods that no other batch has; none of them is the beginning of another. */
export function batch(count: number): Batch {
  batches += 1;
  const prefix = `batch${batches}-`;
  return { prefix, pods: Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, "0")}`) };
}

/** Starts a batch and hands back the time until its last container started. */
export async function startAll(eye: Eye, opened: Opened, prefix: string, pods: readonly string[]): Promise<number> {
  const beganAtMs = await opened.start(pods);
  const starts = await eye.waitFor(prefix, pods.length, 300_000);
  return Math.max(...starts.map(({ startedAtMs }) => startedAtMs)) - beganAtMs;
}

/** Ends a batch and waits until nothing is left of it. */
export async function removeAll(eye: Eye, opened: Opened, prefix: string, pods: readonly string[]): Promise<void> {
  await opened.remove(pods);
  await eye.waitGone(prefix, 300_000);
}

/** Rows start50, start150, single: every contender in turn, in another order each round, with the node idle before each. */
export async function measureStarts(bench: Bench, row: RowName, count: number): Promise<void> {
  const { eye, contenders, results } = bench;
  const opened = new Map<string, Opened>();
  for (const contender of contenders) opened.set(contender.name, await contender.open());
  const rounds = count === 1 ? SINGLES : bench.rounds;
  for (let round = 0; round <= rounds; round += 1) {
    const turns = round % 2 === 0 ? [...opened] : [...opened].reverse();
    for (const [name, one] of turns) {
      const { prefix, pods } = batch(count);
      const tookMs = await startAll(eye, one, prefix, pods);
      await removeAll(eye, one, prefix, pods);
      await sleep(count === 1 ? 200 : 1_000);
      if (round === 0) continue; // the first one warms up runtime and contenders
      addResult(results, row, name, tookMs);
      if (count > 1) say(`${row} round ${round} of ${rounds}: ${name} ${Math.round(tookMs)} ms`);
    }
  }
  for (const one of opened.values()) await one.close();
}

/** Row restart: first process of a container killed, until its replacement started; every pod is used once. */
export async function measureRestarts(bench: Bench): Promise<void> {
  const { eye, contenders, results } = bench;
  for (const contender of contenders) {
    const one = await contender.open();
    const { prefix, pods } = batch(SINGLES);
    await startAll(eye, one, prefix, pods);
    await sleep(SETTLE_MS);
    for (const { id, pod } of eye.starts(prefix)) {
      const pid = await eye.pidOf(id);
      const killedAtMs = Date.now();
      process.kill(pid, "SIGKILL");
      const [, replacement] = await eye.waitFor(pod, 2, 60_000);
      addResult(results, "restart", contender.name, (replacement?.startedAtMs ?? Number.NaN) - killedAtMs);
      await sleep(200);
    }
    await removeAll(eye, one, prefix, pods);
    await one.close();
  }
}

/** Rows rest50, memory50, and rest150, memory150 unless only 50 pods are wanted: a fresh process, nothing happening. */
export async function measureRest(bench: Bench, only50: boolean): Promise<void> {
  const { eye, contenders, results } = bench;
  for (const contender of contenders) {
    if (contender.name === "floor") continue;
    const one = await contender.open();
    const batches = only50 ? [batch(50)] : [batch(50), batch(100)];
    const rows = [
      ["rest50", "memory50"],
      ["rest150", "memory150"],
    ] as const;
    for (const [index, { prefix, pods }] of batches.entries()) {
      await startAll(eye, one, prefix, pods);
      await sleep(SETTLE_MS);
      const [cpu, memory] = rows[index] ?? rows[0];
      say(`${cpu}: ${contender.name} at rest for ${REST_MS / 1000} s`);
      addResult(results, cpu, contender.name, await cpuPercent(one.pid, REST_MS));
      addResult(results, memory, contender.name, await residentMiB(one.pid));
    }
    for (const { prefix, pods } of batches) await removeAll(eye, one, prefix, pods);
    await one.close();
  }
}

/** Rows exec50, http50: fifty pods that are asked once a second, in a process of their own each. */
export async function measureProbes(bench: Bench, row: "exec50" | "http50"): Promise<void> {
  const { eye, contenders, results } = bench;
  for (const contender of contenders) {
    const one = await contender.open();
    const { prefix, pods } = batch(50);
    await one.start(pods, row === "exec50" ? "exec" : "http");
    await eye.waitFor(prefix, pods.length, 300_000);
    await sleep(SETTLE_MS);
    say(`${row}: ${contender.name} for ${PROBED_MS / 1000} s`);
    addResult(results, row, contender.name, await cpuPercent(one.pid, PROBED_MS));
    await removeAll(eye, one, prefix, pods);
    await one.close();
  }
}

/** Row command: the program that people type, one process after another. */
export async function measureCommand({ eye, contenders, results }: Bench): Promise<void> {
  for (const contender of contenders) {
    const one = await contender.open();
    if (one.list !== undefined) {
      const { prefix, pods } = batch(50);
      await startAll(eye, one, prefix, pods);
      await sleep(SETTLE_MS);
      say(`command: ${contender.name}, ${SINGLES} times`);
      for (let count = 0; count < SINGLES; count += 1) {
        const beganMs = performance.now();
        await one.list();
        addResult(results, "command", contender.name, performance.now() - beganMs);
      }
      await removeAll(eye, one, prefix, pods);
    }
    await one.close();
  }
}

/** Row adopt100: killed and started again, until all pods are known as running; no container may be another one. */
export async function measureAdoption(bench: Bench): Promise<void> {
  const { eye, contenders, results } = bench;
  for (const contender of contenders) {
    const one = await contender.open();
    const { restart, adopted } = one;
    if (restart && adopted) {
      const { prefix, pods } = batch(100);
      await startAll(eye, one, prefix, pods);
      const before = (await eye.running(prefix)).sort().join();
      for (let round = 0; round < bench.rounds; round += 1) {
        const beganAtMs = await restart();
        await adopted(pods.length);
        addResult(results, "adopt100", contender.name, Date.now() - beganAtMs);
        await sleep(3_000);
        if ((await eye.running(prefix)).sort().join() !== before)
          throw new Error("adopt100: containers were restarted");
      }
      await removeAll(eye, one, prefix, pods);
    }
    await one.close();
  }
}
