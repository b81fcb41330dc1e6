import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finished, runCommand, tryCommand } from "../run-command.ts";
import { removeCgroups } from "../runtime/cgroups.ts";
import { debianRoot, type Equipment, type Suite, systemdFolder } from "./base.ts";

/** A Debian with its own systemd, booted in a container that may do whatever this machine permits. */
export type Machine = {
  /** Its root directory, as seen from here. */
  readonly root: string;
  boot(): Promise<void>;
  /** Runs a shell script inside as root, if need be on this machine's network. Never throws for an exit code. */
  run(script: string, network?: "own" | "of the host"): Promise<Finished>;
  /** The same, for a script that must succeed: its standard output without the last line break. */
  must(script: string): Promise<string>;
  /** Goes down as a computer does, and is booted again. */
  reboot(): Promise<void>;
  /** Goes down. */
  powerOff(): Promise<void>;
  /** Goes down and is removed with everything that it left. */
  destroy(): Promise<void>;
};

const UP_WITHIN_MS = 60_000;
const DOWN_WITHIN_MS = 90_000;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A machine of that name, not booted yet; an earlier one of the name is removed. */
export async function makeMachine(
  name: string,
  equipment: Equipment = "equipped",
  suite: Suite = "bookworm",
): Promise<Machine> {
  const tools = await debianRoot();
  const base = await debianRoot(equipment, suite);
  const root = join(systemdFolder, "machines", name);
  const cgroup = `berth-systemd-${name}`;
  await rm(root, { recursive: true, force: true });
  await mkdir(join(root, ".."), { recursive: true });
  await runCommand("cp", ["-a", "-T", base, root]);
  await writeFile(join(root, "etc/hostname"), `${name}\n`);
  let leader: number | undefined;
  let over: Promise<void> = Promise.resolve();

  const boot = async (): Promise<void> => {
    await enterable(cgroup);
    const log = await open(join(root, "..", `${name}.log`), "a");
    // The shell moves itself, and so the machine, into the cgroups that are its own; the machine cannot leave them.
    const script = `for one in ${(await hierarchies()).map((path) => `'${join(path, cgroup)}'`).join(" ")}; do
      echo $$ >"$one/cgroup.procs"; done; exec "$@"`;
    const nspawn = [join(tools, "usr/bin/systemd-nspawn"), ...nspawnOptions(root, name)];
    const child = spawn("sh", ["-c", script, "sh", ...nspawn], {
      stdio: ["ignore", log.fd, log.fd],
      env: { PATH, LD_LIBRARY_PATH: libraryPath(tools), SYSTEMD_LOG_COLOR: "0" },
      detached: true,
    });
    over = new Promise((resolve) => child.once("exit", () => resolve()));
    await log.close();
    leader = await within(UP_WITHIN_MS, "the machine's first process", () => firstChild(child.pid));
    await within(UP_WITHIN_MS, "the machine is up", async () => {
      const { stdout } = await run("systemctl is-system-running");
      return /running|degraded/.test(stdout) ? true : undefined;
    });
  };
  const run: Machine["run"] = (script, network = "own") => {
    const spaces = ["-m", "-u", "-i", "-p", "-C", ...(network === "own" ? ["-n"] : [])];
    const into = ["-t", `${leader ?? 0}`, ...spaces, "env", "-i"];
    return tryCommand("nsenter", [...into, `PATH=${PATH}`, "LC_ALL=C.UTF-8", "TERM=dumb", "sh", "-c", script]);
  };
  const must = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await run(script);
    if (code !== 0) throw new Error(`exit ${code} of: ${script}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, "");
  };
  const powerOff = async (): Promise<void> => {
    if (leader === undefined) return;
    const late = sleep(DOWN_WITHIN_MS, "late" as const);
    await run("systemctl --no-block poweroff");
    const end = await Promise.race([over, late]);
    if (end === "late") process.kill(leader, "SIGKILL");
    await over;
    leader = undefined;
    await removeCgroups(cgroup);
  };
  return {
    root,
    boot,
    run,
    must,
    powerOff,
    async reboot() {
      await powerOff();
      await boot();
    },
    async destroy() {
      await powerOff();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function nspawnOptions(root: string, name: string): string[] {
  return [
    ...["--boot", `--directory=${root}`, `--machine=${name}`, "--register=no", "--keep-unit", "--capability=all"],
    // containers need the kernel's key rings
    ...["--system-call-filter=@keyring", "--private-network", "--link-journal=no", "--resolv-conf=off"],
    "--console=read-only",
    // newer releases of systemd run on cgroups of version 1 only when told so
    ...(existsSync("/sys/fs/cgroup/cgroup.controllers") ? [] : ["SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]),
  ];
}

const libraryPath = (base: string): string => {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return `${base}/usr/lib/${triplet}/systemd:${base}/usr/lib/${triplet}`;
};

/** Where cgroups are mounted: one folder for each hierarchy of version 1, one for all of version 2. */
async function hierarchies(): Promise<string[]> {
  const top = "/sys/fs/cgroup";
  if (existsSync(join(top, "cgroup.controllers"))) return [top];
  return (await readdir(top)).map((name) => join(top, name));
}

/** Makes a cgroup in every hierarchy. A cpuset of version 1 takes processes only when it says where they may run. */
async function enterable(cgroup: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const folder = join(hierarchy, cgroup);
    await mkdir(folder, { recursive: true });
    for (const name of ["cpuset.cpus", "cpuset.mems"]) {
      const value = await readFile(join(hierarchy, name), "utf8").catch(() => undefined);
      if (value !== undefined && existsSync(join(folder, name))) await writeFile(join(folder, name), value);
    }
  }
}

async function firstChild(pid: number | undefined): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const child = Number(text.trim().split(" ")[0]);
  return child > 0 ? child : undefined;
}

/** Asks again and again until there is an answer. Throws when none comes in time. */
export async function within<T>(limitMs: number, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() - begun > limitMs) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(200);
  }
}
