import { join } from "node:path";
import { workFolder } from "../../dev/paths.ts";
import type { RuntimeVersion } from "../../dev/runtime/places.ts";
import { startRuntime } from "../../dev/runtime/start.ts";
import { makeCriClient } from "../../src/cri/client.ts";
import { endContainerd, reviveContainerd } from "../kit/containerd-ends.ts";
import type { Subject } from "./subject.ts";

/** A private containerd for the contract alone, since it is restarted again and again. */
export async function openRealSubject(version: RuntimeVersion): Promise<Subject> {
  const runtime = await startRuntime({ folder: join(workFolder, "run", `contract-${version}`), version });
  const { places, endpoint, cgroupRoot } = runtime;
  const connect = () => makeCriClient({ endpoint, requestTimeoutMs: 60_000 });
  let client = connect();
  // A client stays until the end: its calls are to break off with the runtime, not with it.
  const clients = [client];
  const never = new AbortController().signal;
  const kill = (info: Readonly<Record<string, string>>): void => {
    const { pid } = JSON.parse(info.info ?? "{}") as { pid?: number };
    if (!pid) throw new Error("the runtime names no process");
    process.kill(pid, "SIGKILL");
  };

  return {
    name: `containerd ${version}`,
    events: version === "2",
    cgroupParent: `${cgroupRoot}/contract`,
    client: () => client,
    killContainer: async (id) =>
      kill((await client.call("ContainerStatus", { container_id: id, verbose: true }, never)).info),
    killSandbox: async (id) =>
      kill((await client.call("PodSandboxStatus", { pod_sandbox_id: id, verbose: true }, never)).info),
    down: (signal) => endContainerd(places, signal),
    async up() {
      await reviveContainerd(places, version);
      client = connect();
      clients.push(client);
    },
    async close() {
      for (const one of clients) one.close();
      await runtime.stop();
    },
  };
}
