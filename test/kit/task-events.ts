import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { runCommand } from "../../dev/run-command.ts";
import { programsOf } from "../../dev/runtime/places.ts";
import { eventually } from "./eventually.ts";
import type { SharedRuntime } from "./shared-runtime.ts";

/** One event of containerd itself, below CRI: what its processes do, whatever CRI believes of them. */
export type TaskEvent = {
  readonly topic: string;
  readonly atMs: number;
  readonly body: Readonly<Record<string, unknown>>;
};

const NAMESPACE = "k8s.io";
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) \+0000 UTC (\S+) (\S+) (.*)$/;

/** Hands over every event from the moment that this resolves. Answers how to stop. */
export async function followTasks(
  { version, places }: SharedRuntime,
  take: (event: TaskEvent) => void,
): Promise<() => Promise<void>> {
  const { ctr } = programsOf(version);
  const child = spawn(ctr, ["--address", places.socket, "events"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let hears = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    hears = true;
    const event = read(line);
    if (event !== undefined) take(event);
  });
  // Nothing tells when it has subscribed but an event: labels of the namespace change until one comes.
  let probes = 0;
  await eventually("containerd's events are heard", async () => {
    if (hears) return;
    probes += 1;
    const label = `berth-e2e=${probes}`;
    await runCommand(ctr, ["--address", places.socket, "namespaces", "label", NAMESPACE, label]);
    throw new Error(`not after ${probes} probes`);
  });
  return async () => {
    child.kill();
    await exited;
  };
}

function read(line: string): TaskEvent | undefined {
  const [, day, time, namespace, topic = "", body = ""] = LINE.exec(line) ?? [];
  if (namespace !== NAMESPACE || !topic.startsWith("/tasks/")) return undefined;
  return { topic, atMs: Date.parse(`${day}T${time}Z`), body: JSON.parse(body) as Record<string, unknown> };
}
