import type { Chance, Clock } from "../../../src/base/clock.ts";
import { BerthError } from "../../../src/base/errors.ts";
import { givenText } from "../../../src/pod/allocation.ts";
import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { ContainerLife, ObservedContainer, ObservedSandbox, Sighting } from "../../../src/pod/observed.ts";
import type { ContainerRequest } from "../../../src/ports.ts";

/** A pod's sandbox in the fake runtime. */
export type Sandbox = ObservedSandbox & { readonly pod: PodTag; readonly order: number };
/** A container in the fake runtime. */
export type Container = Omit<ObservedContainer, "detailed"> & { readonly pod: PodTag; readonly order: number };
/** What the runtime keeps of a pod: its labels. */
export type PodTag = { readonly uid: string; readonly namespace: string; readonly name: string };

/** What happened to an object, for events and traces. */
export type Happening = {
  readonly kind: "created" | "started" | "stopped" | "deleted";
  readonly object: "sandbox" | "container";
  readonly id: string;
  readonly pod: PodTag;
};

/**
 * What containerd holds and how it changes: names are reserved until their object is removed, a container runs only in a
 * ready sandbox, removal takes the containers of a sandbox with it. Every change is immediate; time, faults and the wire are
 * put around it. Refusals are the errors that the edge makes of containerd's.
 */
export type RuntimeState = {
  readonly sandboxes: ReadonlyMap<string, Sandbox>;
  readonly containers: ReadonlyMap<string, Container>;
  /** Reserves the sandbox's name; the sandbox itself comes with `finishSandbox`, as CNI takes its time. */
  reserveSandbox(pod: DesiredPod, attempt: number): string;
  finishSandbox(id: string, pod: DesiredPod, attempt: number): Sandbox;
  releaseSandbox(id: string): void;
  stopSandbox(id: string): void;
  removeSandbox(id: string): void;
  createContainer(request: ContainerRequest): Container;
  startContainer(id: string): Container;
  /** A start that the OCI runtime refuses: the container has exited with 128 (C3). */
  failStart(id: string, message: string): void;
  exit(id: string, exitCode: number, reason?: string): void;
  removeContainer(id: string): void;
  /** The host was started anew: nothing runs any more, all records are there. */
  reboot(): void;
  /** The record is gone without a trace, and what ran of it with it. */
  forget(id: string): void;
  /** The sandbox's own process died: it is not ready any more and its address is lost, while its containers run on. */
  loseSandbox(id: string): void;
  /** Everything of a pod with all details. */
  sighting(podUid: string): Sighting;
  /** As a list shows it, without details. */
  listed(podUid: string): Sighting;
  podUids(): readonly string[];
};

/** A record before and after a change of the runtime's state; one side is absent when it came or went. */
export type RecordChange =
  | { readonly object: "sandbox"; readonly before: Sandbox | undefined; readonly after: Sandbox | undefined }
  | { readonly object: "container"; readonly before: Container | undefined; readonly after: Container | undefined };

/** An empty runtime; `onChange` is told of each change that the runtime tells, `onRecord` of every single one. */
export function makeRuntimeState(tools: {
  readonly clock: Clock;
  readonly chance: Chance;
  onChange(happening: Happening): void;
  onRecord?: ((change: RecordChange) => void) | undefined;
}): RuntimeState {
  const { clock, chance, onRecord = () => {} } = tools;
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, Container>();
  const putSandbox = (id: string, after: Sandbox | undefined): void => {
    const before = sandboxes.get(id);
    if (after === undefined) sandboxes.delete(id);
    else sandboxes.set(id, after);
    if (before !== undefined || after !== undefined) onRecord({ object: "sandbox", before, after });
  };
  const putContainer = (id: string, after: Container | undefined): void => {
    const before = containers.get(id);
    if (after === undefined) containers.delete(id);
    else containers.set(id, after);
    if (before !== undefined || after !== undefined) onRecord({ object: "container", before, after });
  };
  /** From name to the id that holds it. */
  const names = new Map<string, string>();
  let orders = 0;
  let addresses = 1;

  const newId = (): string => chance.hex(16);
  const nextOrder = (): number => {
    orders += 1;
    return orders;
  };
  const reserve = (name: string): string => {
    const holder = names.get(name);
    if (holder !== undefined) {
      const message = `failed to reserve name "${name}": name "${name}" is reserved for "${holder}"`;
      throw new BerthError("RuntimeNameReserved", message, { effect: "unknown" });
    }
    const id = newId();
    names.set(name, id);
    return id;
  };
  const release = (id: string): void => {
    for (const [name, holder] of names) if (holder === id) names.delete(name);
  };
  const tell = (kind: Happening["kind"], object: Happening["object"], { id, pod }: { id: string; pod: PodTag }): void =>
    tools.onChange({ kind, object, id, pod });
  const container = (id: string): Container => {
    const found = containers.get(id);
    if (found === undefined) throw new BerthError("RuntimeNotFound", `container ${id} is not found`);
    return found;
  };
  const change = (id: string, changes: Partial<Container>): Container => {
    const next = { ...container(id), ...changes };
    putContainer(id, next);
    return next;
  };
  const exit = (id: string, exitCode: number, reason?: string): void => {
    const found = containers.get(id);
    if (found === undefined || found.state === "exited") return;
    const wasRunning = found.state === "running";
    const told = reason ?? (exitCode === 0 ? "Completed" : "Error");
    const next = change(id, { state: "exited", finishedWallMs: clock.now().wallMs, exitCode, reason: told });
    if (wasRunning) tell("stopped", "container", next);
  };
  const endSandbox = (id: string): void => {
    const found = sandboxes.get(id);
    if (found === undefined) return;
    for (const inside of containers.values()) {
      if (inside.sandboxId === id && inside.state === "running") exit(inside.id, 137);
    }
    if (found.state === "notReady") return;
    const { ips: _released, ...rest } = found;
    putSandbox(id, { ...rest, state: "notReady" });
    tell("stopped", "sandbox", found);
  };
  const removeContainer = (id: string): void => {
    const found = containers.get(id);
    if (found === undefined) return;
    if (found.state === "running") exit(id, 137);
    putContainer(id, undefined);
    release(id);
    tell("deleted", "container", found);
  };
  const ofPod = (podUid: string): { sandboxes: Sandbox[]; containers: Container[] } => ({
    sandboxes: [...sandboxes.values()].filter(({ pod }) => pod.uid === podUid).sort((a, b) => b.attempt - a.attempt),
    containers: [...containers.values()].filter(({ pod }) => pod.uid === podUid).sort((a, b) => b.order - a.order),
  });
  const sightingOf = (podUid: string, detailed: boolean): Sighting => {
    const objects = ofPod(podUid);
    const pod = objects.sandboxes[0]?.pod ?? objects.containers[0]?.pod;
    return {
      podUid,
      ...(pod === undefined ? {} : { pod: { namespace: pod.namespace, name: pod.name } }),
      sandboxes: objects.sandboxes.map(plainSandbox),
      containers: objects.containers.map((one) => (detailed ? plainContainer(one) : listedContainer(one))),
      gone: [],
    };
  };

  return {
    sandboxes,
    containers,
    reserveSandbox: (pod, attempt) => reserve(`${pod.name}_${pod.namespace}_${pod.uid}_${attempt}`),
    finishSandbox(id, pod, attempt) {
      addresses += 1;
      const sandbox: Sandbox = {
        id,
        attempt,
        state: "ready",
        createdWallMs: clock.now().wallMs,
        ips: pod.hostNetwork ? [] : [`10.88.${(addresses >> 8) & 255}.${addresses & 255}`],
        hostNetwork: pod.hostNetwork,
        pod: tagOf(pod),
        order: nextOrder(),
      };
      putSandbox(id, sandbox);
      tell("started", "sandbox", sandbox);
      return sandbox;
    },
    releaseSandbox: release,
    stopSandbox: endSandbox,
    removeSandbox(id) {
      const found = sandboxes.get(id);
      if (found === undefined) return;
      endSandbox(id);
      for (const inside of [...containers.values()]) if (inside.sandboxId === id) removeContainer(inside.id);
      putSandbox(id, undefined);
      release(id);
      tell("deleted", "sandbox", found);
    },
    createContainer({ pod, container: wanted, attempt, sandbox, image, backOffMs, targetId }) {
      const found = sandboxes.get(sandbox.id);
      if (found === undefined) throw new BerthError("RuntimeNotFound", `sandbox ${sandbox.id} is not found`);
      if (found.state !== "ready") {
        throw new BerthError("RuntimeRefused", `sandbox ${sandbox.id} is not running`, { effect: "unknown" });
      }
      if (targetId !== undefined && containers.get(targetId)?.state !== "running") {
        throw new BerthError("RuntimeRefused", `invalid target container ${targetId}`, { effect: "none" });
      }
      const id = reserve(`${wanted.name}_${pod.name}_${pod.namespace}_${pod.uid}_${attempt}`);
      const made: Container = {
        id,
        sandboxId: sandbox.id,
        name: wanted.name,
        attempt,
        hash: wanted.hash,
        backOffMs,
        ...(pod.bound === undefined ? {} : { given: givenText(pod, wanted) }),
        state: "created",
        createdWallMs: clock.now().wallMs,
        image: wanted.image,
        imageId: image.id,
        pod: tagOf(pod),
        order: nextOrder(),
      };
      putContainer(id, made);
      tell("created", "container", made);
      return made;
    },
    startContainer(id) {
      const found = container(id);
      const sandbox = sandboxes.get(found.sandboxId);
      if (found.state !== "created") {
        throw new BerthError("RuntimeRefused", `container ${id} is in ${found.state} state`, { effect: "unknown" });
      }
      if (sandbox?.state !== "ready") {
        throw new BerthError("RuntimeRefused", `sandbox of container ${id} is not running`, { effect: "unknown" });
      }
      const started = change(id, { state: "running", startedWallMs: clock.now().wallMs });
      tell("started", "container", started);
      return started;
    },
    failStart(id, message) {
      const { wallMs } = clock.now();
      change(id, { state: "exited", finishedWallMs: wallMs, exitCode: 128, reason: "StartError", message });
    },
    exit,
    removeContainer,
    reboot() {
      for (const { id, state } of containers.values()) {
        if (state === "running") change(id, { state: "exited", finishedWallMs: 0, exitCode: 255, reason: "Unknown" });
      }
      for (const [id, { ips: _gone, ...rest }] of sandboxes) putSandbox(id, { ...rest, state: "notReady" });
    },
    forget(id) {
      if (containers.get(id)?.state === "running") change(id, { state: "exited", exitCode: 137 });
      putContainer(id, undefined);
      putSandbox(id, undefined);
      release(id);
    },
    loseSandbox(id) {
      const found = sandboxes.get(id);
      if (found?.state !== "ready") return;
      const { ips: _lost, ...rest } = found;
      putSandbox(id, { ...rest, state: "notReady" });
      tell("stopped", "sandbox", found);
    },
    sighting: (podUid) => sightingOf(podUid, true),
    listed: (podUid) => sightingOf(podUid, false),
    podUids: () => [...new Set([...sandboxes.values(), ...containers.values()].map(({ pod }) => pod.uid))],
  };
}

const tagOf = ({ uid, namespace, name }: DesiredPod): PodTag => ({ uid, namespace, name });

function plainSandbox({ pod: _pod, order: _order, ...sandbox }: Sandbox): ObservedSandbox {
  return sandbox;
}

/** With all that a status read tells. */
export function plainContainer({ pod: _pod, order: _order, ...container }: Container): ObservedContainer {
  return { ...container, detailed: true };
}

function listedContainer(container: Container): ObservedContainer {
  const {
    startedWallMs: _s,
    finishedWallMs: _f,
    exitCode: _e,
    reason: _r,
    message: _m,
    ...rest
  } = plainContainer(container);
  return { ...rest, detailed: false };
}

/** States in their order of life. */
export const LIFE: readonly ContainerLife[] = ["created", "running", "unknown", "exited"];
