import { OVER } from "../../../src/base/bell.ts";
import type { Chance, Clock } from "../../../src/base/clock.ts";
import { BerthError } from "../../../src/base/errors.ts";
import { allocationOf, givenText } from "../../../src/pod/allocation.ts";
import type { Sighting } from "../../../src/pod/observed.ts";
import type { ExecResult, Images, Runtime, RuntimeHealth } from "../../../src/ports.ts";
import { never } from "../never.ts";
import { type CallFault, type FaultRates, type Faults, makeFaults } from "./faults.ts";
import { type ImageShelf, makeImageShelf } from "./images.ts";
import {
  type Container,
  type Happening,
  makeRuntimeState,
  plainContainer,
  type RecordChange,
  type RuntimeState,
} from "./state.ts";
import { makeStreams } from "./streams.ts";

/** How the process of a container behaves. */
export type Behaviour = {
  /** Exits by itself so long after its start; absent: runs on. */
  readonly exitsAfterMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  /** What SIGTERM does: exits so long after it, or nothing. */
  readonly onTerm?: { readonly afterMs: number; readonly exitCode: number } | "ignores";
  /** The OCI runtime refuses to start it. */
  readonly startFails?: string;
};

/** A container runtime in memory that behaves as containerd does, on a hand-moved clock and seeded chance. */
export type FakeRuntime = {
  readonly runtime: Runtime;
  readonly images: Images;
  readonly state: RuntimeState;
  readonly shelf: ImageShelf;
  readonly faults: Faults;
  /** Behaviour of containers of this name, by attempt; of one that runs already only how it ends. */
  behave(container: string, behaviour: Behaviour | ((attempt: number) => Behaviour)): void;
  /** What a command inside a container does. */
  onExec(run: (container: Container, command: readonly string[]) => Promise<ExecResult>): void;
  health(health: Partial<RuntimeHealth>): void;
  /** The daemon ends and comes back so much later; containers run on. */
  restart(downMs: number): Promise<void>;
  /** From now on it takes calls and works on none of them, or goes on with them. */
  hang(isHanging: boolean): void;
  readonly rates: { calls: number; events: number };
};

export type FakeRuntimeOptions = {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly events?: boolean;
  readonly sharedEvents?: boolean;
  /** Duration of calls by kind in milliseconds; others take CALL_MS. */
  readonly callMs?: Readonly<Record<string, number>>;
  /** Each call as it begins, and each failure that it is answered with. */
  readonly onCall?: (line: string) => void;
  /** Objects of these UIDs are somebody else's: the edge leaves them out of lists and news. */
  readonly isForeign?: (podUid: string) => boolean;
  /** Each change of what the runtime holds, at its moment. */
  readonly onRecord?: ((change: RecordChange) => void) | undefined;
  /** Each event as it goes out on the stream, with what it is about. */
  readonly onTold?: (told: Told) => void;
  /** Behaviour of containers whose names were given none by `behave`. */
  readonly behaviourOf?: (container: Container) => Behaviour;
};

/** What an event is about. */
export type Told = Happening;

/** Usual durations; creation is what takes time in the real thing. */
const CALL_MS: Readonly<Record<string, number>> = { RunPodSandbox: 60, CreateContainer: 10, StartContainer: 20 };
const OTHER_CALL_MS = 1;
const EVENT_MS = 1;
/** Deadlines of calls (0.1). */
const DEADLINE_MS: Readonly<Record<string, number>> = { RunPodSandbox: 240_000 };
const OTHER_DEADLINE_MS = 120_000;

/** A runtime that holds nothing. */
export function makeFakeRuntime(options: FakeRuntimeOptions): FakeRuntime {
  const { clock, chance, onCall = () => {}, isForeign = () => false, onTold = () => {} } = options;
  const rates = { calls: 0, events: 0 };
  const faults = makeFaults(chance, (): FaultRates => rates);
  const streams = makeStreams(clock);
  const shelf = makeImageShelf();
  const behaviours = new Map<string, (attempt: number) => Behaviour>();
  const exits = new Map<string, Set<() => void>>();
  const reconnects = new Set<() => void>();
  let exec: (container: Container, command: readonly string[]) => Promise<ExecResult> = async () => ({
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    exitCode: 0,
  });
  let condition: RuntimeHealth = { ready: true, networkReady: true };
  let up = true;
  let generation = 0;
  /** Calls under way, each by what breaks it. */
  const open = new Set<() => void>();
  const state = makeRuntimeState({ clock, chance, onChange, onRecord: options.onRecord });
  let hanging: PromiseWithResolvers<void> | undefined;

  function onChange(happening: Happening): void {
    if (happening.kind === "stopped" || happening.kind === "deleted") wakeExitWaiters(happening.id);
    if (isForeign(happening.pod.uid)) return;
    const gone = happening.kind === "deleted" ? [happening.id] : [];
    void sendEvent(happening, { ...state.sighting(happening.pod.uid), gone, madeMonoMs: clock.now().monoMs });
  }
  function wakeExitWaiters(id: string): void {
    for (const wake of exits.get(id) ?? []) wake();
    exits.delete(id);
  }
  async function sendEvent(happening: Happening, news: Sighting): Promise<void> {
    const fault = faults.ofEvent();
    if (fault?.kind === "lost") return;
    const born = generation;
    await clock.sleep(EVENT_MS + (fault?.kind === "late" ? fault.byMs : 0), never);
    if (born !== generation) return;
    const send = (): void => {
      streams.send(news);
      onTold(happening);
    };
    send();
    if (fault?.kind === "doubled") send();
  }
  function behaviourOf(container: Container): Behaviour {
    return behaviours.get(container.name)?.(container.attempt) ?? options.behaviourOf?.(container) ?? {};
  }

  /** One call over the wire: begin, time, fault, effect, answer. */
  async function call<T>(
    name: string,
    subject: string,
    signal: AbortSignal,
    effect: () => Promise<T> | T,
    moreMs = 0,
  ): Promise<T> {
    onCall(`${name} ${subject}`.trim());
    const fault = up ? faults.ofCall(name, subject) : undefined;
    try {
      if (!up) await clock.sleep(OTHER_CALL_MS, never);
      if (!up) throw new BerthError("RuntimeUnavailable", `${name}: No connection established`);
      const deadlineMs = (DEADLINE_MS[name] ?? OTHER_DEADLINE_MS) + moreMs;
      const work = answer(name, fault, effect, deadlineMs);
      return await untilBroken(mayBeLate(fault) ? inTime(name, work, deadlineMs) : work, signal, name);
    } catch (error) {
      if (error instanceof BerthError) onCall(`${name} ${subject}`.trim().concat(` -> ${error.code}`));
      throw error;
    }
  }
  const mayBeLate = (fault: CallFault | undefined): boolean =>
    fault?.kind === "slow" || fault?.kind === "answers late" || hanging !== undefined;
  /** The caller hears no answer after its deadline; what was asked for goes on. */
  async function inTime<T>(name: string, work: Promise<T>, deadlineMs: number): Promise<T> {
    const answered = new AbortController();
    work.catch(() => {}).finally(() => answered.abort(OVER));
    const late = clock.sleep(deadlineMs, answered.signal).then((end): Promise<T> | T => {
      if (end === "aborted") return work;
      throw new BerthError("RuntimeTimeout", `${name}: deadline exceeded`, { effect: "unknown" });
    });
    return Promise.race([work, late]);
  }
  /** Until the answer, the caller's own end, or that of the connection. */
  function untilBroken<T>(work: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        open.delete(onBreak);
        signal.removeEventListener("abort", onAbort);
      };
      const onBreak = (): void => {
        end();
        reject(new BerthError("RuntimeUnavailable", `${name}: the connection broke`, { effect: "unknown" }));
      };
      const onAbort = (): void => {
        end();
        const message = `${name}: given up before the runtime answered`;
        reject(new BerthError("RuntimeCancelled", message, { effect: "unknown" }));
      };
      open.add(onBreak);
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) onAbort();
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }
  async function answer<T>(
    name: string,
    fault: CallFault | undefined,
    effect: () => Promise<T> | T,
    deadlineMs: number,
  ): Promise<T> {
    const born = generation;
    const callMs = options.callMs?.[name] ?? CALL_MS[name] ?? OTHER_CALL_MS;
    const aliveAfter = async (delayMs: number): Promise<void> => {
      await clock.sleep(delayMs, never);
      await hanging?.promise;
      if (born !== generation) throw new BerthError("RuntimeUnavailable", `${name}: broken`, { effect: "unknown" });
    };
    switch (fault?.kind) {
      case "fails":
        await aliveAfter(callMs);
        throw new BerthError(fault.code, `${name}: injected`);
      case "times out before":
        await aliveAfter(deadlineMs);
        throw new BerthError("RuntimeTimeout", `${name}: deadline exceeded`, { effect: "unknown" });
      case "times out after":
        void aliveAfter(fault.effectAfterMs)
          .then(effect)
          .then(undefined, () => {});
        await aliveAfter(deadlineMs);
        throw new BerthError("RuntimeTimeout", `${name}: deadline exceeded`, { effect: "unknown" });
      case "answer lost":
        await aliveAfter(callMs);
        await effect();
        if (fault.afterMs) await aliveAfter(fault.afterMs);
        throw new BerthError("RuntimeUnavailable", `${name}: connection lost`, { effect: "unknown" });
      case "answers late":
        await aliveAfter(callMs / 2);
        return afterwards(await effect(), aliveAfter(fault.byMs));
      default:
        await aliveAfter(callMs / 2 + (fault?.kind === "slow" ? fault.byMs : 0));
        return afterwards(await effect(), aliveAfter(callMs / 2));
    }
  }

  async function runSandbox(pod: Parameters<Runtime["runSandbox"]>[0]["pod"], attempt: number) {
    const id = state.reserveSandbox(pod, attempt);
    return state.finishSandbox(id, pod, attempt);
  }
  function startContainer(id: string): void {
    const found = state.containers.get(id);
    const behaviour = found === undefined ? {} : behaviourOf(found);
    if (behaviour.startFails !== undefined) {
      state.failStart(id, behaviour.startFails);
      throw new BerthError("RuntimeRefused", behaviour.startFails, { effect: "unknown" });
    }
    state.startContainer(id);
    if (behaviour.exitsAfterMs !== undefined) void exitByItself(id, behaviour.exitsAfterMs, behaviour);
  }
  /** Unless it was told meanwhile to run on. */
  async function exitByItself(id: string, afterMs: number, { exitCode = 0, reason }: Behaviour): Promise<void> {
    await clock.sleep(afterMs, never);
    const found = state.containers.get(id);
    if (found !== undefined && behaviourOf(found).exitsAfterMs !== undefined) state.exit(id, exitCode, reason);
  }
  async function exitLater(id: string, afterMs: number, { exitCode = 0, reason }: Behaviour): Promise<void> {
    await clock.sleep(afterMs, never);
    state.exit(id, exitCode, reason);
  }
  /** SIGKILL comes at the end of the grace, unless the caller has left before. */
  async function stopContainer(id: string, timeoutSeconds: number, signal: AbortSignal): Promise<void> {
    const found = state.containers.get(id);
    if (found?.state !== "running") return;
    const { onTerm = { afterMs: 5, exitCode: 0 } } = behaviourOf(found);
    const { promise, resolve } = Promise.withResolvers<void>();
    exits.set(id, (exits.get(id) ?? new Set()).add(resolve));
    const timeoutMs = timeoutSeconds * 1000;
    if (onTerm !== "ignores" && timeoutMs > 0) void exitLater(id, onTerm.afterMs, { exitCode: onTerm.exitCode });
    void clock.sleep(timeoutMs, never).then(() => {
      if (exits.get(id)?.has(resolve) && !signal.aborted) state.exit(id, 137);
      // A record that was forgotten meanwhile tells nobody of its end.
      resolve();
    });
    await promise;
  }

  const runtime: Runtime = {
    capabilities: () => ({
      name: "containerd",
      version: "v2.1.0",
      events: options.events ?? true,
      sharedEvents: options.sharedEvents ?? false,
      cgroupDriver: "cgroupfs",
      userNamespaces: true,
      recursiveReadOnly: true,
      supplementalGroupsPolicy: true,
      imageVolumes: true,
    }),
    onReconnect(listener) {
      reconnects.add(listener);
      return () => void reconnects.delete(listener);
    },
    health: (signal) => call("Status", "", signal, () => condition),
    setPodRange: (range, signal) => call("UpdateRuntimeConfig", range, signal, () => {}),
    async list(signal) {
      const whole = { begunMonoMs: clock.now().monoMs };
      return call("List", "", signal, () =>
        state.podUids().flatMap((uid) => (isForeign(uid) ? [] : [{ ...state.listed(uid), whole }])),
      );
    },
    async look(podUid, signal) {
      const whole = { begunMonoMs: clock.now().monoMs };
      return call("Look", podUid, signal, () => ({ ...state.sighting(podUid), whole }));
    },
    container: (id, signal) =>
      call("ContainerStatus", subjectOf(id), signal, () => {
        const found = state.containers.get(id);
        return found === undefined ? undefined : plainContainer(found);
      }),
    events: (signal) => ((options.events ?? true) ? (up ? streams.open(signal) : broken()) : undefined),
    foreignPods: (signal) => call("ForeignPods", "", signal, () => 0),
    runSandbox: ({ pod, attempt, handler }, signal) =>
      call(
        "RunPodSandbox",
        `${pod.name}#${attempt}${handler === undefined ? "" : ` by ${handler}`}`,
        signal,
        async () => {
          if (handler !== undefined && handler !== "runc")
            throw new BerthError("RuntimeRefused", `no runtime for "${handler}" is configured`, { effect: "none" });
          const { pod: _pod, order: _order, ...sandbox } = await runSandbox(pod, attempt);
          return { ...sandbox, ...(handler === undefined ? {} : { handler }) };
        },
      ),
    stopSandbox: (id, signal) => call("StopPodSandbox", subjectOf(id), signal, () => state.stopSandbox(id)),
    removeSandbox: (id, signal) => call("RemovePodSandbox", subjectOf(id), signal, () => state.removeSandbox(id)),
    createContainer: (request, signal) =>
      call("CreateContainer", `${request.pod.name}/${request.container.name}#${request.attempt}`, signal, () =>
        plainContainer(state.createContainer(request)),
      ),
    updateContainer: ({ id, pod, container }, signal) =>
      call(
        "UpdateContainerResources",
        `${subjectOf(id)} ${givenText(pod, container)}`,
        signal,
        () => void runningOne(id),
      ),
    updateSandbox: (id, pod, signal) =>
      call("UpdatePodSandboxResources", `${pod.name} ${JSON.stringify(allocationOf(pod))}`, signal, () => void id),
    startContainer: (id, signal) => call("StartContainer", subjectOf(id), signal, () => startContainer(id)),
    stopContainer: (id, timeoutSeconds, signal) =>
      call(
        "StopContainer",
        `${subjectOf(id)} ${timeoutSeconds}s`,
        signal,
        () => stopContainer(id, timeoutSeconds, signal),
        timeoutSeconds * 1000,
      ),
    removeContainer: (id, signal) => call("RemoveContainer", subjectOf(id), signal, () => state.removeContainer(id)),
    execSync: (id, command, timeoutSeconds, signal) =>
      call("ExecSync", `${subjectOf(id)} ${command.join(" ")}`, signal, () =>
        within(timeoutSeconds * 1000, exec(runningOne(id), command)),
      ),
    attach: (id, _streams, signal) => call("Attach", subjectOf(id), signal, () => `http://127.0.0.1:1/${id}`),
    portForward: (id, _port, signal) => call("PortForward", subjectOf(id), signal, () => `http://127.0.0.1:1/${id}`),
    exec: (id, _command, _streams, signal) => call("Exec", subjectOf(id), signal, () => `http://127.0.0.1:1/${id}`),
    usage: (signal) => call("ListContainerStats", "", signal, () => []),
    reopenLog: (id, signal) => call("ReopenContainerLog", subjectOf(id), signal, () => void runningOne(id)),
  };

  function runningOne(id: string): Container {
    const found = state.containers.get(id);
    if (found === undefined) throw new BerthError("RuntimeNotFound", `container ${id} is not found`);
    if (found.state !== "running") throw new BerthError("RuntimeRefused", `container ${id} is not running`);
    return found;
  }
  /** A command that takes longer is killed; 0 is no limit. */
  async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    if (limitMs === 0) return work;
    const ended = new AbortController();
    work.catch(() => {}).finally(() => ended.abort());
    const late = clock.sleep(limitMs, ended.signal).then((end): Promise<T> => {
      if (end === "aborted") return work;
      throw new BerthError("RuntimeTimeout", `timeout ${limitMs} ms exceeded`, { effect: "unknown" });
    });
    return Promise.race([work, late]);
  }

  /** What an id stands for, so that traces read well. */
  function subjectOf(id: string): string {
    const container = state.containers.get(id);
    if (container !== undefined) return `${container.pod.name}/${container.name}#${container.attempt}`;
    const sandbox = state.sandboxes.get(id);
    return sandbox === undefined ? id : `${sandbox.pod.name}#${sandbox.attempt}`;
  }

  const images: Images = {
    find: (ref, signal) => call("ImageStatus", ref, signal, () => shelf.find(ref)),
    pull: ({ ref }, signal) =>
      call("PullImage", ref, signal, async () => {
        await clock.sleep(shelf.offered(ref).pullMs ?? 500, signal);
        return shelf.arrive(ref);
      }),
  };

  return {
    runtime,
    images,
    state,
    shelf,
    faults,
    rates,
    behave(container, behaviour) {
      behaviours.set(container, typeof behaviour === "function" ? behaviour : () => behaviour);
    },
    onExec(run) {
      exec = run;
    },
    health(changes) {
      condition = { ...condition, ...changes };
    },
    async restart(downMs) {
      up = false;
      generation += 1;
      // Whoever was waiting for a process to die is gone: no SIGKILL follows.
      exits.clear();
      for (const breakOff of [...open]) breakOff();
      streams.breakAll();
      await clock.sleep(downMs, never);
      up = true;
      for (const listener of reconnects) listener();
    },
    hang(isHanging) {
      if (isHanging) hanging ??= Promise.withResolvers<void>();
      else {
        hanging?.resolve();
        hanging = undefined;
      }
    },
  };
}

async function afterwards<T>(value: T, later: Promise<void>): Promise<T> {
  await later;
  return value;
}

async function* broken(): AsyncGenerator<Sighting> {
  yield* [];
  throw new BerthError("RuntimeUnavailable", "no connection");
}
