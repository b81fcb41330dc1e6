import type { Problem } from "../../pod/problem.ts";
import type * as v1 from "../../pod/v1.ts";
import { type Cause, ended, type Known } from "./cause.ts";
import { explainContainer } from "./explain-container.ts";
import { explainHold } from "./explain-hold.ts";
import { placeOf } from "./problem-words.ts";

/** Why a pod is not ready, in one paragraph, with the next thing to try. */
export function explainPod(known: Known): string {
  const { pod } = known;
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const causes = causesOf(known);
  const broken = known.problems.map(brokenCause);
  if (causes.length === 0 && isReady(pod)) return [`Pod ${name} is ready.`, ...broken.map(sentenceOf)].join(" ");
  const found = causes.length > 0 ? causes : [onItsWay(known)];
  const texts = found.map(({ text }) => text).join("; ");
  const nexts = [...new Set(found.map(({ next }) => next))].join("; then ");
  return [`Pod ${name} is ${stateOf(pod)}: ${texts}.`, `Next: ${nexts}.`, ...broken.map(sentenceOf)].join(" ");
}

/** What is to be said of a pod that never came about because its manifest is broken. */
export function explainBroken(name: string, problems: readonly Problem[]): string {
  const texts = problems.map(
    ({ advice, ...problem }) => `${brokenCause({ ...problem, advice }).text}. To mend it: ${whole(advice)}`,
  );
  return `There is no pod ${name}: its manifest was not accepted. ${texts.join(" ")}`;
}

const isReady = ({ status }: v1.Pod): boolean =>
  status?.conditions?.some(({ type, status: word }) => type === "Ready" && word === "True") ?? false;

function stateOf({ metadata, status }: v1.Pod): string {
  if (metadata?.deletionTimestamp !== undefined) return "ending";
  switch (status?.phase) {
    case "Succeeded":
      return "done";
    case "Failed":
      return "failed";
    default:
      return "not ready";
  }
}

function causesOf(known: Known): Cause[] {
  const { pod, holds } = known;
  const { metadata, spec, status } = pod;
  if (metadata?.deletionTimestamp !== undefined) return [endingCause(known)];
  if (status?.phase === "Succeeded")
    return [{ text: "its containers have ended without an error", next: "nothing is to be done" }];
  if (status?.phase === "Failed" && status.reason !== undefined) return [refusedCause(known)];
  const ofHolds = holds.flatMap((hold) => explainHold(hold, metadata?.namespace ?? "default") ?? []);
  const inits = (spec?.initContainers ?? []).flatMap((container) => explainContainer(known, container, true) ?? []);
  const apps = (spec?.containers ?? []).flatMap((container) => explainContainer(known, container, false) ?? []);
  // what has a hold of its own is told by it
  const held = new Set(holds.filter((hold) => explainHold(hold, "") !== undefined).map(({ subject }) => subject));
  const free = (containers: readonly Cause[]): Cause[] =>
    containers.filter(
      ({ text }) => ![...held].some((subject) => text.includes(` ${subject.replace("container/", "")} `)),
    );
  return [
    ...ofHolds,
    ...free(inits),
    ...free(apps),
    ...(ofHolds.length + inits.length + apps.length === 0 ? gateCauses(pod) : []),
  ];
}

function endingCause({ pod }: Known): Cause {
  const seconds = pod.metadata?.deletionGracePeriodSeconds ?? 0;
  return {
    text: `it was taken away or replaced, and its containers have ${seconds} s from then to end`,
    next: "wait; berth get pods -w shows when it is gone",
  };
}

function refusedCause({ pod }: Known): Cause {
  const { reason = "", message = "" } = pod.status ?? {};
  const cause = explainHold({ subject: "pod", reason, message, needs: "room" }, "");
  if (/^(OutOf|Node|Unexpected|PodOS)/.test(reason) && cause !== undefined) return cause;
  return {
    text: `${reason}${message === "" ? "" : `: ${ended(message)}`}`,
    next: "read its events: berth describe pod",
  };
}

function gateCauses({ spec, status }: v1.Pod): Cause[] {
  const missing = (spec?.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => !status?.conditions?.some((one) => one.type === type && one.status === "True"));
  if (missing.length === 0) return [];
  return [
    {
      text: `its readiness gates ${missing.join(", ")} are not open, and nothing on this host opens them`,
      next: "take readinessGates out of the manifest",
    },
  ];
}

/** Nothing stands against it: it only takes its time; the last warning may tell more. */
function onItsWay({ events }: Known): Cause {
  const warning = events.findLast(({ type }) => type === "Warning");
  const told = warning === undefined ? "" : `; the last warning was ${warning.reason}: ${ended(warning.message)}`;
  return { text: `it is on its way${told}`, next: "wait a moment, and watch it with berth get pods -w" };
}

function brokenCause(problem: Problem): Cause {
  const where = problem.path === undefined ? "" : `${problem.path}: `;
  return { text: `${placeOf(problem)}: ${where}${ended(problem.message)}`, next: problem.advice };
}

/** With a mark at its end. */
const whole = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);

function sentenceOf({ text, next }: Cause): string {
  return `Its manifest has a problem, so that what was accepted last goes on: ${text}. To mend it: ${whole(next)}`;
}
