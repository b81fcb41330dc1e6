import type { Clock } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Draft } from "../base/protobuf.ts";
import { givenText } from "../pod/allocation.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../pod/observed.ts";
import type { ContainerRequest, Runtime } from "../ports.ts";
import type { UnaryRpc } from "./calls.ts";
import { containerConfig } from "./container-config.ts";
import { badAnswer, CriError } from "./failure.ts";
import type { ContainerEventResponse, UnaryCalls } from "./generated/types.ts";
import { makeObserver } from "./observe.ts";
import { listWithoutPortMap } from "./port-plugins.ts";
import { makeReads } from "./reads.ts";
import { containerResources, sandboxOverhead, sandboxResources } from "./resources.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { makeSandboxNews } from "./sandbox-news.ts";
import { sightingOfEvent } from "./sightings.ts";
import { capabilitiesNow, type Ground, surroundingsOf } from "./surroundings.ts";
import { readUsage } from "./usage.ts";

export type RuntimeOptions = Ground & { readonly clock: Clock; readonly log: Log };

/** The event of a new sandbox comes with or just after the answer of the call; a status read takes about as long. */
const NEWS_PATIENCE_MS = 20;

/** Why a runtime that answers is not ready. */
const NOT_TOLD = "the runtime has not told yet what it can do";

/** Pods and containers of the runtime behind a session. The client's calls are counted where the client was made. */
export function makeRuntime(options: RuntimeOptions): Runtime {
  const { client, session, settings, clock, log } = options;
  const observer = makeObserver(log);
  const { sandbox: readSandbox, ...reads } = makeReads({ client, clock, observer, ownerId: settings.ownerId });
  const news = makeSandboxNews(clock);
  let followers = 0;

  async function* follow(stream: AsyncIterable<ContainerEventResponse>): AsyncGenerator<Sighting> {
    followers += 1;
    try {
      for await (const event of stream) {
        const sighting = sightingOfEvent(event, settings.ownerId, observer, clock.now());
        for (const sandbox of sighting?.sandboxes ?? []) news.note(sandbox);
        if (sighting !== undefined) yield sighting;
      }
    } finally {
      followers -= 1;
    }
  }

  /** A sandbox that stands, with its addresses. Whatever fails now, the sandbox is there. */
  async function addressed(id: string, signal: AbortSignal): Promise<ObservedSandbox> {
    const told = followers > 0 ? await news.told(id, NEWS_PATIENCE_MS, signal) : undefined;
    if (told !== undefined) return told;
    try {
      const sandbox = await readSandbox(id, signal);
      if (sandbox !== undefined) return sandbox;
    } catch (error) {
      throw madeButUnread(id, error);
    }
    throw badAnswer("RunPodSandbox", `sandbox ${id}`, "it is gone already");
  }

  /** A change whose object may be gone by then, which is as good. */
  async function endIfThere<R extends UnaryRpc>(rpc: R, request: Draft<UnaryCalls[R][0]>, signal: AbortSignal) {
    try {
      await client.call(rpc, request, signal);
    } catch (error) {
      if (!(error instanceof CriError) || error.code !== "RuntimeNotFound") throw error;
    }
  }

  return {
    ...reads,
    async health(signal) {
      const told = await reads.health(signal);
      // Nothing can be made before it is known what the runtime can do; the connection's news asks again at once.
      return session.facts() === undefined ? { ...told, ready: false, message: NOT_TOLD } : told;
    },
    capabilities: () => capabilitiesNow(options),
    listWithoutPortMap: (signal) => listWithoutPortMap(client, signal),
    onReconnect: (listener) => session.onConnected(listener),
    events(signal) {
      const stream = session.events(signal);
      return stream && follow(stream);
    },
    async runSandbox({ pod, attempt, handler = "" }, signal) {
      const config = sandboxConfig(pod, attempt, surroundingsOf(options, pod, handler));
      const { pod_sandbox_id: id } = await client.call("RunPodSandbox", { config, runtime_handler: handler }, signal);
      return addressed(required("RunPodSandbox", id), signal);
    },
    stopSandbox: (id, signal) => endIfThere("StopPodSandbox", { pod_sandbox_id: id }, signal),
    removeSandbox: (id, signal) => endIfThere("RemovePodSandbox", { pod_sandbox_id: id }, signal),
    async updateContainer({ pod, container, id }, signal) {
      const linux = containerResources(pod, container, surroundingsOf(options, pod));
      await client.call("UpdateContainerResources", { container_id: id, linux }, signal);
    },
    async updateSandbox(id, pod, signal) {
      const surroundings = surroundingsOf(options, pod);
      const [overhead, resources] = [sandboxOverhead(pod, surroundings), sandboxResources(pod, surroundings)];
      try {
        await client.call("UpdatePodSandboxResources", { pod_sandbox_id: id, overhead, resources }, signal);
      } catch (error) {
        if (!doesNotListen(error)) throw error;
      }
    },
    async createContainer(request, signal) {
      const { pod, sandbox } = request;
      const surroundings = surroundingsOf(options, pod, sandbox.handler);
      const config = containerConfig(request, surroundings);
      const sandbox_config = sandboxConfig(pod, sandbox.attempt, surroundings);
      const call = { pod_sandbox_id: sandbox.id, config, sandbox_config };
      const { container_id: id } = await client.call("CreateContainer", call, signal);
      return createdContainer(required("CreateContainer", id), request, clock.now().wallMs);
    },
    async startContainer(id, signal) {
      await client.call("StartContainer", { container_id: id }, signal);
    },
    stopContainer: (id, timeoutSeconds, signal) =>
      endIfThere("StopContainer", { container_id: id, timeout: wholeSeconds(timeoutSeconds) }, signal),
    removeContainer: (id, signal) => endIfThere("RemoveContainer", { container_id: id }, signal),
    async execSync(id, command, timeoutSeconds, signal) {
      const request = { container_id: id, cmd: command, timeout: wholeSeconds(timeoutSeconds) };
      const { stdout, stderr, exit_code: exitCode } = await client.call("ExecSync", request, signal);
      return { stdout, stderr, exitCode };
    },
    async exec(id, command, streams, signal) {
      const { url } = await client.call("Exec", { container_id: id, cmd: command, ...streams }, signal);
      return required("Exec", url);
    },
    async attach(id, streams, signal) {
      const { url } = await client.call("Attach", { container_id: id, ...streams }, signal);
      return required("Attach", url);
    },
    async setPodRange(range, signal) {
      const runtime_config = { network_config: { pod_cidr: range } };
      await client.call("UpdateRuntimeConfig", { runtime_config }, signal);
    },
    async portForward(sandboxId, ports, signal) {
      const { url } = await client.call("PortForward", { pod_sandbox_id: sandboxId, port: [...ports] }, signal);
      return required("PortForward", url);
    },
    usage: (signal) => readUsage(client, settings.ownerId, signal),
    async reopenLog(id, signal) {
      await client.call("ReopenContainerLog", { container_id: id }, signal);
    },
  };
}

/** An answer that must not be empty. */
function required(rpc: UnaryRpc, answer: string): string {
  if (answer === "") throw badAnswer(rpc, "", "the answer is empty");
  return answer;
}

/** A read that failed has no effect of its own, but the write before it had. */
function madeButUnread(id: string, cause: unknown): BerthError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BerthError("SandboxUnread", `sandbox ${id} was made, but not read: ${reason}`, {
    cause,
    effect: "unknown",
  });
}

/** Timeouts of CRI are whole seconds. */
const wholeSeconds = (seconds: number): bigint => BigInt(Math.trunc(seconds));

/** Older runtimes lack the call; containerd has it and says in words that nothing stands behind it. */
const doesNotListen = (error: unknown): boolean =>
  error instanceof CriError && (error.code === "RuntimeUnsupported" || error.message.includes("not implemented"));

/** What the answer to a CreateContainer proves. */
function createdContainer(id: string, request: ContainerRequest, createdWallMs: number): ObservedContainer {
  const { container, sandbox, attempt, backOffMs, image } = request;
  const { name, hash } = container;
  return {
    id,
    sandboxId: sandbox.id,
    name,
    attempt,
    hash,
    backOffMs,
    ...(request.pod.bound === undefined ? {} : { given: givenText(request.pod, container) }),
    state: "created",
    createdWallMs,
    image: container.image,
    imageId: image.id,
    detailed: false,
  };
}
