import { type Agent, startAgent } from "../../../src/agent/agent.ts";
import { GATES } from "../../../src/agent/gates.ts";
import type { Rules } from "../../../src/agent/rules.ts";
import { LIST_PACE } from "../../../src/agent/runtime-watch.ts";
import type { Chance } from "../../../src/base/clock.ts";
import { type Log, type LogFields, silentLog } from "../../../src/base/log.ts";
import type { PodEvent } from "../../../src/pod/event.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import type { PodChange } from "../../../src/ports.ts";
import { seededChance } from "../../kit/clock.ts";
import { desiredPod, plainPod } from "../../kit/compiled-pod.ts";
import { type FakeFiles, makeFakeFiles } from "../../kit/files.ts";
import { type FakeHandlers, makeFakeHandlers } from "../../kit/handlers.ts";
import { mortal } from "../../kit/mortal.ts";
import { aNode, someSettings } from "../../kit/node.ts";
import { type FakeRuntime, makeFakeRuntime } from "../../kit/runtime/fake.ts";
import { statusLine } from "../../kit/world.ts";
import { type SimClock, simClock } from "../engine/clock.ts";
import type { Trace } from "../engine/trace.ts";
import { type SimDirectory, simDirectory } from "./directory.ts";
import { type FusedLife, fusedLife } from "./lives.ts";
import { makeTruth, type Truth } from "./truth.ts";
import { type Call, type Ears, heard, heardHandlers, heardImages, heardRules } from "./witness.ts";

/** Everything outside the agent, and the agent that lives on it, dies and comes back. */
export type Host = {
  readonly clock: SimClock;
  readonly runtime: FakeRuntime;
  readonly disk: FakeFiles;
  readonly directory: SimDirectory;
  readonly handlers: FakeHandlers;
  readonly truth: Truth;
  /** Ids in the runtime that are somebody else's. */
  readonly foreign: ReadonlySet<string>;
  readonly trace: Trace;
  readonly ears: Required<Ears>;
  /** The agent that lives now. */
  agent(): Agent | undefined;
  life(): FusedLife | undefined;
  start(): void;
  /** The agent leaves by itself; `then` is called when it has. */
  leave(then: () => void): void;
  /** Another boot of the host. */
  boot(): void;
  sinkFails(fails: boolean): void;
};

/** Wraps the ports between the agent and the witness: deliberate faults of the edges. */
export type HostOptions = {
  readonly seed: number;
  readonly events: boolean;
  readonly rules: Rules;
  readonly trace: Trace;
};

const START_WALL_MS = 1_700_000_000_000;

/** An empty host on which no agent has begun. */
export function makeHost(options: HostOptions, ears: Required<Ears>): Host {
  const { trace, seed } = options;
  const clock = simClock(START_WALL_MS);
  const chance: Chance = seededChance(seed);
  const truth = makeTruth(clock);
  const note = (kind: string, text: string): void => trace.note(clock.now().monoMs, kind, text);
  const runtime = makeFakeRuntime({
    clock,
    chance,
    events: options.events,
    isForeign: (uid) => uid === FOREIGN.uid,
    onCall: (line) => note("call", line),
    onRecord(change) {
      truth.note(change);
      // The runtime opens the log before the process begins, whether that succeeds or not.
      if (change.object === "container" && change.before?.state === "created" && change.after !== undefined) {
        disk.wroteLog(change.after.pod.uid, change.after.name, change.after.attempt);
      }
      ears.record(change);
    },
  });
  const foreign = new Set([plantForeign(runtime)]);
  const disk = makeFakeFiles({ clock, onCleared: (uid) => ears.cleared(uid) });
  const directory = simDirectory(clock, clock.at, () => ears.directory());
  const handlers = makeFakeHandlers(clock, (line) => note("hook", line));
  let running: { readonly life: FusedLife; agent?: Agent } | undefined;
  let boots = 1;
  let failing = false;

  const tellCall = (call: Call): void => ears.call(call);
  const tellAnswer = (call: Call, error: unknown): void => ears.answer(call, error);
  const put = async (change: PodChange): Promise<void> => {
    if (failing) throw new Error("the sink takes nothing");
    note("status", statusLine(change));
    ears.shown(change);
  };
  const keep = async (event: PodEvent): Promise<void> => {
    if (failing) throw new Error("the sink takes nothing");
    note("event", `${event.reason} ${event.object.name}: ${event.message}`);
  };
  const log = hostLog(note, ears.fault);

  const start = (): void => {
    const life = fusedLife();
    const mine: { readonly life: FusedLife; agent?: Agent } = { life };
    running = mine;
    ears.life("begins");
    note("life", "the agent starts");
    const started = startAgent(
      {
        runtime: mortal(heard(runtime.runtime, tellCall, tellAnswer), life),
        images: mortal(heardImages(runtime.images, tellCall, tellAnswer), life),
        files: mortal(disk.files, life),
        source: mortal(directory.source, life),
        handlers: mortal(heardHandlers(handlers.handlers, ears), life),
        podSinks: [mortal({ put }, life)],
        eventSinks: [mortal({ put: keep }, life)],
      },
      {
        facts: { ...aNode, bootId: `boot-${boots}` },
        settings: someSettings(),
        limits: GATES,
        listPace: LIST_PACE,
        earlierEvents: [],
      },
      { clock: mortal<SimClock>(clock, life), chance, log: mortalLog(log, life), meter: silentMeter },
      heardRules(options.rules, ears, life.peek),
    );
    started.then(
      (agent) => {
        mine.agent = agent;
      },
      (error: unknown) => ears.fault(`the agent did not start: ${String(error)}`),
    );
    life.onEnd(() => {
      note("life", "the agent is killed");
      if (running === mine) running = undefined;
      ears.life("ends");
    });
  };

  return {
    clock,
    runtime,
    disk,
    directory,
    handlers,
    truth,
    foreign,
    trace,
    ears,
    agent: () => running?.agent,
    life: () => running?.life,
    start,
    leave(then) {
      const leaving = running;
      if (leaving?.agent === undefined) {
        leaving?.life.end();
        then();
        return;
      }
      void leaving.agent.stop().then(() => {
        leaving.life.end();
        then();
      });
    },
    boot() {
      boots += 1;
    },
    sinkFails(fails) {
      failing = fails;
    },
  };
}

/** A pod that somebody else keeps in the same runtime. */
const FOREIGN = { namespace: "default", name: "theirs", uid: "foreign" } as const;

/** Answers the id of its sandbox. */
function plantForeign({ state }: FakeRuntime): string {
  const id = "foreign-box";
  state.finishSandbox(id, { ...desiredPod(plainPod("theirs")), ...FOREIGN }, 0);
  return id;
}

/** Faults of Berth itself are told; the rest is silence. */
function hostLog(note: (kind: string, text: string) => void, fault: (message: string) => void): Log {
  const error = (message: string, fields: LogFields = {}): void => {
    const cause = fields.error instanceof Error ? `: ${fields.error.stack ?? fields.error.message}` : "";
    note("log", `error ${message}${cause}`);
    fault(`${message}${cause}`);
  };
  const log: Log = { ...silentLog, error, bind: () => log };
  return log;
}

function mortalLog(log: Log, life: FusedLife): Log {
  const quiet: Log = {
    ...silentLog,
    error: (message, fields) => life.peek() && log.error(message, fields),
    bind: () => quiet,
  };
  return quiet;
}
