import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { programOf } from "../../dev/agent/programs.ts";
import { eventually, type Patience } from "./eventually.ts";
import type { Host } from "./host.ts";

/** One printed line of a table, by its column heads. */
export type Row = Readonly<Record<string, string>>;

/** A `berth get ... -w` that goes on, and all that it has printed. */
export type Table = {
  rows(): readonly Row[];
  /** The words that the STATUS column showed for a pod, each once in its turn. */
  statuses(pod: string): string[];
  /** Waits until the newest row of a pod has this STATUS. */
  shows(pod: string, status: string, patience?: Patience): Promise<Row>;
  close(): Promise<void>;
};

/** Starts `berth get pods -A -w` on a host. Pods are named as in their manifests. */
export function watchPods(host: Pick<Host, "places" | "node">): Table {
  const program = programOf("berth");
  const child = spawn(program.command, [...program.args, "get", "pods", "-A", "-w"], {
    env: { ...process.env, BERTH_SOCKET: host.places.socket },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const rows: Row[] = [];
  let heads: string[] = [];
  let complaint = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    const cells = line.trimEnd().split(/ {2,}/);
    if (cells[0] === "NAMESPACE") heads = cells;
    else rows.push(Object.fromEntries(heads.map((head, index) => [head, cells[index] ?? ""])));
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const of = (pod: string) => rows.filter(({ NAME }) => NAME === `${pod}-${host.node}`);
  const statuses = (pod: string) =>
    of(pod)
      .map((row) => row.STATUS ?? "")
      .filter((status, index, all) => status !== all[index - 1]);
  return {
    rows: () => rows,
    statuses,
    shows: (pod, status, patience) =>
      eventually(
        `${pod} shows ${status}`,
        () => {
          const newest = of(pod).at(-1);
          if (newest?.STATUS !== status) throw new Error(`STATUS was: ${statuses(pod).join(", ")}\n${complaint}`);
          return newest;
        },
        patience,
      ),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
