import { spawn } from "node:child_process";
import { once } from "node:events";
import { runCommand } from "../../dev/run-command.ts";
import { eventually } from "./eventually.ts";

/** Takes away what was laid over a folder. */
export type Uncover = () => Promise<void>;

/** Lays an empty file system over a folder: another device, without a file. */
export async function coverWithNothing(folder: string): Promise<Uncover> {
  await runCommand("mount", ["-t", "tmpfs", "-o", "size=1m", "berth-e2e", folder]);
  return () => uncover(folder);
}

/** Makes a folder unreadable even for root: what is laid over it is the /proc folder of a process that has ended. */
export async function coverWithErrors(folder: string): Promise<Uncover> {
  const process = spawn("sleep", ["1000"], { stdio: "ignore" });
  await once(process, "spawn");
  await runCommand("mount", ["--bind", `/proc/${process.pid}`, folder]);
  process.kill("SIGKILL");
  await once(process, "exit");
  return () => uncover(folder);
}

/** Lays another folder over a folder. */
export async function coverWithFolder(other: string, folder: string): Promise<Uncover> {
  await runCommand("mount", ["--bind", other, folder]);
  return () => uncover(folder);
}

/** Whoever reads in it at that moment keeps it busy; a reader that stays would keep an administrator from it, too. */
async function uncover(folder: string): Promise<void> {
  await eventually(`nobody holds ${folder}`, () => runCommand("umount", [folder]), { withinMs: 10_000 });
}
