import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { bootBerthHost, put } from "../../../dev/systemd/berth-host.ts";
import type { Machine } from "../../../dev/systemd/machine.ts";
import { eventually } from "../../kit/eventually.ts";

/** A booted Debian on which the package is, will be or was installed. */
export type InstalledHost = Machine & {
  /** Puts a file of this machine into the booted one. */
  bring(from: string, path: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
  /** Every task of the runtime with its process and state, sorted: equal tables mean that no container was touched. */
  tasks(): Promise<string>;
  /** Waits until the pods are ready, by `berth wait`. */
  ready(...pods: readonly string[]): Promise<void>;
  /** Runs a shell script in the first container of a pod; the answer is what it printed. */
  inPod(pod: string, script: string): Promise<string>;
  /** One property of the service, as `systemctl show` prints it. */
  property(name: string): Promise<string>;
  /** Waits, 90 seconds if nothing else is said, until the service is active with another main process than that. */
  begunAnew(pid: string, withinMs?: number): Promise<void>;
  /** The last lines of berthd's log, for messages of failures. */
  log(): Promise<string>;
};

/** Boots a Debian with containerd, a pod network and images, and without Berth. */
export async function bootHost(name: string): Promise<InstalledHost> {
  return installedOn(await bootBerthHost(name));
}

/** What tests do with a booted host. */
export function installedOn(machine: Machine): InstalledHost {
  const { must, run } = machine;
  const log = async (): Promise<string> => (await run("journalctl -u berthd -u containerd -n 60 --no-pager")).stdout;
  const property = (property: string): Promise<string> => must(`systemctl show -P ${property} berthd`);
  return {
    ...machine,
    bring: (from, path) => copyFile(from, join(machine.root, path)),
    write: (path, text) => put(machine, path, text),
    async tasks() {
      const [heading, ...lines] = (await must("ctr --namespace k8s.io tasks ls")).split("\n");
      if (!heading?.startsWith("TASK")) throw new Error(`no table of tasks: ${heading}`);
      return lines.sort().join("\n");
    },
    async ready(...pods) {
      const { code, stdout, stderr } = await run(`berth wait ${pods.join(" ")} --for=condition=Ready --timeout=90s`);
      if (code === 0) return;
      const shown = (await run("berth get pods -A; berth get problems")).stdout;
      throw new Error(`${stdout}${stderr}${shown}\n${await log()}`);
    },
    inPod: (pod, script) => must(`berth exec ${pod} -- sh -c '${script}'`),
    property,
    begunAnew: (pid, withinMs = 90_000) =>
      eventually(
        "berthd begun anew",
        async () => {
          const seen = `${await property("ActiveState")} ${await property("MainPID")}`;
          if (!seen.startsWith("active ") || seen.endsWith(` ${pid}`) || seen.endsWith(" 0")) throw new Error(seen);
        },
        { withinMs, everyMs: 300 },
        log,
      ),
    log,
  };
}
