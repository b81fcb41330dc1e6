import type { Clock, MonoMs } from "../base/clock.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../pod/observed.ts";
import type { Runtime, RuntimeHealth } from "../ports.ts";
import type { CriClient } from "./client.ts";
import { badAnswer, CriError } from "./failure.ts";
import type { ContainerStatus, PodSandboxStatus, RuntimeCondition } from "./generated/types.ts";
import { LABEL } from "./names.ts";
import type { Observer } from "./observe.ts";
import { sightingsOfLists } from "./sightings.ts";

/** What asks the runtime and changes nothing. */
export type Reads = Pick<Runtime, "health" | "list" | "look" | "container" | "foreignPods"> & {
  /** One sandbox with its addresses; undefined when it is gone. */
  sandbox(id: string, signal: AbortSignal): Promise<ObservedSandbox | undefined>;
};

type Labels = Readonly<Record<string, string>>;

/** Reads through one client, of one owner's objects. */
export function makeReads(tools: {
  readonly client: CriClient;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly ownerId: string;
}): Reads {
  const { client, clock, observer, ownerId } = tools;

  async function lists(labels: Labels, begunMonoMs: MonoMs, signal: AbortSignal): Promise<readonly Sighting[]> {
    const filter = { label_selector: { [LABEL.owner]: ownerId, ...labels } };
    const [sandboxes, containers] = await Promise.all([
      client.call("ListPodSandbox", { filter }, signal),
      client.call("ListContainers", { filter }, signal),
    ]);
    return sightingsOfLists(sandboxes.items, containers.containers, begunMonoMs, observer);
  }

  async function sandbox(id: string, signal: AbortSignal): Promise<ObservedSandbox | undefined> {
    const answer = await ifThere(client.call("PodSandboxStatus", { pod_sandbox_id: id }, signal));
    return answer && observer.sandboxStatus(completeSandbox(id, answer.status));
  }

  async function detailed(container: ObservedContainer, signal: AbortSignal): Promise<ObservedContainer | undefined> {
    const answer = await ifThere(client.call("ContainerStatus", { container_id: container.id }, signal));
    return answer && observer.containerStatus(completeContainer(container.id, answer.status), container.sandboxId);
  }

  /** Addresses matter only where something may run. */
  const addressed = async (listed: ObservedSandbox, signal: AbortSignal): Promise<ObservedSandbox | undefined> =>
    listed.state === "ready" ? await sandbox(listed.id, signal) : listed;

  return {
    sandbox,
    async health(signal) {
      const { status } = await client.call("Status", {}, signal);
      return healthOf(status?.conditions ?? []);
    },
    list: (signal) => lists({}, clock.now().monoMs, signal),
    async look(podUid, signal) {
      const begunMonoMs = clock.now().monoMs;
      const [listed] = await lists({ [LABEL.podUid]: podUid }, begunMonoMs, signal);
      if (listed === undefined) return nothingOf(podUid, begunMonoMs);
      const [sandboxes, containers] = await Promise.all([
        Promise.all(listed.sandboxes.map((one) => addressed(one, signal))),
        Promise.all(listed.containers.map((one) => detailed(one, signal))),
      ]);
      return { ...listed, sandboxes: sandboxes.filter(isThere), containers: containers.filter(isThere) };
    },
    async container(id, signal) {
      // A status does not tell the sandbox; a list does.
      const filter = { id, label_selector: { [LABEL.owner]: ownerId } };
      const [{ containers }, answer] = await Promise.all([
        client.call("ListContainers", { filter }, signal),
        ifThere(client.call("ContainerStatus", { container_id: id }, signal)),
      ]);
      const [item] = containers;
      if (item === undefined || answer === undefined) return undefined;
      return observer.containerStatus(completeContainer(id, answer.status), item.pod_sandbox_id);
    },
    async foreignPods(signal) {
      const { items } = await client.call("ListPodSandbox", {}, signal);
      return items.filter(({ labels }) => LABEL.podUid in labels && !(LABEL.owner in labels)).length;
    },
  };
}

/** Undefined when the runtime does not know the object. */
async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CriError && error.code === "RuntimeNotFound") return undefined;
    throw error;
  }
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined;

const nothingOf = (podUid: string, begunMonoMs: MonoMs): Sighting => ({
  podUid,
  sandboxes: [],
  containers: [],
  gone: [],
  whole: { begunMonoMs },
});

/** Throws when the answer lacks what it must have (cri-mapping 7). */
function completeSandbox(id: string, status: PodSandboxStatus | undefined): PodSandboxStatus {
  const metadata = status?.metadata;
  const named = metadata?.name && metadata.namespace && metadata.uid;
  if (status?.id && named && status.created_at > 0n) return status;
  throw badAnswer("PodSandboxStatus", `sandbox ${id}`, "the answer lacks id, metadata or time of creation");
}

function completeContainer(id: string, status: ContainerStatus | undefined): ContainerStatus {
  const made = status?.metadata?.name && status.image?.image && status.image_ref;
  if (status?.id && made && status.created_at > 0n) return status;
  throw badAnswer("ContainerStatus", `container ${id}`, "the answer lacks id, name, image or time of creation");
}

function healthOf(conditions: readonly RuntimeCondition[]): RuntimeHealth {
  const is = (type: string): boolean => conditions.some((one) => one.type === type && one.status);
  const bad = conditions.filter(({ type, status }) => (type === "RuntimeReady" || type === "NetworkReady") && !status);
  const words = bad.map(({ reason, message }) => [reason, message].filter(Boolean).join(": ")).filter(Boolean);
  return {
    ready: is("RuntimeReady"),
    networkReady: is("NetworkReady"),
    ...(words.length === 0 ? {} : { message: words.join("; ") }),
  };
}
