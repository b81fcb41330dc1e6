import { randomBytes } from "node:crypto";
import type { BerthError } from "../../src/base/errors.ts";
import type { Draft } from "../../src/base/protobuf.ts";
import type {
  Container,
  ContainerEventResponse,
  ContainerStatus,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  UnaryCalls,
} from "../../src/cri/generated/types.ts";
import { eventually } from "../kit/eventually.ts";
import { type Errand, IS_READY, type Program } from "./programs.ts";
import type { Subject } from "./subject.ts";

/** The image that all containers of the contract run. */
export const IMAGE = "docker.io/library/busybox:1.36";

/** A sandbox as it was asked for, and what became of it. */
export type Box = { readonly id: string; readonly config: Draft<PodSandboxConfig> };
export type BoxWish = {
  readonly uid?: string;
  readonly attempt?: number;
  /** True gives it a network of its own, which takes longer. */
  readonly network?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};
export type ContainerWish = {
  readonly name?: string;
  readonly attempt?: number;
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** What one case of the contract works with; all that it makes is taken away after it. */
export type Bench = {
  readonly subject: Subject;
  call<R extends keyof UnaryCalls>(
    rpc: R,
    request: Draft<UnaryCalls[R][0]>,
    signal?: AbortSignal,
  ): Promise<UnaryCalls[R][1]>;
  /** `done`, or the code that the agent's edge gives to the failure. */
  outcome<R extends keyof UnaryCalls>(rpc: R, request: Draft<UnaryCalls[R][0]>, signal?: AbortSignal): Promise<string>;
  boxConfig(wish?: BoxWish): Draft<PodSandboxConfig>;
  box(wish?: BoxWish): Promise<Box>;
  createRequest(box: Box, program: Program, wish?: ContainerWish): Draft<UnaryCalls["CreateContainer"][0]>;
  created(box: Box, program: Program, wish?: ContainerWish): Promise<string>;
  /** Created, started and, where the program tells, set up. */
  started(box: Box, program: Program, wish?: ContainerWish): Promise<string>;
  run(id: string, errand: Errand, timeoutSeconds?: number): Promise<UnaryCalls["ExecSync"][1]>;
  status(id: string): Promise<ContainerStatus>;
  boxStatus(id: string): Promise<PodSandboxStatus>;
  /** From the list, by its id and nothing else. */
  listed(id: string): Promise<Container | undefined>;
  boxListed(id: string): Promise<PodSandbox | undefined>;
  exited(id: string): Promise<ContainerStatus>;
  /** Everything that the event stream tells until the case ends. */
  events(): Promise<EventWatch>;
  eventually<T>(what: string, look: () => Promise<T> | T): Promise<T>;
  clear(): Promise<void>;
};
export type EventWatch = {
  readonly seen: ContainerEventResponse[];
  /** Waits until an event of this kind has come for an object. */
  of(id: string, kind: number): Promise<ContainerEventResponse>;
  /** How the stream ended. */
  readonly end: Promise<"closed" | string>;
};

export const STATE = { created: 0, running: 1, exited: 2, unknown: 3 } as const;
export const BOX = { ready: 0, notReady: 1 } as const;
export const EVENT = { created: 0, started: 1, stopped: 2, deleted: 3 } as const;
const never = new AbortController().signal;
const PATIENCE = { withinMs: 20_000, everyMs: 25 };

/** A bench with nothing on it. */
export function makeBench(subject: Subject): Bench {
  const uids = new Set<string>();
  const ending = new AbortController();
  const wait: Bench["eventually"] = (what, look) => eventually(what, look, PATIENCE);

  const call: Bench["call"] = (rpc, request, signal = never) => subject.client().call(rpc, request, signal);
  const outcome: Bench["outcome"] = (rpc, request, signal) =>
    call(rpc, request, signal).then(
      () => "done",
      (thrown: BerthError) => thrown.code,
    );

  function boxConfig({ uid = randomBytes(8).toString("hex"), attempt = 0, ...wish }: BoxWish = {}) {
    uids.add(uid);
    const network = wish.network === true ? 0 : 2;
    return {
      metadata: { name: `pod-${uid}`, namespace: "contract", uid, attempt },
      labels: { "contract.uid": uid, ...wish.labels },
      annotations: wish.annotations ?? {},
      linux: {
        cgroup_parent: subject.cgroupParent,
        security_context: { namespace_options: { network, pid: 1, ipc: network } },
      },
    };
  }
  async function box(wish?: BoxWish): Promise<Box> {
    const config = boxConfig(wish);
    return { id: (await call("RunPodSandbox", { config })).pod_sandbox_id, config };
  }
  const createRequest: Bench["createRequest"] = (of, program, wish = {}) => ({
    pod_sandbox_id: of.id,
    sandbox_config: of.config,
    config: {
      metadata: { name: wish.name ?? "app", attempt: wish.attempt ?? 0 },
      image: { image: wish.image ?? IMAGE },
      command: [...program.command],
      labels: { "contract.uid": of.config.metadata?.uid ?? "", ...wish.labels },
      annotations: wish.annotations ?? {},
      linux: { security_context: { namespace_options: { network: 2, pid: 1, ipc: 2 } } },
    },
  });
  const created: Bench["created"] = async (of, program, wish) =>
    (await call("CreateContainer", createRequest(of, program, wish))).container_id;
  const run: Bench["run"] = (id, { command }, timeoutSeconds = 10) =>
    call("ExecSync", { container_id: id, cmd: [...command], timeout: BigInt(timeoutSeconds) });

  async function started(of: Box, program: Program, wish?: ContainerWish): Promise<string> {
    const id = await created(of, program, wish);
    await call("StartContainer", { container_id: id });
    if (program.readyFile === undefined) return id;
    await wait("the program has set itself up", async () => {
      const { exit_code } = await run(id, IS_READY);
      if (exit_code !== 0) throw new Error("not yet");
    });
    return id;
  }
  async function status(id: string): Promise<ContainerStatus> {
    const { status: seen } = await call("ContainerStatus", { container_id: id });
    if (seen === undefined) throw new Error(`no status of ${id}`);
    return seen;
  }
  async function boxStatus(id: string): Promise<PodSandboxStatus> {
    const { status: seen } = await call("PodSandboxStatus", { pod_sandbox_id: id });
    if (seen === undefined) throw new Error(`no status of ${id}`);
    return seen;
  }
  const exited: Bench["exited"] = (id) =>
    wait(`${id} has exited`, async () => {
      const seen = await status(id);
      if (seen.state !== STATE.exited) throw new Error(`it is in state ${seen.state}`);
      return seen;
    });

  async function events(): Promise<EventWatch> {
    const seen: ContainerEventResponse[] = [];
    const reading = (async () => {
      for await (const event of subject.client().stream("GetContainerEvents", {}, ending.signal)) seen.push(event);
      return "closed";
    })().catch((thrown: BerthError) => thrown.code);
    const of: EventWatch["of"] = (id, kind) =>
      wait(`event ${kind} of ${id}`, () => {
        const found = seen.find((event) => event.container_id === id && event.container_event_type === kind);
        if (found === undefined) throw new Error(`there were ${seen.length} others`);
        return found;
      });
    // Nothing tells that it has subscribed but an event.
    await wait("the stream tells something", async () => {
      const { id } = await box();
      await call("RemovePodSandbox", { pod_sandbox_id: id });
      if (seen.length === 0) throw new Error("nothing yet");
    });
    return { seen, of, end: reading };
  }

  async function clear(): Promise<void> {
    ending.abort();
    const { items } = await call("ListPodSandbox", {});
    for (const { id, metadata } of items) {
      if (!uids.has(metadata?.uid ?? "")) continue;
      await call("StopPodSandbox", { pod_sandbox_id: id });
      await call("RemovePodSandbox", { pod_sandbox_id: id });
    }
  }

  return {
    ...{ subject, call, outcome, boxConfig, box, createRequest, created, started, run, status, boxStatus, exited },
    ...{ events, clear, eventually: wait },
    listed: async (id) => (await call("ListContainers", {})).containers.find((container) => container.id === id),
    boxListed: async (id) => (await call("ListPodSandbox", {})).items.find((item) => item.id === id),
  };
}
