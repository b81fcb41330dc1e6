import type * as v1 from "../../pod/v1.ts";
import type { ProbeView } from "../../pod/view.ts";
import { type Cause, ended, type Known, podWords } from "./cause.ts";
import { again, startAdvice } from "./explain-hold.ts";

/** Why one container is not ready; undefined when it is, or when nothing of its own holds it up. */
export function explainContainer(known: Known, container: v1.Container, isInit: boolean): Cause | undefined {
  const { pod } = known;
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = statuses.find(({ name }) => name === container.name);
  if (status === undefined || status.ready) return undefined;
  const { running, terminated, waiting } = status.state ?? {};
  const name = `${isInit ? "init container" : "container"} ${container.name}`;
  const shown = `berth logs ${podWords(pod)} -c ${container.name}`;
  if (terminated !== undefined) {
    if (terminated.exitCode === 0) return undefined;
    return { text: `${name} ${exitText(terminated)} and is not started again`, next: exitAdvice(terminated, shown) };
  }
  if (running !== undefined)
    return isInit && container.restartPolicy !== "Always"
      ? stillRuns(name, shown)
      : probeCause(known, container, name, shown);
  const before = status.lastState?.terminated;
  if (before === undefined) {
    const said = waiting?.message === undefined || waiting.message === "" ? "" : `: ${ended(waiting.message)}`;
    const isUsual = said === "" && (waiting?.reason === "ContainerCreating" || waiting?.reason === "PodInitializing");
    return isUsual
      ? undefined
      : { text: `${name} waits (${waiting?.reason ?? "unknown"})${said}`, next: `see ${shown}` };
  }
  const hold = known.holds.find(({ subject }) => subject === `container/${container.name}`);
  const when = hold === undefined ? "" : again(hold);
  const times = status.restartCount > 0 ? `, ${status.restartCount + 1} times so far` : "";
  const killed = livenessText(known, container.name);
  const text = `${name} does not stay up: its last instance ${exitText(before)}${times}${when}${killed?.text ?? ""}`;
  return { text, next: killed?.next ?? exitAdvice(before, `${shown} -p`) };
}

function stillRuns(name: string, shown: string): Cause {
  return { text: `${name} is still at work, and the others wait for its end`, next: `watch it: ${shown} -f` };
}

function exitText({ exitCode, reason, message }: v1.ContainerStateTerminated): string {
  const why = reason === undefined || reason === "Error" || reason === "Completed" ? "" : ` (${reason})`;
  const said = message === undefined || message.trim() === "" ? "" : `, saying: ${lastLine(message)}`;
  return `ended with exit code ${exitCode}${why}${said}`;
}

const lastLine = (text: string): string => ended(text.trim().split("\n").at(-1) ?? "").slice(0, 200);

function exitAdvice({ exitCode, reason, message }: v1.ContainerStateTerminated, shown: string): string {
  if (reason === "OOMKilled")
    return "it needs more memory than its limit: raise resources.limits.memory, or let it use less";
  if (reason === "StartError") return startAdvice(message ?? "");
  if (exitCode === 126) return "its program may not be run: check its mode in the image and command in the manifest";
  if (exitCode === 127) return "its program is not in the image: check command and args in the manifest";
  if (exitCode === 0) {
    return "it ends by itself without an error: give it a command that stays, or set restartPolicy: OnFailure";
  }
  if (exitCode === 137)
    return `it was killed (SIGKILL): by a limit, a probe or a person; see ${shown} and berth get events`;
  return `read its last words: ${shown}`;
}

/** A container that its own probe keeps killing says so in its events. */
function livenessText({ events }: Known, container: string): Cause | undefined {
  const own = events.filter(({ involvedObject }) => involvedObject.fieldPath?.includes(`{${container}}`));
  const killing = own.findLast(
    ({ reason, message }) => reason === "Killing" && /(liveness|startup) probe/.test(message),
  );
  const failing = own.findLast(({ reason, message }) => reason === "Unhealthy" && /^(Liveness|Startup)/.test(message));
  if (killing === undefined || failing === undefined) return undefined;
  const kind = failing.message.startsWith("Startup") ? "startup" : "liveness";
  return {
    text: `; it is killed because its ${kind} probe fails: ${ended(failing.message.replace(/^\w+ probe \w+: /, "")).slice(0, 200)}`,
    next: `try the ${kind} probe by hand with berth exec, and give it more time (initialDelaySeconds, failureThreshold, timeoutSeconds) if it only comes too early`,
  };
}

function probeCause({ probes, pod }: Known, container: v1.Container, name: string, shown: string): Cause | undefined {
  const own = probes.filter((probe) => probe.container === container.name);
  const failing = own.find(({ probe, result }) => probe !== "liveness" && result !== "passed");
  if (failing === undefined) return { text: `${name} runs and is not ready yet`, next: `see ${shown}` };
  const isStartup = failing.probe === "startup";
  const gate = isStartup ? "has not started up by its startup probe" : "is not ready by its readiness probe";
  const trial = trialOf(isStartup ? container.startupProbe : container.readinessProbe, container);
  const words = trial?.map(shellWord).join(" ") ?? "";
  const byHand = words === "" || words.length > LONGEST_TRIAL ? "COMMAND" : words;
  return {
    text: `${name} runs, but ${gate}: ${lastAttempt(failing)}`,
    next: `try it by hand: berth exec ${podWords(pod)} -c ${container.name} -- ${byHand}; what the program itself says: ${shown}`,
  };
}

/** A longer command is for the manifest, not for a sentence. */
const LONGEST_TRIAL = 120;

/** What asks in the container as a probe does from the host, by what a small image has; undefined: nothing does. */
function trialOf(probe: v1.Probe | undefined, { ports = [] }: v1.Container): readonly string[] | undefined {
  const { exec, httpGet, tcpSocket } = probe ?? {};
  const number = (port: string | number): string =>
    String(ports.find(({ name }) => name === port)?.containerPort ?? port);
  if (httpGet !== undefined) {
    const { scheme = "HTTP", host = "localhost", port, path = "" } = httpGet;
    return ["wget", "-qO-", `${scheme.toLowerCase()}://${host}:${number(port)}/${path.replace(/^\//, "")}`];
  }
  if (tcpSocket !== undefined) return ["nc", "-z", tcpSocket.host ?? "localhost", number(tcpSocket.port)];
  return exec?.command;
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function lastAttempt({ last, streak }: ProbeView): string {
  if (last === undefined) return "it was not asked yet";
  const output = last.output.trim() === "" ? "without a word" : lastLine(last.output);
  const times = streak !== undefined && streak.count > 1 ? `, ${streak.count} times in a row` : "";
  return `the last attempt ${last.attempt}${times}: ${output}`;
}
