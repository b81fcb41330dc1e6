import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { BerthError } from "../base/errors.ts";

/** Where the host's own programs lie; nothing else of the agent's environment is passed on but the address of the bus. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** A program that only asks something. @limit It is killed. */
const LONGEST_RUN_MS = 10_000;

/** From a program's end to its last words. @limit They are lost. */
const LAST_WORDS_MS = 100;

/** A program that goes on beside the agent, and ends with it. */
export type Child = {
  /** Resolves when it has ended, with why as far as it told. */
  readonly over: Promise<string>;
  end(): void;
};

/** Runs a program to its end and answers with what it printed. Throws HostRefused with what it complained of. */
export function ask(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const options = { env: environment(), timeout: LONGEST_RUN_MS, killSignal: "SIGKILL", signal } as const;
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new BerthError("HostRefused", stderr.trim() || error.message, { cause: error }));
    });
  });
}

/**
 * Starts a program that goes on, and hears each line that it prints. Its standard input stays open as long as the agent lives,
 * so that a program which reads it ends with the agent, however that one ends.
 */
export function keepRunning(program: string, args: readonly string[], onLine: (line: string) => void): Child {
  const child = spawn(program, args, { env: environment(), stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  const note = (line: string): void => {
    complaint = line;
    onLine(line);
  };
  createInterface({ input: child.stdout }).on("line", onLine);
  createInterface({ input: child.stderr }).on("line", note);
  child.stdin.on("error", () => {}); // it has ended: told below
  return {
    over: ended(child, () => complaint),
    end() {
      child.stdin.end();
      child.kill("SIGTERM");
    },
  };
}

async function ended(child: ChildProcess, complaint: () => string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on("error", (error) => resolve(error.message));
  child.on("close", () => resolve(complaint()));
  // What it has started may hold its output open for long; its own last words come soon.
  child.on("exit", () => setTimeout(() => resolve(complaint()), LAST_WORDS_MS));
  return promise;
}

function environment(): NodeJS.ProcessEnv {
  const { DBUS_SYSTEM_BUS_ADDRESS: bus } = process.env;
  return { PATH, LC_ALL: "C", ...(bus === undefined ? {} : { DBUS_SYSTEM_BUS_ADDRESS: bus }) };
}
