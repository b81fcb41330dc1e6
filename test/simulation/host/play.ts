import { assertNever } from "../../../src/base/assert-never.ts";
import { NODE_NAME } from "../../kit/compiled-pod.ts";
import type { Behaviour } from "../../kit/runtime/fake.ts";
import { IMAGES } from "../script/pods.ts";
import type { Script, Step } from "../script/script.ts";
import type { Host } from "./host.ts";

/** A fuse that finds nothing to burn: the agent is killed anyway. */
const LONGEST_FUSE_MS = 30_000;

/** Sets up everything that the script wants to happen. */
export function schedule(host: Host, script: Script): void {
  const until = (call: () => void): void => {
    if (host.clock.now().monoMs < script.calmAtMs) call();
  };
  for (const step of script.steps) {
    host.clock.at(step.atMs, () => {
      host.trace.note(host.clock.now().monoMs, "do", lineOf(step));
      play(host, step, until);
    });
  }
}

/** A step in a line. */
export function lineOf({ atMs: _at, do: deed, ...rest }: Step): string {
  const words = Object.entries(rest).map(([key, value]) =>
    key === "documents"
      ? `documents=${(value as { metadata?: { name?: string } }[]).map((one) => one.metadata?.name)}`
      : `${key}=${JSON.stringify(value)}`,
  );
  return `${deed} ${words.join(" ")}`;
}

/** Does one thing; `unlessCalm` guards what comes later, so that nothing of it reaches into the calm. */
function play(host: Host, step: Step, unlessCalm: (call: () => void) => void): void {
  const { clock, runtime, directory, disk, handlers } = host;
  const for_ = (ms: number, end: () => void): void => clock.at(clock.now().monoMs + ms, () => unlessCalm(end));
  switch (step.do) {
    case "put":
      directory.put(step.file, step.documents, step.how);
      return;
    case "spoil":
      directory.spoil(step.file, step.how);
      return;
    case "remove":
      directory.remove(step.file);
      return;
    case "directory":
      directory.state(step.how);
      return;
    case "behave":
      runtime.behave(step.container, livesFrom(step.lives));
      return;
    case "exit": {
      const found = running(host, step.container);
      if (found !== undefined) runtime.state.exit(found, step.code, step.reason);
      return;
    }
    case "hook": {
      const { container, hook, takesMs, failure } = step;
      handlers.hook(container, hook, { takesMs, ...(failure === undefined ? {} : { failure }) });
      return;
    }
    case "probe": {
      const { container, probe, how, takesMs } = step;
      handlers.probe(container, probe, {
        kind: how === "hangs" ? "failure" : how,
        output: "",
        takesMs,
        hangs: how === "hangs",
      });
      return;
    }
    case "ask-restart": {
      const { pod, container } = step;
      host.agent()?.view.restart(`default/${pod}-${NODE_NAME}`, container);
      return;
    }
    case "fault": {
      for (let count = 0; count < step.times; count += 1) runtime.faults.script(step.call, step.fault);
      return;
    }
    case "event-fault": {
      for (let count = 0; count < step.times; count += 1) runtime.faults.scriptEvent(step.fault);
      return;
    }
    case "runtime-restart":
      void runtime.restart(step.downMs);
      return;
    case "runtime-hang":
      runtime.hang(true);
      for_(step.forMs, () => runtime.hang(false));
      return;
    case "runtime-unready":
      runtime.health({ ready: false, message: "it starts" });
      for_(step.forMs, () => runtime.health({ ready: true }));
      return;
    case "network-down":
      runtime.health({ networkReady: false, message: "no network" });
      for_(step.forMs, () => runtime.health({ networkReady: true }));
      return;
    case "lose-sandbox":
      for (const box of runtime.state.sandboxes.values()) {
        if (box.pod.name === `${step.pod}-${NODE_NAME}`) runtime.state.loseSandbox(box.id);
      }
      return;
    case "forget":
      forget(host, step.pod, step.what);
      return;
    case "registry": {
      const { image, pullMs, code } = step;
      const entry = { pullMs, ...(code === undefined ? {} : { failure: { code, message: "the registry says no" } }) };
      runtime.shelf.offer(image, entry);
      runtime.shelf.offer(`${image}:latest`, entry);
      return;
    }
    case "kill": {
      const life = host.life();
      if (life === undefined) return;
      life.light(step.crossings);
      const back = (): void => clock.at(clock.now().monoMs + step.backAfterMs, () => host.life() ?? host.start());
      life.onEnd(back);
      clock.at(clock.now().monoMs + LONGEST_FUSE_MS, life.end);
      return;
    }
    case "upgrade":
      host.leave(() => clock.at(clock.now().monoMs + step.backAfterMs, () => host.life() ?? host.start()));
      return;
    case "reboot": {
      host.life()?.end();
      host.boot();
      void runtime.restart(step.backAfterMs);
      runtime.state.reboot();
      clock.at(clock.now().monoMs + step.backAfterMs, () => host.life() ?? host.start());
      return;
    }
    case "disk-full":
      disk.full(true);
      for_(step.forMs, () => disk.full(false));
      return;
    case "tear-record":
      disk.tear(`${step.pod}-${NODE_NAME}`);
      return;
    case "clock-jump":
      clock.jumpWall(step.byMs);
      return;
    case "sink-fails":
      host.sinkFails(true);
      for_(step.forMs, () => host.sinkFails(false));
      return;
    default:
      assertNever(step);
  }
}

/** Each instance from now on lives the next of these lives, and the last one again and again. */
function livesFrom(lives: readonly Behaviour[]): (attempt: number) => Behaviour {
  let next = 0;
  const taken = new Map<number, Behaviour>();
  return (attempt) => {
    const known = taken.get(attempt);
    if (known !== undefined) return known;
    const life = lives[Math.min(next, lives.length - 1)] ?? {};
    next += 1;
    taken.set(attempt, life);
    return life;
  };
}

function running({ runtime }: Host, container: string): string | undefined {
  for (const one of runtime.state.containers.values()) {
    if (one.name === container && one.state === "running") return one.id;
  }
  return undefined;
}

function forget({ runtime: { state } }: Host, pod: string, what: "container" | "sandbox"): void {
  const full = `${pod}-${NODE_NAME}`;
  const things = what === "container" ? state.containers : state.sandboxes;
  const found = [...things.values()].find((one) => one.pod.name === full);
  if (found === undefined) return;
  // Whatever ran inside is no container of anybody any more.
  if (what === "sandbox") {
    for (const { id, sandboxId } of [...state.containers.values()]) if (sandboxId === found.id) state.forget(id);
  }
  state.forget(found.id);
}

/** All trouble ends: what is asked for can come to be. */
export function calm(host: Host, script: Script): void {
  const { runtime, disk, directory, handlers } = host;
  runtime.faults.clear();
  runtime.hang(false);
  runtime.health({ ready: true, networkReady: true });
  for (const image of IMAGES) {
    runtime.shelf.offer(image, {});
    runtime.shelf.offer(`${image}:latest`, {});
  }
  for (const step of script.steps) {
    if (step.do === "behave")
      runtime.behave(step.container, step.container.includes("-init") ? { exitsAfterMs: 100 } : {});
  }
  for (const one of runtime.state.containers.values()) {
    if (one.name.includes("-init") && one.state === "running") runtime.state.exit(one.id, 0);
  }
  disk.full(false);
  host.sinkFails(false);
  directory.state("works");
  handlers.calm();
  if (host.life() === undefined) host.start();
}
