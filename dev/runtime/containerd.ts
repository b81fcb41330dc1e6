import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BuiltImage, packArchive } from "../../src/cmd/archive/oci.ts";
import { runCommand } from "../run-command.ts";
import { openCri } from "./cri-calls.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { Places, Programs } from "./places.ts";
import { updateRecord } from "./record.ts";

/** Starts containerd on the folder's configuration and waits until it serves CRI. */
export async function startContainerd(places: Places, programs: Programs): Promise<Daemon> {
  const env = {
    ...process.env,
    PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`,
    TMPDIR: join(places.folder, "tmp"),
  };
  const daemon = await startDaemon(programs.containerd, ["--config", places.config], places.log, env);
  await updateRecord(places, { containerd: daemon.id });
  await daemon.waitForLine(/containerd successfully booted/, 30_000);
  await waitForCri(places);
  return daemon;
}

/** Waits until CRI answers: 1.6 says that it has booted a moment before its plugins have. */
async function waitForCri(places: Places): Promise<void> {
  const cri = openCri(places.socket);
  const start = performance.now();
  try {
    for (;;) {
      const refusal = await cri.version().catch((thrown: unknown) => thrown ?? "no answer");
      if (!refusal) return;
      if (performance.now() - start > 20_000) throw refusal;
      await sleep(20);
    }
  } catch (cause) {
    const lines = (await readFile(places.log, "utf8")).split("\n");
    const complaints = lines.filter((line) => /level=(error|warn|fatal)/.test(line)).slice(-10);
    throw new Error(`containerd serves no CRI:\n${complaints.join("\n")}`, { cause });
  } finally {
    cri.close();
  }
}

/** Imports images under all of their names into the namespace that CRI uses. */
export async function importInto(
  places: Places,
  programs: Programs,
  snapshotter: string,
  images: BuiltImage[],
): Promise<void> {
  const ctr = ["--address", places.socket, "--namespace", "k8s.io", "images"];
  await runCommand(programs.ctr, [...ctr, "import", "--snapshotter", snapshotter, "-"], { input: packArchive(images) });
}
