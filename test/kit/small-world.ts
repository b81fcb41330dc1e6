import { join, joinMessage, type Known, nothingKnown } from "../../src/decide/join.ts";
import { noteOutcome } from "../../src/decide/outcome.ts";
import { nextPlan } from "../../src/decide/plan.ts";
import type { Action, Outcome, Subject } from "../../src/pod/action.ts";
import type { DesiredPod, Ending } from "../../src/pod/desired.ts";
import { freshMemory, type PodMemory } from "../../src/pod/memory.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../../src/pod/observed.ts";
import type { Around, ContainerVerdicts, Flight } from "../../src/pod/plan.ts";
import { allowing, NOW, say } from "./pictures.ts";

/** How a call will end; a look shows what was there when it began, and answers the doubts of that moment. */
type Due = { readonly fault: Fault; readonly shown?: Sighting; readonly doubted?: ReadonlySet<Subject> };

/** How the runtime treats one call: well; refuses it; breaks off before or after it took effect. */
export type Fault = "none" | "refused" | "lostBefore" | "lostAfter";

/**
 * A runtime with its own truth, of which the planner knows only what it was told: calls settle late, break off, take effect
 * unseen; news are lost. Broken promises are written down in `broken`.
 */
export class SmallWorld {
  memory: PodMemory = freshMemory;
  known: Known = nothingKnown;
  ending: Ending | undefined = undefined;
  around: Around = allowing;
  monoMs = NOW.monoMs;
  gapMs = NOW.wallMs - NOW.monoMs;
  readonly inFlight = new Map<Subject, Flight>();
  readonly verdicts = new Map<string, ContainerVerdicts>();
  readonly sandboxes = new Map<string, ObservedSandbox>();
  readonly containers = new Map<string, ObservedContainer>();
  readonly broken: string[] = [];
  readonly trace: string[] = [];
  calls = 0;
  private ids = 0;
  private readonly due = new Map<Subject, Due>();
  /** Subjects whose last call broke off. */
  private readonly doubts = new Set<Subject>();

  readonly desired: DesiredPod;

  constructor(desired: DesiredPod) {
    this.desired = desired;
    this.list();
  }

  get now(): { wallMs: number; monoMs: number } {
    return { wallMs: this.monoMs + this.gapMs, monoMs: this.monoMs };
  }

  /** Plans once and begins what is planned; each call will settle with the fault that `draw` gives. */
  plan(draw: () => Fault): number | undefined {
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
    for (const subject of plan.withdraw) this.withdraw(subject);
    for (const action of plan.actions) {
      if (this.inFlight.has(action.subject)) this.broken.push(`two actions on ${action.subject}`);
      this.inFlight.set(action.subject, { action, sinceMonoMs: this.monoMs, begun: true, withdrawn: false });
      const shown = action.kind === "look" ? { shown: this.whole(), doubted: new Set(this.doubts) } : {};
      this.due.set(action.subject, { fault: draw(), ...shown });
      this.trace.push(`${this.monoMs - NOW.monoMs} ${say(action)}`);
      this.calls += 1;
      this.inspect(action);
    }
    if (plan.wakeAt !== undefined && plan.wakeAt <= this.monoMs) this.broken.push("wakeAt is not in the future");
    if (plan.finished && this.isRunning()) this.broken.push("finished while something runs");
    if (plan.finished && this.standing().length > 0) this.broken.push("finished while a sandbox stands");
    return plan.wakeAt;
  }

  /** Settles one call that is in flight, if there is one. */
  settle(pick: number): boolean {
    const subjects = [...this.inFlight.keys()];
    const subject = subjects[pick % Math.max(1, subjects.length)];
    if (subject === undefined) return false;
    const flight = this.inFlight.get(subject);
    const fault = this.due.get(subject)?.fault ?? "none";
    this.inFlight.delete(subject);
    if (flight === undefined) return true;
    const { shown, doubted } = this.due.get(subject) ?? {};
    const outcome = this.outcomeOf(flight.action, fault, shown);
    this.noteDoubt(flight.action, outcome, doubted);
    if (fault !== "none") this.trace.push(`${this.monoMs - NOW.monoMs}   ${fault}: ${say(flight.action)}`);
    this.memory = noteOutcome(this.memory, flight.action, outcome, this.now);
    if (outcome.kind !== "done") return true;
    if (outcome.seen?.kind === "objects") this.tell(outcome.seen.sighting);
    if (outcome.seen?.kind === "message" && flight.action.kind === "read-message") {
      this.known = joinMessage(this.known, flight.action.id, outcome.seen.text, this.monoMs);
    }
    return true;
  }

  private noteDoubt({ kind, subject }: Action, outcome: Outcome, doubted: Due["doubted"]): void {
    const isWrite = kind.endsWith("-container") || kind.endsWith("-sandbox");
    if (isWrite && outcome.kind === "failed" && outcome.failure.effect === "unknown") this.doubts.add(subject);
    if (kind !== "look" || outcome.kind !== "done") return;
    for (const other of doubted ?? []) this.doubts.delete(other);
  }

  /** A running container ends; `told` says whether news of it arrives. */
  exit(pick: number, exitCode: number, told: boolean): void {
    const running = [...this.containers.values()].filter(({ state }) => state === "running");
    const one = running[pick % Math.max(1, running.length)];
    if (one === undefined) return;
    this.end(one.id, exitCode);
    this.trace.push(`${this.monoMs - NOW.monoMs}   ${one.id} exits ${exitCode}`);
    const now = this.containers.get(one.id);
    if (told && now !== undefined) this.tell({ containers: [now] });
  }

  /** The sandbox dies, with its containers unless they are spared for now. */
  loseSandbox(told: boolean, spared: boolean): void {
    const [box] = [...this.sandboxes.values()].filter(({ state }) => state === "ready");
    if (box === undefined) return;
    this.sandboxes.set(box.id, { ...box, state: "notReady" });
    this.trace.push(`${this.monoMs - NOW.monoMs}   ${box.id} is lost`);
    for (const { id, state, sandboxId } of this.containers.values()) {
      if (sandboxId === box.id && state === "running" && !spared) this.end(id, 255);
    }
    if (told) this.list();
  }

  /** A whole list, without the details of exits, as relists are. */
  list(): void {
    const containers = [...this.containers.values()].map(({ exitCode: _code, finishedWallMs: _at, ...rest }) => ({
      ...rest,
      detailed: false,
    }));
    this.tell({ sandboxes: [...this.sandboxes.values()], containers, whole: { begunMonoMs: this.monoMs } });
  }

  /** kill -9: what was in flight may or may not have happened; a new agent lists and begins. */
  restartAgent(): void {
    for (const [subject, { action }] of [...this.inFlight]) {
      if (this.due.get(subject)?.fault !== "lostBefore") this.apply(action);
    }
    this.inFlight.clear();
    this.doubts.clear();
    this.trace.push(`${this.monoMs - NOW.monoMs}   the agent is killed and started`);
    const { startedWallMs, terminal, instances, starts } = this.memory;
    this.memory = {
      ...freshMemory,
      ...(startedWallMs === undefined ? {} : { startedWallMs }),
      ...(terminal === undefined ? {} : { terminal }),
      instances: Object.fromEntries(
        Object.entries(instances).map(([id, { postStart, stop }]) => [
          id,
          {
            ...(postStart === undefined ? {} : { postStart }),
            ...(stop === undefined ? {} : { stop: { cause: stop.cause, by: Number.POSITIVE_INFINITY } }),
          },
        ]),
      ),
      starts: Object.fromEntries(
        Object.entries(starts).map(([name, { decidedWallMs }]) => [
          name,
          decidedWallMs === undefined ? {} : { decidedWallMs },
        ]),
      ),
    };
    this.known = nothingKnown;
    this.list();
  }

  standing(): readonly ObservedSandbox[] {
    return [...this.sandboxes.values()].filter(({ id }) =>
      this.known.observed.sandboxes.some((box) => box.id === id && box.state === "ready"),
    );
  }

  isRunning(): boolean {
    return [...this.containers.values()].some(({ state }) => state === "running");
  }

  private whole(): Sighting {
    return {
      podUid: this.desired.uid,
      sandboxes: [...this.sandboxes.values()],
      containers: [...this.containers.values()].map((one) => ({ ...one, detailed: true })),
      gone: [],
      whole: { begunMonoMs: this.monoMs },
    };
  }

  private tell(news: Partial<Sighting>): void {
    const sighting = { podUid: this.desired.uid, sandboxes: [], containers: [], gone: [], ...news };
    this.known = join(this.known, sighting, this.monoMs);
  }

  private withdraw(subject: Subject): void {
    const flight = this.inFlight.get(subject);
    if (flight === undefined || flight.withdrawn) {
      this.broken.push(`${subject} is withdrawn in vain`);
      return;
    }
    this.inFlight.set(subject, { ...flight, withdrawn: true });
    if (!["pull-image", "run-hook", "stop-container"].includes(flight.action.kind)) return;
    this.inFlight.delete(subject);
    this.memory = noteOutcome(this.memory, flight.action, { kind: "withdrawn" }, this.now);
  }

  /** What must never be asked for, seen from the runtime's truth. */
  private inspect(action: Action): void {
    if (this.doubts.has(action.subject)) this.broken.push(`${say(action)} in doubt`);
    if (
      action.kind === "stop-sandbox" &&
      this.known.observed.containers.some((one) => one.state === "running" && one.sandboxId === action.id)
    ) {
      this.broken.push(`${say(action)} while a container runs in it`);
    }
    if (action.kind === "clear-home" && this.standing().length > 0) this.broken.push(`${say(action)} too early`);
    const begins = ["run-sandbox", "create-container", "start-container"].includes(action.kind);
    if (begins && this.ending !== undefined) this.broken.push(`${say(action)} for a pod that ends`);
    if (action.kind === "remove-container" && this.containers.get(action.id)?.state === "running") {
      this.broken.push(`${say(action)} while it runs`);
    }
    if (action.kind !== "create-container") return;
    const role = this.desired.containers.find(({ name }) => name === action.name)?.role;
    const box = [...this.sandboxes.values()].find(({ id }) => id === action.sandbox);
    if (role === "ephemeral" && this.newest(action.name) !== undefined) this.broken.push(`${say(action)} again`);
    if (role === "app") {
      for (const { name } of this.desired.containers.filter((other) => other.role === "init")) {
        const done = [...this.containers.values()].some(
          (other) => other.name === name && other.sandboxId === box?.id && other.exitCode === 0,
        );
        if (!done) this.broken.push(`${say(action)} before ${name} has succeeded`);
      }
    }
    this.checkBackOff(action);
    this.checkGrowth(action);
  }

  /** B4, B6: a successor carries twice what its predecessor did, or the first delay, or what it takes over. */
  private checkGrowth({ name, attempt, backOffMs }: Extract<Action, { kind: "create-container" }>): void {
    const newest = this.newest(name);
    if (newest !== undefined && attempt <= newest.attempt) this.broken.push(`the count of ${name} goes back`);
    if (newest === undefined || newest.finishedWallMs === undefined) return;
    const forgotten = this.now.wallMs - newest.createdWallMs > 590_000;
    const doubled = Math.min(Math.max(newest.backOffMs * 2, 10_000), 300_000);
    const stopped = this.memory.instances[newest.id]?.stop !== undefined;
    const fits =
      backOffMs === doubled || (forgotten && backOffMs === 10_000) || (stopped && backOffMs === newest.backOffMs);
    if (!fits) this.broken.push(`${name} carries ${backOffMs} after ${newest.backOffMs}`);
  }

  private newest(name: string): ObservedContainer | undefined {
    return [...this.containers.values()]
      .filter((other) => other.name === name)
      .sort((one, other) => other.attempt - one.attempt)[0];
  }

  /** B4: the successor of an instance that exited by itself waits what that instance carries. */
  private checkBackOff({ name }: { name: string }): void {
    const newest = this.newest(name);
    if (newest?.finishedWallMs === undefined || this.memory.instances[newest.id]?.stop !== undefined) return;
    const aliveMs = newest.finishedWallMs - newest.createdWallMs;
    const sinceMadeMs = this.now.wallMs - newest.createdWallMs;
    if (aliveMs > 600_000 || sinceMadeMs >= 599_000) return;
    if (this.now.wallMs - newest.finishedWallMs < newest.backOffMs - 1) this.broken.push(`${name} comes back too soon`);
  }

  private outcomeOf(action: Action, fault: Fault, shown: Sighting | undefined): Outcome {
    const lost = { code: "RuntimeTimeout", message: "deadline exceeded", effect: "unknown" } as const;
    if (fault === "refused") {
      return { kind: "failed", failure: { code: "RuntimeRefused", message: "refused", effect: "none" } };
    }
    if (fault === "lostBefore") return { kind: "failed", failure: lost };
    const outcome = shown === undefined ? this.apply(action) : this.saw(shown);
    return fault === "lostAfter" && outcome.kind === "done" ? { kind: "failed", failure: lost } : outcome;
  }

  private end(id: string, exitCode: number): void {
    const one = this.containers.get(id);
    if (one === undefined || one.state === "exited") return;
    this.containers.set(id, { ...one, state: "exited", exitCode, finishedWallMs: this.now.wallMs, detailed: true });
  }

  private refuse(message: string): Outcome {
    return { kind: "failed", failure: { code: "RuntimeRefused", message, effect: "none" } };
  }

  private saw(news: Partial<Sighting>): Outcome {
    const sighting = { podUid: this.desired.uid, sandboxes: [], containers: [], gone: [], ...news };
    return { kind: "done", seen: { kind: "objects", sighting } };
  }

  private apply(action: Action): Outcome {
    switch (action.kind) {
      case "look":
        return this.saw(this.whole());
      case "set-volume":
        return { kind: "done", seen: { kind: "volume", version: action.version } };
      case "find-image":
      case "pull-image":
        return { kind: "done", seen: { kind: "image", image: { id: `sha-${action.ref}` } } };
      case "run-hook":
        return { kind: "done", seen: { kind: "hook" } };
      case "read-message":
        return { kind: "done", seen: { kind: "message", text: "" } };
      case "make-home":
      case "clear-home":
      case "limit-pod":
      case "update-container":
        return { kind: "done" };
      default:
        return this.change(action);
    }
  }

  private change(action: Extract<Action, { kind: `${string}-sandbox` | `${string}-container` }>): Outcome {
    switch (action.kind) {
      case "run-sandbox": {
        this.ids += 1;
        const taken = [...this.sandboxes.values()].some(({ attempt }) => attempt === action.attempt);
        if (taken) return this.reserved();
        const box: ObservedSandbox = {
          id: `box-${this.ids}`,
          attempt: action.attempt,
          state: "ready",
          createdWallMs: this.now.wallMs,
          ips: ["10.88.0.7"],
          hostNetwork: false,
        };
        this.sandboxes.set(box.id, box);
        return this.saw({ sandboxes: [box] });
      }
      case "stop-sandbox": {
        const box = this.sandboxes.get(action.id);
        if (box === undefined) return this.saw({ gone: [action.id] });
        this.sandboxes.set(box.id, { ...box, state: "notReady" });
        for (const { id, sandboxId } of this.containers.values()) if (sandboxId === box.id) this.kill(id);
        return this.saw({ sandboxes: [{ ...box, state: "notReady" }] });
      }
      case "remove-sandbox":
        this.sandboxes.delete(action.id);
        return this.saw({ gone: [action.id] });
      case "create-container": {
        const wanted = this.desired.containers.find(({ name }) => name === action.name);
        const same = [...this.containers.values()].filter(({ name }) => name === action.name);
        if (same.some(({ attempt }) => attempt === action.attempt)) return this.reserved();
        if (this.sandboxes.get(action.sandbox)?.state !== "ready") return this.refuse("sandbox is not ready");
        this.ids += 1;
        const made: ObservedContainer = {
          id: `${action.name}-${action.attempt}-${this.ids}`,
          sandboxId: action.sandbox,
          name: action.name,
          attempt: action.attempt,
          hash: wanted?.hash ?? "",
          backOffMs: action.backOffMs,
          state: "created",
          createdWallMs: this.now.wallMs + this.ids / 1000,
          image: wanted?.image ?? "",
          imageId: action.imageId,
          detailed: true,
        };
        this.containers.set(made.id, made);
        return this.saw({ containers: [made] });
      }
      case "start-container": {
        const one = this.containers.get(action.id);
        if (one?.state !== "created") return this.refuse("not in created state");
        const twin = [...this.containers.values()].some(({ name, state }) => name === one.name && state === "running");
        if (twin) this.broken.push(`two instances of ${one.name} run`);
        if (this.sandboxes.get(one.sandboxId)?.state !== "ready") return this.refuse("sandbox is not ready");
        this.containers.set(one.id, { ...one, state: "running", startedWallMs: this.now.wallMs });
        return this.saw({
          containers: [{ ...one, state: "running", startedWallMs: this.now.wallMs, detailed: false }],
        });
      }
      case "stop-container": {
        const one = this.containers.get(action.id);
        if (one === undefined) return { kind: "done" };
        this.kill(one.id);
        const { exitCode: _code, ...rest } = this.containers.get(one.id) ?? one;
        return this.saw({
          containers: [{ ...rest, state: "exited", finishedWallMs: this.now.wallMs, detailed: false }],
        });
      }
      case "remove-container":
        this.containers.delete(action.id);
        return this.saw({ gone: [action.id] });
      case "update-container":
        return { kind: "done" };
    }
  }

  private kill(id: string): void {
    if (this.containers.get(id)?.state === "running") this.end(id, 143);
  }

  private reserved(): Outcome {
    return { kind: "failed", failure: { code: "RuntimeNameReserved", message: "is reserved for", effect: "none" } };
  }
}
