// The floor of the benchmark, in a process of its own: starts pods by bare calls, 8 at a time, and does nothing else.
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Draft } from "../../src/base/protobuf.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../src/cri/generated/types.ts";
import { type BareCalls, openBareCalls } from "./bare-calls.ts";
import { CONTAINER_COMMAND, HTTP_PATH, HTTP_PORT } from "./pods.ts";

/** What the benchmark asks of this process; every command is answered with its own number. */
export type FloorCommand = { readonly number: number } & (
  | { readonly kind: "start"; readonly pods: readonly string[]; readonly probed: boolean }
  | { readonly kind: "remove"; readonly pods: readonly string[] }
  /** From now on a container that stops is replaced. */
  | { readonly kind: "keep" }
  /** From now on every container is asked once a second. */
  | { readonly kind: "probe"; readonly how: ProbeWay }
);
export type FloorAnswer = { readonly number: number; readonly beganAtMs?: number; readonly complaint?: string };

/** A command in the container, or a GET of its pod. */
export type ProbeWay = "exec" | "http";

const AT_A_TIME = 8;
const [endpoint = "", logs = "", cgroup = ""] = process.argv.slice(2);
const cri: BareCalls = openBareCalls(endpoint);
let containerCommand = CONTAINER_COMMAND;
const containers = new Map<string, string>();
const sandboxes = new Map<string, { readonly id: string; readonly config: Draft<PodSandboxConfig> }>();

process.on("message", async (command: FloorCommand) => {
  const answer = await perform(command).catch((thrown: unknown) => ({ complaint: String(thrown) }));
  process.send?.({ number: command.number, ...answer } satisfies FloorAnswer);
});
process.on("disconnect", () => process.exit(0));

async function perform(command: FloorCommand): Promise<{ beganAtMs?: number }> {
  switch (command.kind) {
    case "start": {
      for (const pod of command.pods) await mkdir(join(logs, pod, "main"), { recursive: true });
      const beganAtMs = Date.now();
      containerCommand = command.probed ? CONTAINER_COMMAND : ["sleep", "1000000"];
      await each(command.pods, start);
      return { beganAtMs };
    }
    case "remove":
      await each(command.pods, remove);
      return {};
    case "keep":
      cri.onEvent((event) => {
        if (event.container_event_type === 2)
          void replace(event.container_id, event.pod_sandbox_status?.metadata?.name);
      });
      return {};
    case "probe":
      for (const [place, pod] of [...sandboxes.keys()].entries()) await probeOnAndOn(command.how, pod, place);
      return {};
  }
}

/** Begins somewhere within the first second, as probes of an agent do. */
async function probeOnAndOn(how: ProbeWay, pod: string, place: number): Promise<void> {
  const once = how === "exec" ? () => execIn(pod) : await getterOf(pod);
  let isAsking = false;
  const askOnce = async (): Promise<void> => {
    // A machine that cannot keep up gets no second call on top of the first.
    if (isAsking) return;
    isAsking = true;
    await once().catch(() => undefined);
    isAsking = false;
  };
  setTimeout(() => setInterval(() => void askOnce(), 1000).unref(), place * 20).unref();
}

async function execIn(pod: string): Promise<void> {
  const container_id = containers.get(pod) ?? "";
  await cri.call("ExecSync", { container_id, cmd: ["true"], timeout: 1n });
}

async function getterOf(pod: string): Promise<() => Promise<void>> {
  const pod_sandbox_id = sandboxes.get(pod)?.id ?? "";
  const { status } = await cri.call("PodSandboxStatus", { pod_sandbox_id });
  const options = { host: status?.network?.ip ?? "", port: HTTP_PORT, path: HTTP_PATH, agent: false };
  return async () => {
    const [response] = (await once(get(options), "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
  };
}

/** Works on all of a list, 8 at a time. */
async function each(list: readonly string[], work: (item: string) => Promise<void>): Promise<void> {
  const waiting = [...list].reverse();
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

async function start(pod: string): Promise<void> {
  const labels = {
    "io.kubernetes.pod.name": pod,
    "io.kubernetes.pod.namespace": "default",
    "io.kubernetes.pod.uid": `uid-${pod}`,
  };
  const config: Draft<PodSandboxConfig> = {
    metadata: { name: pod, namespace: "default", uid: `uid-${pod}`, attempt: 0 },
    hostname: pod,
    log_directory: join(logs, pod),
    labels,
    linux: {
      cgroup_parent: cgroup,
      security_context: { namespace_options: { pid: 1 }, seccomp: { profile_type: 0 } },
    },
  };
  const { pod_sandbox_id: id } = await cri.call("RunPodSandbox", { config });
  sandboxes.set(pod, { id, config });
  await startContainer(pod, 0);
}

async function startContainer(pod: string, attempt: number): Promise<void> {
  const sandbox = sandboxes.get(pod);
  if (!sandbox) return;
  const config: Draft<ContainerConfig> = {
    metadata: { name: "main", attempt },
    image: { image: "docker.io/library/busybox:1.36", user_specified_image: "busybox:1.36" },
    command: containerCommand,
    labels: sandbox.config.labels ?? {},
    log_path: `main/${attempt}.log`,
    linux: { security_context: { namespace_options: { pid: 1 }, seccomp: { profile_type: 1 } } },
  };
  const request = { pod_sandbox_id: sandbox.id, config, sandbox_config: sandbox.config };
  const { container_id } = await cri.call("CreateContainer", request);
  await cri.call("StartContainer", { container_id });
  containers.set(pod, container_id);
}

async function replace(containerId: string, pod: string | undefined): Promise<void> {
  const sandbox = sandboxes.get(pod ?? "");
  if (pod === undefined || sandbox === undefined || sandbox.id === containerId) return;
  await startContainer(pod, 1).catch(() => undefined); // it is being removed
}

async function remove(pod: string): Promise<void> {
  const id = sandboxes.get(pod)?.id;
  sandboxes.delete(pod);
  if (id === undefined) return;
  await cri.call("StopPodSandbox", { pod_sandbox_id: id });
  await cri.call("RemovePodSandbox", { pod_sandbox_id: id });
}
