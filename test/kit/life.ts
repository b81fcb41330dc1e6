import type { MonoMs } from "../../src/base/clock.ts";
import { join, joinMessage, type Known, nothingKnown } from "../../src/decide/join.ts";
import { noteOutcome } from "../../src/decide/outcome.ts";
import { nextPlan } from "../../src/decide/plan.ts";
import type { Action, Failure, Outcome, SeenImage, Subject } from "../../src/pod/action.ts";
import type { DesiredPod, Ending } from "../../src/pod/desired.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../../src/pod/observed.ts";
import type { Around, ContainerVerdicts, Flight, Plan } from "../../src/pod/plan.ts";
import { allowing, NOW, say } from "./pictures.ts";

/**
 * One pod's life by hand: a picture, its plan, and a runtime in a few lines that does at once what it is asked. Actions that a
 * test wants to see in flight are named in `slow` and settled by the test.
 */
export class Life {
  desired: DesiredPod;
  ending: Ending | undefined = undefined;
  memory: PodMemory = freshMemory;
  known: Known = join(
    nothingKnown,
    { podUid: "", sandboxes: [], containers: [], gone: [], whole: { begunMonoMs: 0 } },
    0,
  );
  around: Around = allowing;
  monoMs: MonoMs = NOW.monoMs;
  /** Wall minus monotonic clock. */
  gapMs = NOW.wallMs - NOW.monoMs;
  readonly inFlight = new Map<Subject, Flight>();
  readonly verdicts = new Map<string, ContainerVerdicts>();
  readonly images = new Set<string>();
  /** Kinds or whole words of actions that stay in flight. */
  readonly slow = new Set<string>();
  /** Outcome of the next action that is said so. */
  readonly faults = new Map<string, Failure>();
  /** All that was begun and withdrawn since the last call of `news`. */
  private log: string[] = [];
  private made = 0;
  private readonly ids = new Set<string>();

  constructor(desired: DesiredPod, images: readonly string[] = desired.containers.map(({ image }) => image)) {
    this.desired = desired;
    for (const image of images) this.images.add(image);
  }

  get now(): { wallMs: number; monoMs: number } {
    return { wallMs: this.monoMs + this.gapMs, monoMs: this.monoMs };
  }

  plan(): Plan {
    const plan = nextPlan({
      desired: this.desired,
      ...(this.ending === undefined ? {} : { ending: this.ending }),
      observed: this.known.observed,
      verdicts: this.verdicts,
      memory: this.memory,
      inFlight: this.inFlight,
      around: this.around,
      now: this.now,
    });
    this.memory = plan.memory;
    return plan;
  }

  /** Plans and performs until nothing can be done at this moment; answers what was begun. */
  run(): readonly string[] {
    for (let round = 0; round < 200; round += 1) {
      const plan = this.plan();
      for (const subject of plan.withdraw) this.withdraw(subject);
      for (const action of plan.actions) this.begin(action);
      if (plan.actions.length === 0 && plan.withdraw.length === 0) return this.news();
    }
    throw new Error(`the plan never comes to rest: ${this.news().slice(-12).join(", ")}`);
  }

  /** Time passes in steps of what plans ask for; answers what was begun, each with the seconds after which it was. */
  pass(ms: number): readonly string[] {
    const begun = this.monoMs;
    const end = begun + ms;
    const all = this.run().map((word) => `0 ${word}`);
    for (let round = 0; this.monoMs < end; round += 1) {
      if (round > 1000) throw new Error("too many wakes");
      const wakeAt = this.plan().wakeAt;
      if (wakeAt !== undefined && wakeAt <= this.monoMs) throw new Error("wakeAt is not in the future");
      this.monoMs = Math.min(end, wakeAt ?? end);
      all.push(...this.run().map((word) => `${(this.monoMs - begun) / 1000} ${word}`));
    }
    return all;
  }

  news(): readonly string[] {
    const words = this.log;
    this.log = [];
    return words;
  }

  /** A container ends by itself. */
  exit(id: string, exitCode: number, changes: Partial<ObservedContainer> = {}): void {
    this.change(id, { state: "exited", exitCode, reason: exitCode === 0 ? "Completed" : "Error", ...changes });
  }

  /** An event about a container, in full. */
  change(id: string, changes: Partial<ObservedContainer>): void {
    const old = this.known.observed.containers.find((container) => container.id === id);
    if (old === undefined) throw new Error(`no container ${id}`);
    const ends = changes.state === "exited" ? { finishedWallMs: this.now.wallMs } : {};
    this.see({ containers: [{ ...old, ...ends, ...changes, detailed: true }] });
  }

  changeSandbox(id: string, changes: Partial<ObservedSandbox>): void {
    const old = this.known.observed.sandboxes.find((sandbox) => sandbox.id === id);
    if (old === undefined) throw new Error(`no sandbox ${id}`);
    this.see({ sandboxes: [{ ...old, ...changes }] });
  }

  see(news: Partial<Sighting>): void {
    const sighting = { podUid: this.desired.uid, sandboxes: [], containers: [], gone: [], ...news };
    this.known = join(this.known, sighting, this.monoMs);
  }

  /** Another agent takes over: only what rides on the runtime and in the record is left. */
  restartAgent(record: Partial<PodMemory> = {}): void {
    const { startedWallMs, initialized, terminal } = this.memory;
    this.memory = {
      ...freshMemory,
      initialized,
      ...(startedWallMs === undefined ? {} : { startedWallMs }),
      ...(terminal === undefined ? {} : { terminal }),
      ...record,
    };
    this.inFlight.clear();
    this.gapMs += this.monoMs - 1000;
    this.monoMs = 1000;
  }

  /** Settles what is in flight on the subject, as the runtime would or with this outcome. */
  settle(subject: Subject, outcome?: Outcome): void {
    const flight = this.inFlight.get(subject);
    if (flight === undefined) throw new Error(`nothing in flight on ${subject}`);
    this.inFlight.delete(subject);
    this.note(flight.action, outcome ?? this.perform(flight.action));
  }

  /** Runtimes never use an id twice; the second of one name and attempt gets a prime. */
  private freshId(id: string): string {
    if (this.ids.has(id)) return this.freshId(`${id}'`);
    this.ids.add(id);
    return id;
  }

  private begin(action: Action): void {
    const word = say(action);
    this.log.push(word);
    if (this.inFlight.has(action.subject)) throw new Error(`${action.subject} is in flight`);
    if (this.slow.has(action.kind) || this.slow.has(word)) {
      this.inFlight.set(action.subject, { action, sinceMonoMs: this.monoMs, begun: true, withdrawn: false });
      return;
    }
    this.note(action, this.perform(action));
  }

  private withdraw(subject: Subject): void {
    const flight = this.inFlight.get(subject);
    if (flight === undefined) throw new Error(`nothing to withdraw on ${subject}`);
    this.log.push(`withdraw ${subject}`);
    this.inFlight.set(subject, { ...flight, withdrawn: true });
    const ends = ["pull-image", "run-hook", "stop-container"].includes(flight.action.kind);
    if (ends || !flight.begun) this.settle(subject, { kind: "withdrawn" });
  }

  private note(action: Action, outcome: Outcome): void {
    this.memory = noteOutcome(this.memory, action, outcome, this.now);
    if (outcome.kind !== "done") return;
    if (outcome.seen?.kind === "objects") this.see(outcome.seen.sighting);
    if (outcome.seen?.kind === "message" && action.kind === "read-message") {
      this.known = joinMessage(this.known, action.id, outcome.seen.text, this.monoMs);
    }
  }

  private perform(action: Action): Outcome {
    const failure = this.faults.get(say(action)) ?? this.faults.get(action.kind);
    if (failure !== undefined) {
      this.faults.delete(say(action));
      return { kind: "failed", failure };
    }
    return this.succeed(action);
  }

  private succeed(action: Action): Outcome {
    const { wallMs, monoMs } = this.now;
    const observed = this.known.observed;
    const find = (id: string): ObservedContainer => {
      const found = observed.containers.find((container) => container.id === id);
      if (found === undefined) throw new Error(`no container ${id}`);
      return found;
    };
    const saw = (news: Partial<Sighting>): Outcome => ({
      kind: "done",
      seen: {
        kind: "objects",
        sighting: { podUid: this.desired.uid, sandboxes: [], containers: [], gone: [], ...news },
      },
    });
    const image = (ref: string): SeenImage => ({ id: `sha-${ref}` });
    switch (action.kind) {
      case "look":
        return saw({ ...observed, whole: { begunMonoMs: monoMs } });
      case "set-volume":
        return { kind: "done", seen: { kind: "volume", version: action.version } };
      case "find-image":
        return {
          kind: "done",
          seen: { kind: "image", image: this.images.has(action.ref) ? image(action.ref) : "missing" },
        };
      case "pull-image":
        this.images.add(action.ref);
        return { kind: "done", seen: { kind: "image", image: image(action.ref) } };
      case "run-sandbox": {
        const { attempt } = action;
        const box: ObservedSandbox = {
          id: `box-${attempt}`,
          attempt,
          state: "ready",
          createdWallMs: wallMs,
          ips: this.desired.hostNetwork ? [] : ["10.88.0.7"],
          hostNetwork: this.desired.hostNetwork,
        };
        return saw({ sandboxes: [box] });
      }
      case "stop-sandbox": {
        const boxes = observed.sandboxes.filter(({ id }) => id === action.id);
        return saw({ sandboxes: boxes.map((box) => ({ ...box, state: "notReady" })) });
      }
      case "create-container": {
        const wanted = this.desired.containers.find(({ name }) => name === action.name);
        this.made += 1;
        const container: ObservedContainer = {
          id: this.freshId(`${action.name}-${action.attempt}`),
          sandboxId: action.sandbox,
          name: action.name,
          attempt: action.attempt,
          hash: wanted?.hash ?? "",
          backOffMs: action.backOffMs,
          state: "created",
          createdWallMs: wallMs + this.made / 1000,
          image: wanted?.image ?? "",
          imageId: action.imageId,
          detailed: true,
        };
        return saw({ containers: [container] });
      }
      case "start-container":
        return saw({ containers: [{ ...find(action.id), state: "running", startedWallMs: wallMs, detailed: false }] });
      case "stop-container": {
        const { exitCode = 143, ...rest } = find(action.id);
        return saw({ containers: [{ ...rest, state: "exited", exitCode, finishedWallMs: wallMs, detailed: true }] });
      }
      case "remove-container":
      case "remove-sandbox":
        return saw({ gone: [action.id] });
      case "run-hook":
        return { kind: "done", seen: { kind: "hook" } };
      case "read-message":
        return { kind: "done", seen: { kind: "message", text: "" } };
      case "make-home":
      case "clear-home":
      case "limit-pod":
      case "update-container":
        return { kind: "done" };
    }
  }
}

/** A failure that changed nothing. */
export const failure = (message: string, changes: Partial<Failure> = {}): Failure => ({
  code: "RuntimeRefused",
  message,
  effect: "none",
  ...changes,
});
