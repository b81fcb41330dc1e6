// `make bench`: Berth beside a bare client of CRI, and beside any other agent, on one private containerd 2.x. Environment:
//   ROWS    the rows to measure, separated by commas; all without it, but those of a cluster only where its programs are
//   ROUNDS  rounds of the start and adoption rows; 5 without it
//   AGENT   a command line with {manifests}, {endpoint} and {root}: another agent for static pods
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { clusterPrograms, programPath } from "../cluster/places.ts";
import { workFolder } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { programsOf } from "../runtime/places.ts";
import { type Runtime, startRuntime } from "../runtime/start.ts";
import { stopRuntime } from "../runtime/stop.ts";
import { fail, messageOf, say } from "../say.ts";
import { agentOf, berthOf, type Contender, floorOf } from "./contender.ts";
import { openEye } from "./eye.ts";
import { measureJoined } from "./joined.ts";
import {
  type Bench,
  measureAdoption,
  measureCommand,
  measureProbes,
  measureRest,
  measureRestarts,
  measureStarts,
} from "./measure.ts";
import { report } from "./report.ts";
import { JOINED_ROWS, ROWS, type RowName } from "./rows.ts";

const FOLDER = join(workFolder, "run/bench");
const wanted = chosenRows(process.env.ROWS ?? "");

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, leave);

try {
  say(
    `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${await runCommand(programsOf("2").containerd, ["--version"])}`.trim(),
  );
  const runtime = await startRuntime({ folder: FOLDER, version: "2" });
  const { text, missed } = report(await measure(runtime));
  console.log(`\n${text}`);
  await mkdir(join(workFolder, "bench"), { recursive: true });
  await writeFile(join(workFolder, "bench/last.txt"), `${text}\n`);
  process.exitCode = missed > 0 ? 1 : 0;
} catch (thrown) {
  await stopRuntime(FOLDER);
  fail(messageOf(thrown));
}
await stopRuntime(FOLDER);
process.exit();

async function measure(runtime: Runtime): Promise<Bench["results"]> {
  const bench: Bench = {
    eye: openEye(runtime.endpoint),
    contenders: contendersOf(runtime, floorOf(runtime)),
    results: new Map(),
    rounds: Number(process.env.ROUNDS || 5),
  };
  const has = (...names: RowName[]) => names.some((name) => wanted.includes(name));
  if (has("start50")) await measureStarts(bench, "start50", 50);
  if (has("start150")) await measureStarts(bench, "start150", 150);
  if (has("single")) await measureStarts(bench, "single", 1);
  if (has("restart")) await measureRestarts({ ...bench, contenders: contendersOf(runtime, floorOf(runtime, true)) });
  // What a cluster costs is counted on top of the same pods without one.
  const only50 = !has("rest150", "memory150", "joined150", "bound150");
  if (has("rest50", "memory50", "rest150", "memory150", ...JOINED_ROWS)) await measureRest(bench, only50);
  if (has("joined50", "joined150")) await measureJoined(bench, runtime, "joined", only50);
  if (has("bound50", "bound150")) await measureJoined(bench, runtime, "bound", only50);
  if (has("exec50")) await measureProbes(bench, "exec50");
  if (has("http50")) await measureProbes(bench, "http50");
  if (has("adopt100")) await measureAdoption(bench);
  if (has("command")) await measureCommand(bench);
  bench.eye.close();
  return bench.results;
}

/** The floor, Berth, and the agent of the command line; BENCH_ONLY=floor leaves the others out. */
function contendersOf(runtime: Runtime, floor: Contender): Contender[] {
  if (process.env.BENCH_ONLY === "floor") return [floor];
  const line = process.env.AGENT ?? "";
  return [floor, berthOf(runtime), ...(line === "" ? [] : [agentOf(runtime, line)])];
}

function chosenRows(text: string): RowName[] {
  const names = ROWS.map(({ name }): RowName => name);
  const chosen = text.split(",").filter(Boolean);
  const strange = chosen.filter((name) => !names.some((known) => known === name));
  if (strange.length > 0) fail(`no such row: ${strange.join(", ")}; there are ${names.join(", ")}`);
  if (chosen.length > 0) return names.filter((name) => chosen.includes(name));
  const hasCluster = clusterPrograms.every((name) => existsSync(programPath(name)));
  return names.filter((name) => hasCluster || !JOINED_ROWS.includes(name));
}

async function leave(): Promise<void> {
  await stopRuntime(FOLDER);
  process.exit(130);
}
