import { execFile } from "node:child_process";
import { cut } from "../base/cut.ts";
import { BerthError } from "../base/errors.ts";
import { makeGate } from "../base/gate.ts";

/** Mount and unmount calls. Node.js has none of its own, so that each is a run of mount(8) or umount(8). */
export type Mounts = {
  /** Throws VolumeFailed. `options` as mount(8) takes them. */
  mount(request: MountRequest, signal: AbortSignal): Promise<void>;
  /** Unmounts in the given order; goes on after a failure and throws VolumeFailed at the end. */
  unmount(paths: readonly string[], signal: AbortSignal): Promise<void>;
};
export type MountRequest = {
  readonly fileSystem?: "tmpfs" | "hugetlbfs";
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
};

/**
 * Programs of mount(8) and umount(8) that run at once: starting many side by side starves everything else. @limit The next
 * one waits.
 */
const AT_ONCE = 4;
/** A run of mount(8) or umount(8). @limit It is killed, and the volume has failed; the kernel may go on trying. */
const LONGEST_RUN_MS = 120_000;
/** Paths for one run of umount(8), well below the longest command line. */
const PATHS_A_RUN = 64;
/** Characters of what mount(8) or umount(8) complains. @limit The rest is left out. */
const LONGEST_COMPLAINT = 4096;

/** The host's own mount programs. */
export function makeMounts(): Mounts {
  const gate = makeGate(AT_ONCE);

  const run = async (program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> => {
    const leave = await gate.enter(0, signal);
    if (leave === undefined) throw signal.reason;
    try {
      return await runProgram(program, args, signal);
    } finally {
      leave();
    }
  };

  return {
    async mount({ fileSystem, source, target, options }, signal) {
      const type = fileSystem === undefined ? [] : ["-t", fileSystem];
      const flags = options.length === 0 ? [] : ["-o", options.join(",")];
      // Links are resolved by the caller, who has proved where they lead; mount(8) must not look again.
      const failure = await run("mount", ["--no-canonicalize", ...type, ...flags, "--", source, target], signal);
      if (failure !== undefined) {
        throw new BerthError("VolumeFailed", `cannot mount ${fileSystem ?? "a directory"} on ${target}: ${failure}`);
      }
    },
    async unmount(paths, signal) {
      const failures: string[] = [];
      for (let first = 0; first < paths.length; first += PATHS_A_RUN) {
        const some = paths.slice(first, first + PATHS_A_RUN);
        const failure = await run("umount", ["--no-canonicalize", "--", ...some], signal);
        if (failure !== undefined) failures.push(failure);
      }
      if (failures.length > 0) throw new BerthError("VolumeFailed", `cannot unmount: ${failures.join("; ")}`);
    },
  };
}

/** Undefined when it went well, else why not. */
function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  const options = { env, signal, timeout: LONGEST_RUN_MS, killSignal: "SIGKILL", maxBuffer: 1 << 20 } as const;
  return new Promise((resolve, reject) => {
    execFile(program, [...args], options, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (signal.aborted) reject(signal.reason);
      else if (error.killed === true) resolve(`${program} did not end within ${LONGEST_RUN_MS / 1000} s`);
      else resolve(cut(stderr.trim().replaceAll("\n", "; ") || error.message, LONGEST_COMPLAINT));
    });
  });
}
