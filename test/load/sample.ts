import { readdir, readFile, readlink } from "node:fs/promises";

/** What a process holds at one moment. */
export type Sample = {
  readonly minute: number;
  readonly residentMiB: number;
  readonly files: number;
  readonly sockets: number;
};

/** Looks at a process from outside, by /proc. */
export async function takeSample(pid: number, minute: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const open = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return {
    minute,
    residentMiB: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024,
    files: targets.filter((target) => target !== "").length,
    sockets: targets.filter((target) => target.startsWith("socket:")).length,
  };
}

/** Seconds of CPU that a process has used so far. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/** USER_HZ, which is 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

const TIME_WAIT = "06";

/** Connections of this host in TIME_WAIT that have one of these ports on loopback at either end. */
export async function inTimeWait(ports: readonly number[]): Promise<number> {
  const wanted = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, "0")));
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const rows = tables.flatMap((table) => table.split("\n").slice(1));
  return rows.filter((row) => {
    const [, local = "", remote = "", state] = row.trim().split(/\s+/);
    return state === TIME_WAIT && [local, remote].some((end) => wanted.has(end.split(":")[1] ?? ""));
  }).length;
}
