// `make run`: a private containerd and a berthd on examples/, with a live table until all pods have come up. Both go on when
// this program ends; Ctrl-C before that, and `make down` after it, take everything away again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../src/pod/v1.ts";
import { startBerthd } from "./agent/berthd.ts";
import { runBerth } from "./agent/cli.ts";
import { freePort } from "./agent/free-port.ts";
import { agentPlacesOf } from "./agent/places.ts";
import { programOf } from "./agent/programs.ts";
import { checkout } from "./paths.ts";
import { startRuntime } from "./runtime/start.ts";
import { stopRuntime } from "./runtime/stop.ts";
import { newestVersion, sampleFolder, sampleSocketFile } from "./sample.ts";
import { fail, messageOf, say } from "./say.ts";

const EXAMPLES = join(checkout, "examples");
const PATIENCE_MS = 90_000;

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupt.abort());

try {
  const socket = await bringUp();
  const settled = await showTable(socket);
  if (!interrupt.signal.aborted) sayWhatNext(settled);
} catch (thrown) {
  await stopRuntime(sampleFolder);
  fail(messageOf(thrown));
}
if (interrupt.signal.aborted) {
  say("interrupted: taking everything down");
  await stopRuntime(sampleFolder);
  process.exit(130);
}
process.exit(0); // containerd and berthd go on

/** Starts containerd and berthd and hands back the socket of the latter. */
async function bringUp(): Promise<string> {
  programOf("berthd"); // throws early when it is not built
  const version = newestVersion();
  say(`starting a private containerd (${version === "2" ? "2.x" : "the distribution's own"}) in ${sampleFolder}`);
  const runtime = await startRuntime({ folder: sampleFolder, version, outside: true });
  const places = { ...agentPlacesOf(runtime.places, "sample"), manifests: EXAMPLES };
  await writeFile(sampleSocketFile, places.socket);
  const port = await freePort(10248);
  say(`starting berthd on ${EXAMPLES}, metrics on http://127.0.0.1:${port}/metrics`);
  const nodeName = hostname().toLowerCase();
  const { endpoint, cgroupRoot } = runtime;
  const berthd = await startBerthd({ places, endpoint, cgroupRoot, nodeName, port });
  await berthd.ready();
  return places.socket;
}

/** Shows `berth get pods -w` until every example has come to rest; false when that takes too long. */
async function showTable(socket: string): Promise<boolean> {
  const program = programOf("berth");
  const child = spawn(program.command, [...program.args, "get", "pods", "-w"], {
    env: { ...process.env, BERTH_SOCKET: socket },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true, // so that Ctrl-C reaches this program alone
  });
  const ended = once(child, "exit");
  const files = (await readdir(EXAMPLES)).filter((name) => /\.(yaml|yml|json)$/.test(name)).length;
  let settled = false;
  for (const end = performance.now() + PATIENCE_MS; !settled && performance.now() < end; ) {
    if (interrupt.signal.aborted || child.exitCode !== null) break;
    await sleep(1_000, undefined, { signal: interrupt.signal }).catch(() => undefined);
    settled = await atRest(socket, files);
  }
  child.kill("SIGTERM");
  await ended;
  return settled;
}

async function atRest(socket: string, count: number): Promise<boolean> {
  const { code, stdout } = await runBerth(socket, ["get", "pods", "-o", "json"]);
  if (code !== 0) return false;
  const { items } = JSON.parse(stdout) as { items: Pod[] };
  return items.length >= count && items.every(isAtRest);
}

/** Ready, done, or in a back-off that will go on for ever. */
function isAtRest({ status }: Pod): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return true;
  return (status?.containerStatuses ?? []).every(
    ({ ready, state }) => ready || state?.waiting?.reason === "CrashLoopBackOff",
  );
}

function sayWhatNext(settled: boolean): void {
  const sudo = process.env.SUDO_USER ? "sudo " : "";
  const lines = [
    "",
    settled ? "All of examples/ has come up and goes on. Try next:" : "Not all of examples/ has come up yet. Try next:",
    `  ${sudo}dev/berth get pods -w                           and then change, add or remove a file in examples/`,
    `  ${sudo}dev/berth logs -f log-sidecar -c log`,
    `  ${sudo}dev/berth exec hello -- wget -qO- localhost:8080`,
    `${sudo}make down takes everything away again.`,
  ];
  console.log(lines.join("\n"));
}
