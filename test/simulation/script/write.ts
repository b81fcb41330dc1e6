import type { ErrorCode } from "../../../src/base/errors.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import type { Behaviour } from "../../kit/runtime/fake.ts";
import type { CallFault, EventFault } from "../../kit/runtime/faults.ts";
import { type Dice, diceOf } from "./dice.ts";
import { type Add, changeFile, type Files, fileOf } from "./files.ts";
import { addPinch } from "./pinches.ts";
import { containersOf, IMAGES, podName, someConfig, somePod } from "./pods.ts";
import type { Deed, Manifest, Script, Step } from "./script.ts";

const HOUR_MS = 3_600_000;
/** When the files come to what they hold in the calm. */
const LAST_MS = HOUR_MS - 1;
/** Long enough for the longest deadline of a call, the longest back-off and the slowest list, one after the other. */
const CALM_MS = 1_200_000;

/** The script of a seed. */
export function writeScript(seed: number): Script {
  const dice = diceOf(seed);
  const steps: Step[] = [];
  const files = new Map<string, readonly Manifest[]>();
  const pods = dice.whole(1, 4);
  /** Nothing reaches into the calm, nor behind what the files hold at its beginning. */
  const add = (atMs: number, deed: Deed): void => {
    if (atMs < LAST_MS) steps.push({ atMs, ...deed });
  };
  for (let index = 0; index < pods; index += 1) {
    const atMs = dice.chance(0.5) ? 0 : dice.spread(1000, 600_000);
    writeFile(dice, index, atMs, add, files);
  }
  const troubles = dice.whole(2, 28);
  for (let count = 0; count < troubles; count += 1) {
    const atMs = dice.whole(1000, HOUR_MS - 1000);
    addTrouble(dice, atMs, pods, add, files);
  }
  for (const [file, documents] of files) {
    if (dice.chance(0.2)) steps.push({ atMs: LAST_MS, do: "remove", file });
    else steps.push({ atMs: LAST_MS, do: "put", file, documents, how: "rename" });
  }
  steps.sort((one, other) => one.atMs - other.atMs);
  return { seed, events: dice.chance(0.88), calmAtMs: HOUR_MS, endAtMs: HOUR_MS + CALM_MS, steps };
}

function writeFile(dice: Dice, index: number, atMs: number, add: Add, files: Files): void {
  const pod = somePod(dice, index);
  const documents: Manifest[] = [pod];
  if (pod.spec?.volumes !== undefined && dice.chance(0.9)) documents.push(someConfig(dice, index));
  files.set(fileOf(index), documents);
  add(atMs, { do: "put", file: fileOf(index), documents, how: dice.pick(["rename", "write"]) });
  for (const container of containersOf(pod)) addBehaviour(dice, container, pod, atMs, add);
}

function addBehaviour(dice: Dice, { name }: v1.Container, pod: v1.Pod, atMs: number, add: Add): void {
  const isInit = name.includes("-init");
  const lives = isInit ? initLives(dice) : withAnEnd(appLives(dice, pod));
  add(atMs, { do: "behave", container: name, lives });
  for (const hook of ["postStart", "preStop"] as const) {
    if (dice.chance(0.3)) {
      const takesMs = dice.spread(10, 90_000);
      add(atMs, { do: "hook", container: name, hook, takesMs, ...(dice.chance(0.3) ? { failure: "it failed" } : {}) });
    }
  }
}

/** Failures first, success from then on. */
function initLives(dice: Dice): readonly Behaviour[] {
  const failures = dice.chance(0.25) ? dice.whole(1, 4) : 0;
  const failing = Array.from({ length: failures }, () => ({ exitsAfterMs: dice.spread(10, 20_000), exitCode: 1 }));
  return [...failing, { exitsAfterMs: dice.spread(10, 10_000), exitCode: 0, ...someEnd(dice) }];
}

function appLives(dice: Dice, pod: v1.Pod): readonly Behaviour[] {
  const end = someEnd(dice);
  if (pod.spec?.restartPolicy !== "Always" && dice.chance(0.6)) {
    return [{ exitsAfterMs: dice.spread(100, 900_000), exitCode: dice.pick([0, 0, 1]), ...end }];
  }
  if (dice.chance(0.4)) return [end];
  const crashes = dice.whole(1, 9);
  return [
    ...Array.from(
      { length: crashes },
      (): Behaviour =>
        dice.chance(0.1)
          ? { startFails: "exec: no such file" }
          : { exitsAfterMs: dice.spread(10, 900_000), exitCode: dice.pick([0, 1, 1, RESETS, 137]), ...end },
    ),
    ...(dice.chance(0.7) ? [end] : []),
  ];
}

/** Exit code at which some pods restart all their containers, without a back-off. */
const RESETS = 42;
const MOST_RESETS = 20;

/** A whole hour of resets, one a second, would cost more than a hundred other seeds and show nothing new. */
function withAnEnd(lives: readonly Behaviour[]): readonly Behaviour[] {
  const last = lives.at(-1);
  if (last?.exitCode !== RESETS) return lives;
  return [...lives, ...Array.from({ length: MOST_RESETS }, () => last), {}];
}

/** A probe goes otherwise for a while. */
function addProbe(dice: Dice, container: string, atMs: number, add: Add): void {
  const probe = dice.pick(["startup", "liveness", "readiness"] as const);
  const how = dice.pick(["failure", "failure", "warning", "hangs"] as const);
  add(atMs, { do: "probe", container, probe, how, takesMs: dice.spread(1, 20_000) });
  add(atMs + dice.spread(100, 120_000), { do: "probe", container, probe, how: "success", takesMs: 1 });
}

const someEnd = (dice: Dice): Behaviour =>
  dice.chance(0.15)
    ? { onTerm: "ignores" }
    : { onTerm: { afterMs: dice.spread(1, 70_000), exitCode: dice.pick([0, 143]) } };

const CALLS = [
  "RunPodSandbox",
  "StopPodSandbox",
  "RemovePodSandbox",
  "CreateContainer",
  "StartContainer",
  "StopContainer",
  "RemoveContainer",
  "Look",
  "List",
  "Status",
  "ImageStatus",
  "PullImage",
  "ContainerStatus",
] as const;

function addTrouble(dice: Dice, atMs: number, pods: number, add: Add, files: Files): void {
  const index = dice.whole(0, pods - 1);
  const pod = podName(index);
  const later = (): number => dice.spread(10, 120_000);
  const kind = dice.whole(0, 99);
  const pod0 = files.get(fileOf(index))?.[0];
  const names = pod0?.kind === "Pod" ? containersOf(pod0 as v1.Pod).map(({ name }) => name) : [];
  if (names.length > 0 && dice.chance(0.06)) addProbe(dice, dice.pick(names), atMs, add);
  if (dice.chance(0.12)) addPinch(dice, atMs, index, add, files);
  if (kind < 4) addWhileDown(dice, atMs, index, pods, add, files);
  else if (kind < 22) addFile(dice, atMs, index, pods, add, files);
  else if (kind < 34) add(atMs, someExit(dice, index, files));
  else if (kind < 52) {
    const call = dice.pick(CALLS);
    add(atMs, { do: "fault", call, fault: someFault(dice, call), times: dice.chance(0.8) ? 1 : dice.whole(2, 6) });
    // A fault of a call that nobody makes shows nothing.
    if (dice.chance(0.6)) addFile(dice, atMs + dice.whole(0, 1000), index, pods, add, files);
  } else if (kind < 58) add(atMs, { do: "event-fault", fault: someEventFault(dice), times: dice.whole(1, 6) });
  else if (kind < 63) add(atMs, { do: "runtime-restart", downMs: dice.spread(100, 120_000) });
  else if (kind < 66) add(atMs, { do: "runtime-hang", forMs: dice.spread(1000, 300_000) });
  else if (kind < 68) add(atMs, { do: "runtime-unready", forMs: later() });
  else if (kind < 70) add(atMs, { do: "network-down", forMs: later() });
  else if (kind < 74) add(atMs, { do: "lose-sandbox", pod });
  else if (kind < 76) add(atMs, { do: "forget", pod, what: dice.pick(["container", "sandbox"]) });
  else if (kind < 79) add(atMs, someRegistry(dice));
  else if (kind < 87) {
    add(atMs, { do: "kill", crossings: dice.whole(0, 40), backAfterMs: dice.spread(1, 300_000) });
    if (dice.chance(0.5)) addFile(dice, atMs + dice.whole(-200, 200), index, pods, add, files);
    else if (dice.chance(0.3)) addWhileDown(dice, atMs, index, pods, add, files);
  } else if (kind < 88) addWhileDown(dice, atMs, index, pods, add, files);
  else if (kind < 89) add(atMs, { do: "upgrade", backAfterMs: dice.spread(1, 60_000) });
  else if (kind < 91) add(atMs, { do: "reboot", backAfterMs: dice.spread(1000, 60_000) });
  else if (kind < 93) add(atMs, { do: "disk-full", forMs: later() });
  else if (kind < 94) add(atMs, { do: "tear-record", pod });
  else if (kind < 96) add(atMs, { do: "clock-jump", byMs: dice.pick([HOUR_MS, -HOUR_MS, 5000, -5000]) });
  else if (kind < 98) addDirectoryTrouble(dice, atMs, add);
  else if (kind < 99) add(atMs, { do: "sink-fails", forMs: later() });
  else add(atMs, { do: "ask-restart", pod, container: `${pod}-app0` });
}

/** Something happens while nobody looks. */
function addWhileDown(dice: Dice, atMs: number, index: number, pods: number, add: Add, files: Files): void {
  const backAfterMs = dice.spread(5000, 300_000);
  const meanwhileMs = atMs + dice.whole(1000, 4000);
  const laterMs = atMs + backAfterMs + dice.spread(10_000, 300_000);
  const file = fileOf(index);
  add(atMs, { do: "kill", crossings: 0, backAfterMs });
  switch (dice.whole(0, 4)) {
    case 0:
      add(meanwhileMs, { do: "tear-record", pod: podName(index) });
      changeFile(dice, meanwhileMs, index, add, files);
      break;
    case 1:
      add(meanwhileMs, { do: "spoil", file, how: dice.pick(["text", "document", "unreadable"]) });
      add(laterMs, { do: "put", file, documents: files.get(file) ?? [], how: "rename" });
      break;
    case 2:
      if (dice.chance(0.5)) add(meanwhileMs, { do: "tear-record", pod: podName(index) });
      add(meanwhileMs, { do: "directory", how: dice.pick(["fails", "unmounted"]) });
      add(laterMs, { do: "directory", how: "works" });
      break;
    case 3:
      add(meanwhileMs, { do: "forget", pod: podName(index), what: dice.pick(["container", "sandbox"]) });
      break;
    default:
      addFile(dice, meanwhileMs, index, pods, add, files);
  }
}

function addDirectoryTrouble(dice: Dice, atMs: number, add: Add): void {
  add(atMs, { do: "directory", how: dice.pick(["fails", "unmounted"]) });
  add(atMs + dice.spread(100, 300_000), { do: "directory", how: "works" });
}

function addFile(dice: Dice, atMs: number, index: number, pods: number, add: Add, files: Files): void {
  const file = fileOf(index);
  const documents = files.get(file) ?? [];
  const how = dice.pick(["rename", "write"] as const);
  const [pod] = documents;
  switch (dice.whole(0, 6)) {
    case 0:
      add(atMs, { do: "remove", file });
      if (dice.chance(0.7)) add(atMs + dice.spread(1, 300_000), { do: "put", file, documents, how });
      break;
    case 1:
      add(atMs, { do: "spoil", file, how: dice.pick(["text", "document", "unreadable"]) });
      if (dice.chance(0.7)) add(atMs + dice.spread(1, 300_000), { do: "put", file, documents, how });
      break;
    case 2:
      writeFile(dice, index, atMs, add, files);
      break;
    case 3: {
      const turns = dice.whole(2, 12);
      const everyMs = dice.spread(20, 5000);
      for (let turn = 0; turn < turns; turn += 1) {
        add(atMs + turn * everyMs, turn % 2 === 0 ? { do: "remove", file } : { do: "put", file, documents, how });
      }
      break;
    }
    case 4: {
      // Two files want one name for a while.
      const other = fileOf((index + 1) % pods);
      if (pod === undefined || other === file) break;
      add(atMs, { do: "put", file: other, documents: [...(files.get(other) ?? []), pod], how });
      break;
    }
    default:
      changeFile(dice, atMs, index, add, files);
  }
}

function someExit(dice: Dice, index: number, files: Files): Deed {
  const pod = files.get(fileOf(index))?.[0];
  const names = pod?.kind === "Pod" ? containersOf(pod as v1.Pod).map(({ name }) => name) : [`p${index}-app0`];
  const oom = dice.chance(0.1);
  return {
    do: "exit",
    container: dice.pick(names),
    code: oom ? 137 : dice.pick([0, 1, 1, 42, 143]),
    ...(oom ? { reason: "OOMKilled" } : {}),
  };
}

function someFault(dice: Dice, call: string): CallFault {
  switch (dice.whole(0, 7)) {
    case 0:
      return { kind: "slow", byMs: dice.spread(100, 200_000) };
    case 4:
      return { kind: "answers late", byMs: dice.spread(100, 200_000) };
    case 1:
      return { kind: "times out before" };
    case 2:
      return { kind: "times out after", effectAfterMs: dice.spread(1, 200_000) };
    case 3:
      return { kind: "answer lost" };
    default:
      return { kind: "fails", code: dice.pick(codesOf(call)) };
  }
}

const ALWAYS: readonly ErrorCode[] = ["RuntimeUnavailable", "RuntimeRefused", "RuntimeExhausted"];

/** Stops and removals answer success for what is gone, so NotFound never comes from them. */
function codesOf(call: string): readonly ErrorCode[] {
  if (call === "PullImage") return ["ImagePullFailed", "RegistryUnavailable", "RuntimeUnavailable"];
  if (call === "CreateContainer" || call === "RunPodSandbox")
    return [...ALWAYS, "RuntimeNotFound", "RuntimeNameReserved"];
  return call === "StartContainer" ? [...ALWAYS, "RuntimeNotFound"] : ALWAYS;
}

function someEventFault(dice: Dice): EventFault {
  switch (dice.whole(0, 2)) {
    case 0:
      return { kind: "lost" };
    case 1:
      return { kind: "doubled" };
    default:
      return { kind: "late", byMs: dice.spread(10, 120_000) };
  }
}

function someRegistry(dice: Dice): Deed {
  const image = `${dice.pick(IMAGES)}`;
  const pullMs = dice.spread(10, 60_000);
  if (dice.chance(0.4)) return { do: "registry", image, pullMs };
  return { do: "registry", image, pullMs, code: dice.pick(["ImagePullFailed", "RegistryUnavailable"] as const) };
}
