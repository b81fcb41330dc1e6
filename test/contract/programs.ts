import type { Behaviour } from "../kit/runtime/fake.ts";
import type { ServedExec } from "../kit/runtime/served.ts";

/** What a container of the contract runs: the command for a real runtime, and what the fake makes of it. */
export type Program = {
  readonly command: readonly string[];
  readonly behaviour: Behaviour;
  /** It makes this file when it has set itself up; before that SIGTERM finds it deaf. */
  readonly readyFile?: string;
};

const READY = "/ready";
/** Shells wait for a child so that a signal reaches them at once. */
const trapping = (onTerm: string): string[] => [
  "sh",
  "-c",
  `trap '${onTerm}' TERM; touch ${READY}; while :; do sleep 1000000 & wait; done`,
];
const sh = (text: string): string[] => ["sh", "-c", text];

/** Process number one ignores every signal that it has no handler for. */
export const DEAF: Program = { command: ["sleep", "1000000"], behaviour: { onTerm: "ignores" } };
export const POLITE: Program = {
  command: trapping("exit 7"),
  behaviour: { onTerm: { afterMs: 5, exitCode: 7 } },
  readyFile: READY,
};
/** Takes two seconds to go. */
export const SLOW_TO_GO: Program = {
  command: trapping("sleep 2; exit 7"),
  behaviour: { onTerm: { afterMs: 2_000, exitCode: 7 } },
  readyFile: READY,
};
export const SUCCEEDS: Program = { command: ["true"], behaviour: { exitsAfterMs: 1 } };
export const FAILS: Program = { command: sh("exit 3"), behaviour: { exitsAfterMs: 1, exitCode: 3 } };
/** Long enough for a runtime to be taken down meanwhile. */
export const FAILS_LATER: Program = { command: sh("sleep 2; exit 4"), behaviour: { exitsAfterMs: 2_000, exitCode: 4 } };
export const CANNOT_START: Program = {
  command: ["/nowhere"],
  behaviour: { startFails: "exec: /nowhere: no such file or directory" },
};

const PROGRAMS = [DEAF, POLITE, SLOW_TO_GO, SUCCEEDS, FAILS, FAILS_LATER, CANNOT_START];

/** What the fake does for a container of this command. */
export function behaviourOf(command: readonly string[]): Behaviour {
  return PROGRAMS.find((program) => program.command.join() === command.join())?.behaviour ?? {};
}

/** A command that is run inside, and what the fake answers. */
export type Errand = { readonly command: readonly string[]; readonly inFake: ServedExec };

const answers = (exitCode: number, stdout = "", stderr = ""): ServedExec => ({ afterMs: 1, exitCode, stdout, stderr });
export const IS_READY: Errand = { command: ["test", "-e", READY], inFake: answers(0) };
export const SPEAKS: Errand = { command: sh("echo good; echo bad >&2"), inFake: answers(0, "good\n", "bad\n") };
export const EXITS_5: Errand = { command: sh("exit 5"), inFake: answers(5) };
export const SLEEPS: Errand = { command: ["sleep", "20"], inFake: { ...answers(0), afterMs: 20_000 } };
export const NAPS: Errand = { command: sh("sleep 0.3; echo woke"), inFake: { ...answers(0, "woke\n"), afterMs: 300 } };
export const TALKS_LONG: Errand = {
  command: sh("yes | head -c 100000"),
  inFake: answers(0, "y\n".repeat(50_000)),
};
export const NOT_THERE: Errand = { command: ["/nowhere"], inFake: { fails: "exec: /nowhere: no such file" } };

const ERRANDS = [IS_READY, SPEAKS, EXITS_5, SLEEPS, NAPS, TALKS_LONG, NOT_THERE];

/** What the fake answers to a command that is run inside. */
export function execOf(command: readonly string[]): ServedExec {
  return ERRANDS.find((errand) => errand.command.join() === command.join())?.inFake ?? answers(0);
}
