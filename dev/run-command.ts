import { spawn } from "node:child_process";

/** What a finished command left: its exit code (128 + signal for a killed one) and all that it printed. */
export type Finished = { code: number; stdout: string; stderr: string };

/** How a command is run: its environment, folder, and what is written to its standard input. */
export type CommandOptions = { env?: NodeJS.ProcessEnv; cwd?: string; input?: string | Buffer };

/** Runs a command to its end without a shell and hands back what it printed. Never throws for an exit code. */
export function tryCommand(command: string, args: string[], options: CommandOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env ?? process.env, cwd: options.cwd, stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (cause) => reject(new Error(`cannot run ${command}: ${cause.message}`, { cause })));
    child.on("close", (code, signal) =>
      resolve({
        code: code ?? (signal ? 128 : 1),
        stdout: String(Buffer.concat(out)),
        stderr: String(Buffer.concat(err)),
      }),
    );
    child.stdin.on("error", () => undefined); // a command that reads no input may be gone before it is written
    child.stdin.end(options.input);
  });
}

/** Runs a command that must succeed and hands back its standard output. The error holds what it printed. */
export async function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const finished = await tryCommand(command, args, options);
  if (finished.code === 0) return finished.stdout;
  throw new Error(
    `${command} ${args.join(" ")}: exit ${finished.code}\n${(finished.stderr || finished.stdout).trim()}`,
  );
}
