import type { Dice } from "./dice.ts";
import { type Add, changeFile, type Files } from "./files.ts";
import { podName } from "./pods.ts";

/** Troubles that do harm only when they meet, and would meet too rarely by chance alone. */
export function addPinch(dice: Dice, atMs: number, index: number, add: Add, files: Files): void {
  switch (dice.whole(0, 3)) {
    case 0:
      addSecondDoubt(dice, atMs, index, add, files);
      break;
    case 1:
      addLateList(dice, atMs, index, add, files);
      break;
    case 2:
      addForgotten(dice, atMs, index, add);
      break;
    default:
      addFailures(dice, atMs, index, add, files);
  }
}

/** A call is in doubt while the look for an earlier one is on its way: that look says nothing of it. */
function addSecondDoubt(dice: Dice, atMs: number, index: number, add: Add, files: Files): void {
  const call = dice.pick(["CreateContainer", "StartContainer", "StopContainer"] as const);
  for (const afterMs of [0, dice.spread(10, 20_000)])
    add(atMs, { do: "fault", call, fault: { kind: "answer lost", afterMs }, times: 1 });
  add(atMs, { do: "fault", call: "Look", fault: { kind: "slow", byMs: dice.spread(1000, 60_000) }, times: 2 });
  changeFile(dice, atMs, index, add, files);
}

/** Containers are made while a list that does not know of them is on its way. */
function addLateList(dice: Dice, atMs: number, index: number, add: Add, files: Files): void {
  add(atMs, {
    do: "fault",
    call: "List",
    fault: { kind: "answers late", byMs: dice.spread(10_000, 100_000) },
    times: 1,
  });
  for (let times = dice.whole(1, 3); times > 0; times -= 1) {
    if (dice.chance(0.5)) changeFile(dice, atMs + dice.whole(0, 90_000), index, add, files);
    else add(atMs + dice.whole(0, 90_000), { do: "exit", container: `${podName(index)}-app0`, code: 1 });
  }
}

/** Nothing of a pod is left in the runtime, and no event says so. */
function addForgotten(dice: Dice, atMs: number, index: number, add: Add): void {
  for (let times = dice.whole(1, 3); times > 0; times -= 1)
    add(atMs, { do: "forget", pod: podName(index), what: "sandbox" });
}

/** One step is refused again and again. */
function addFailures(dice: Dice, atMs: number, index: number, add: Add, files: Files): void {
  const call = dice.pick([
    "RunPodSandbox",
    "StopPodSandbox",
    "RemovePodSandbox",
    "CreateContainer",
    "StopContainer",
    "RemoveContainer",
  ] as const);
  const code = dice.pick(["RuntimeUnavailable", "RuntimeRefused", "RuntimeExhausted"] as const);
  add(atMs, { do: "fault", call, fault: { kind: "fails", code }, times: dice.whole(2, 6) });
  changeFile(dice, atMs, index, add, files);
}
