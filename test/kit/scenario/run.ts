import { parseAllDocuments } from "yaml";
import type { Rules } from "../../../src/agent/rules.ts";
import type { ErrorCode } from "../../../src/base/errors.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import { NODE_NAME } from "../compiled-pod.ts";
import type { ProbeScript } from "../handlers.ts";
import type { CallFault, EventFault } from "../runtime/faults.ts";
import type { Document } from "../source.ts";
import { makeWorld, statusLine, type TraceLine, type World } from "../world.ts";
import { type Command, durationMs, parseScenario } from "./parse.ts";

/** One scenario under way. */
type Stage = { readonly world: World; readonly manifests: Map<string, readonly Document[]> };
type Play = (command: Command, stage: Stage) => Promise<void> | void;

/** Plays a scenario and tells what happened. Throws, with the line, where an `expect` is not met. */
export async function playScenario(text: string, rules?: Rules): Promise<string> {
  const commands = parseScenario(text);
  const [head] = commands;
  const hasNoEvents = head?.text === "runtime without events";
  const world = makeWorld({ events: !hasNoEvents, ...(rules === undefined ? {} : { rules }) });
  const stage: Stage = { world, manifests: new Map() };
  for (const command of commands) await playOne(command, stage);
  return `${world.trace.filter(isTold).map(lineOf).join("\n")}\n`;
}

async function playOne(command: Command, stage: Stage): Promise<void> {
  const play = PLAYS[command.words[0] ?? ""];
  if (play === undefined) throw new Error(`line ${command.line}: there is no command "${command.words[0]}"`);
  if (command.words[0] !== "manifest") stage.world.note("do", command.text);
  try {
    await play(command, stage);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const story = stage.world.trace.filter(isTold).slice(-30).map(lineOf).join("\n");
    throw new Error(`line ${command.line}: ${command.text}: ${reason}\n${story}`, { cause: error });
  }
}

/** Every command by its first word. */
const PLAYS: Readonly<Record<string, Play>> = {
  "#": () => {},
  manifest({ words: [, name = ""], block }, { manifests }) {
    manifests.set(
      name,
      parseAllDocuments(block).map((document) => asDocument(document.toJS())),
    );
  },
  /** `drop FILE [from MANIFEST]` */
  drop({ words: [, file = "", , from = file] }, { world, manifests }) {
    const documents = manifests.get(from);
    if (documents === undefined) throw new Error(`there is no manifest ${from}`);
    world.directory.put(file, ...documents);
  },
  break: ({ words: [, file = ""] }, { world }) => world.directory.break(file),
  remove: ({ words: [, file = ""] }, { world }) => world.directory.remove(file),
  /** `directory fails|works` */
  directory: ({ words: [, how] }, { world }) => world.directory.fail(how === "fails"),
  async start(_, { world }) {
    await world.start();
  },
  async stop(_, { world }) {
    const stopping = world.stop();
    await world.clock.advance(6000);
    await stopping;
  },
  kill: (_, { world }) => world.kill(),
  advance: ({ words: [, duration] }, { world }) => world.clock.advance(durationMs(duration)),
  clock: ({ words: [, , duration] }, { world }) => world.clock.jumpWall(durationMs(duration)),
  /** `image REF present [uid N|user NAME]`, `image REF pull takes 3s|fails CODE TEXT|works` */
  image({ words: [, ref = "", verb, what, ...rest] }, { world: { runtime } }) {
    if (verb === "present") runtime.shelf.has(ref, imageUser(what, rest[0]));
    else if (what === "takes") runtime.shelf.offer(ref, { pullMs: durationMs(rest[0]) });
    else if (what === "works") runtime.shelf.offer(ref, {});
    else {
      const [code, ...message] = rest;
      runtime.shelf.offer(ref, { failure: { code: code as ErrorCode, message: message.join(" ") } });
    }
  },
  /** `behave CONTAINER exits CODE after 2s`, `... ignores TERM`, `... ends CODE after 3s`, `... start fails TEXT`, `... runs` */
  behave({ words: [, container = "", verb, ...rest] }, { world: { runtime } }) {
    const [code, , after] = rest;
    switch (verb) {
      case "exits":
        return runtime.behave(container, { exitsAfterMs: durationMs(after), exitCode: Number(code) });
      case "ends":
        return runtime.behave(container, { onTerm: { afterMs: durationMs(after), exitCode: Number(code) } });
      case "ignores":
        return runtime.behave(container, { onTerm: "ignores" });
      case "start":
        return runtime.behave(container, { startFails: rest.slice(1).join(" ") });
      default:
        return runtime.behave(container, {});
    }
  },
  /** `exit POD/CONTAINER CODE [REASON]` */
  exit({ words: [, which = "", code, reason] }, { world }) {
    world.runtime.state.exit(runningContainer(world, which), Number(code), reason);
  },
  /** `sandbox POD dies` */
  sandbox({ words: [, pod = ""] }, { world: { runtime } }) {
    const ready = [...runtime.state.sandboxes.values()].find(
      (sandbox) => sandbox.pod.name === fullName(pod) && sandbox.state === "ready",
    );
    if (ready === undefined) throw new Error(`${pod} has no ready sandbox`);
    runtime.state.stopSandbox(ready.id);
  },
  /** `fault CALL FAULT`, `fault event lost|doubled|late 5s` */
  fault({ words: [, call = "", ...fault] }, { world: { runtime } }) {
    if (call === "event") runtime.faults.scriptEvent(eventFault(fault));
    else runtime.faults.script(call, callFault(fault));
  },
  /** `runtime restarts for 3s`, `runtime reboots`, `runtime network down|up` */
  runtime({ words: [, verb, what, duration] }, { world: { runtime } }) {
    if (verb === "restarts") void runtime.restart(durationMs(duration));
    else if (verb === "reboots") runtime.state.reboot();
    else if (verb === "network") runtime.health({ networkReady: what === "up", message: "cni is down" });
  },
  /** `host gives 20s to 0` (once for each group, before the start), `host shuts down`, `host goes on`. */
  host({ words: [, verb, duration, , priority] }, { world: { shutdown } }) {
    if (verb !== "gives") return shutdown.prepare(verb === "shuts");
    const graceSeconds = durationMs(duration) / 1000;
    shutdown.groups = [...shutdown.groups, { priority: Number(priority), graceSeconds }];
  },
  /** `hook CONTAINER postStart|preStop takes 5s|fails TEXT` */
  hook({ words: [, container = "", hook, verb, ...rest] }, { world }) {
    if (hook !== "postStart" && hook !== "preStop") throw new Error(`"${hook}" is no hook`);
    const script = verb === "takes" ? { takesMs: durationMs(rest[0]) } : { failure: rest.join(" ") };
    world.handlers.hook(container, hook, script);
  },
  /** `probe CONTAINER KIND passes|hangs|fails TEXT|warns TEXT|errors TEXT`, `... takes 500ms`: it passes after so long. */
  probe({ words: [, container = "", kind = "", verb = "", ...rest] }, { world }) {
    if (kind !== "startup" && kind !== "liveness" && kind !== "readiness") throw new Error(`"${kind}" is no probe`);
    world.handlers.probe(container, kind, probeScript(verb, rest));
  },
  /** `forget records`: the disk under the agent is empty. */
  forget: (_, { world }) => world.disk.wipe(),
  /** `message CONTAINER TEXT`: what it leaves at its terminationMessagePath. */
  message: ({ words: [, container = "", ...text] }, { world }) => world.disk.leaves(container, text.join(" ")),
  /** `restart POD/CONTAINER`, as a person asks for it. */
  restart({ words: [, which = ""] }, { world }) {
    const [pod = "", container = ""] = which.split("/");
    if (!world.agent().view.restart(`default/${fullName(pod)}`, container)) throw new Error("there is none");
  },
  /** `expect POD WORDS...`: each word is one of its status line; `expect POD absent`. */
  expect({ words: [, pod = "", ...wanted] }, { world }) {
    const shown = world.pod(pod);
    const line = shown === undefined ? "absent" : statusLine({ kind: "put", pod: shown });
    const words = line.split(" ");
    const missing = wanted.filter((word) => !words.includes(word));
    if (missing.length > 0) throw new Error(`it is: ${line}`);
  },
};

function asDocument(object: Record<string, unknown>): Document {
  const metadata = object.metadata as v1.ObjectMeta | undefined;
  if (object.kind === "Pod" || object.kind === undefined) return { kind: "pod", manifest: object as v1.Pod };
  const kind = object.kind === "Secret" ? "Secret" : "ConfigMap";
  const key = `${kind}/${metadata?.namespace ?? "default"}/${metadata?.name ?? ""}` as const;
  return { kind: "config", key, data: (object.data ?? {}) as Record<string, string> };
}

const fullName = (pod: string): string => `${pod}-${NODE_NAME}`;

function runningContainer(world: World, which: string): string {
  const [pod = "", container] = which.split("/");
  const running = [...world.runtime.state.containers.values()].find(
    (one) => one.pod.name === fullName(pod) && one.name === container && one.state === "running",
  );
  if (running === undefined) throw new Error(`${which} does not run`);
  return running.id;
}

function imageUser(what: string | undefined, value: string | undefined): { uid?: number; username?: string } {
  if (what === "uid") return { uid: Number(value) };
  return what === "user" && value !== undefined ? { username: value } : {};
}

function probeScript(verb: string, rest: readonly string[]): ProbeScript {
  const output = rest.join(" ");
  switch (verb) {
    case "passes":
      return { kind: "success", output: "" };
    case "takes":
      return { kind: "success", output: "", takesMs: durationMs(rest[0]) };
    case "hangs":
      return { kind: "failure", output: "", hangs: true };
    case "fails":
      return { kind: "failure", output };
    case "warns":
      return { kind: "warning", output };
    case "errors":
      return { kind: "discarded", output };
    default:
      throw new Error(`"${verb}" is no way for a probe to go`);
  }
}

function callFault([verb, ...rest]: readonly string[]): CallFault {
  const words = rest.join(" ");
  if (verb === "fails") return { kind: "fails", code: words as ErrorCode };
  if (verb === "slow") return { kind: "slow", byMs: durationMs(rest[1]) };
  if (verb === "loses") return { kind: "answer lost" };
  if (words.startsWith("out before")) return { kind: "times out before" };
  if (words.startsWith("out after")) return { kind: "times out after", effectAfterMs: durationMs(rest[2]) };
  throw new Error(`"${verb} ${words}" is no fault of a call`);
}

function eventFault([verb, duration]: readonly string[]): EventFault {
  if (verb === "lost" || verb === "doubled") return { kind: verb };
  return { kind: "late", byMs: durationMs(duration) };
}

/** Calls that only read, and the agent's own files, are not part of the story. */
function isTold({ kind, text }: TraceLine): boolean {
  if (kind === "file") return false;
  return kind !== "call" || !/^(Status|List|Look|ImageStatus|ContainerStatus)\b/.test(text);
}

function lineOf({ atMs, kind, text }: TraceLine): string {
  if (kind === "do") return text.startsWith("#") ? text : `> ${text}`;
  return `${(atMs / 1000).toFixed(3).padStart(9)} ${kind.padEnd(6)} ${text}`;
}
