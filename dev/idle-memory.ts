// Starts the built berthd with nothing to do and fails when it is resident with more than the budget of design section 6.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const BUDGET_MIB = 68;
const SETTLE_MS = 5000;
const UP_WITHIN_MS = 20_000;

const dist = resolve(import.meta.dirname, "../dist");
const dir = mkdtempSync(join(tmpdir(), "berth-idle-"));
const socket = join(dir, "berth.sock");

/** A configuration in which everything lies below one directory and nobody answers as a runtime. */
function configuration(): string {
  return `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ${join(dir, "manifests")}
containerRuntimeEndpoint: unix://${join(dir, "runtime.sock")}
podLogsDir: ${join(dir, "logs")}
healthzPort: 0
---
apiVersion: berth.dev/v1alpha1
kind: AgentConfiguration
rootDir: ${join(dir, "root")}
containerLogsDir: ${join(dir, "links")}
socketPath: ${socket}
viewSocketPath: ""
`;
}

/** A figure of /proc/<pid>/status in MiB. */
function statusMib(pid: number, name: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`));
  return Number(line?.match(/\d+/)?.[0] ?? Number.NaN) / 1024;
}

/** Runs the built CLI; the answer is its exit code. */
function berth(...args: string[]): Promise<number> {
  const child = spawn(join(dist, "berth"), [...args, "--socket", socket], { stdio: "ignore" });
  return new Promise((done) => child.once("exit", (code) => done(code ?? 1)));
}

async function measure(): Promise<number> {
  writeFileSync(join(dir, "config.yaml"), configuration());
  const daemon = spawn(join(dist, "berthd"), ["--config", join(dir, "config.yaml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((done) => daemon.once("exit", done));
  const talk: Buffer[] = [];
  daemon.stderr.on("data", (chunk: Buffer) => talk.push(chunk));
  try {
    const deadline = Date.now() + UP_WITHIN_MS;
    while ((await berth("get", "pods", "-A")) !== 0) {
      if (daemon.exitCode !== null || Date.now() > deadline) {
        throw new Error(`berthd did not come up:\n${Buffer.concat(talk)}`);
      }
      await wait(200);
    }
    await wait(SETTLE_MS);
    const pid = daemon.pid ?? 0;
    const [rss, anonymous, file] = ["VmRSS", "RssAnon", "RssFile"].map((name) => statusMib(pid, name).toFixed(1));
    console.log(`an idle berthd: ${rss} MiB resident (${anonymous} own, ${file} of files), budget ${BUDGET_MIB} MiB`);
    return Number(rss);
  } finally {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

if ((await measure()) > BUDGET_MIB) {
  console.error("an idle berthd is larger than its budget");
  process.exitCode = 1;
}
