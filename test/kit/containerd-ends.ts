import { startContainerd } from "../../dev/runtime/containerd.ts";
import { killProcess, stopProcess } from "../../dev/runtime/daemon.ts";
import { type Places, programsOf, type RuntimeVersion } from "../../dev/runtime/places.ts";
import { readRecord } from "../../dev/runtime/record.ts";

/** Ends the containerd of a private runtime, by SIGTERM or SIGKILL; what it has started runs on. */
export async function endContainerd(places: Places, signal: "TERM" | "KILL"): Promise<void> {
  const daemon = (await readRecord(places))?.containerd;
  if (daemon === undefined) throw new Error("containerd was not written down");
  await (signal === "KILL" ? killProcess(daemon) : stopProcess(daemon, 20_000));
}

/** Starts it again on the same state; it serves CRI when this resolves. */
export async function reviveContainerd(places: Places, version: RuntimeVersion): Promise<void> {
  await startContainerd(places, programsOf(version));
}
