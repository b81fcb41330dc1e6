import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Daemon, startDaemon, stopProcess } from "../runtime/daemon.ts";
import { programsOf } from "../runtime/places.ts";
import { readRecord, updateRecord } from "../runtime/record.ts";
import type { Runtime } from "../runtime/start.ts";

/** Ends the containerd of a private runtime; its pods live on. */
export async function endContainerd({ places }: Runtime): Promise<void> {
  const record = await readRecord(places);
  if (record?.containerd !== undefined) await stopProcess(record.containerd, 10_000);
}

/** Starts it again, with a configuration in which `changes` were made; whether it serves CRI is not waited for. */
export async function beginContainerd(
  runtime: Runtime,
  changes: readonly (readonly [RegExp, string])[],
): Promise<Daemon> {
  const { places } = runtime;
  const usual = await readFile(`${places.config}.usual`, "utf8").catch(async () => {
    const text = await readFile(places.config, "utf8");
    await writeFile(`${places.config}.usual`, text);
    return text;
  });
  const changed = changes.reduce((text, [pattern, word]) => {
    if (!pattern.test(text)) throw new Error(`containerd's configuration has no ${pattern}`);
    return text.replace(pattern, word);
  }, usual);
  await writeFile(places.config, changed);
  const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, TMPDIR: join(places.folder, "tmp") };
  const daemon = await startDaemon(
    programsOf(runtime.version).containerd,
    ["--config", places.config],
    places.log,
    env,
  );
  await updateRecord(places, { containerd: daemon.id });
  await daemon.waitForLine(/containerd successfully booted/, 30_000);
  return daemon;
}
