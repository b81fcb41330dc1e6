import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Berthd, logEnd, startBerthd } from "../../dev/agent/berthd.ts";
import { freePort } from "../../dev/agent/free-port.ts";
import { type AgentPlaces, agentPlacesOf } from "../../dev/agent/places.ts";
import { workFolder } from "../../dev/paths.ts";
import { programsOf, type RuntimeVersion } from "../../dev/runtime/places.ts";
import { type Runtime, startRuntime } from "../../dev/runtime/start.ts";
import { stopRuntime } from "../../dev/runtime/stop.ts";
import { openView, type RuntimeView } from "../kit/cri.ts";
import { type Directory, makeDirectory } from "./directory.ts";
import { makeSmallDisk, type SmallDisk } from "./disks.ts";
import { processStory } from "./process-story.ts";
import { type MoodyRunc, makeMoodyRunc } from "./runc.ts";

/** A host of its own for berthd: private containerd, small disks, a directory and a runc that can be spoilt. */
export type Stage = {
  readonly version: RuntimeVersion;
  readonly runtime: Runtime;
  readonly runc: MoodyRunc;
  readonly places: AgentPlaces;
  readonly node: string;
  readonly directory: Directory;
  readonly disks: { readonly root: SmallDisk; readonly logs: SmallDisk };
  readonly view: RuntimeView;
  /** The berthd that runs, or ran last. */
  berthd(): Berthd | undefined;
  start(): Promise<Berthd>;
  /** Ends of the logs of berthd and containerd, for the story of a failure. */
  logEnds(): Promise<string>;
  /** Copies all logs to where they outlive the stage, and says where that is. */
  keepLogs(): Promise<string>;
  close(): Promise<void>;
};

export const NODE = "rack";
/** The most processes that a pod may have. */
export const PIDS_LIMIT = 64;

/** Everything of a run lies in this folder. */
export const folderOf = (version: RuntimeVersion): string => join(workFolder, "run", `torture-${version}`);

/** Builds the stage; berthd is not started. Throws what is missing, with nothing left behind. */
export async function openStage(version: RuntimeVersion): Promise<Stage> {
  const folder = folderOf(version);
  const tools = `${folder}-tools`;
  try {
    const runc = await makeMoodyRunc(tools, programsOf(version).runc);
    const runtime = await startRuntime({ folder, version, runc: runc.program });
    return await furnish(runtime, runc, tools);
  } catch (thrown) {
    await stopRuntime(folder);
    await rm(tools, { recursive: true, force: true });
    throw thrown;
  }
}

async function furnish(runtime: Runtime, runc: MoodyRunc, tools: string): Promise<Stage> {
  const places = agentPlacesOf(runtime.places, NODE);
  await mkdir(places.folder, { recursive: true });
  const directory = await makeDirectory(places.manifests, join(places.folder, "disk"));
  const disks = {
    root: await makeSmallDisk(places.root, 24),
    logs: await makeSmallDisk(join(places.folder, "log"), 24),
  };
  const view = openView(runtime.endpoint, NODE);
  const settings = {
    places,
    endpoint: runtime.endpoint,
    cgroupRoot: `${runtime.cgroupRoot}/${NODE}`,
    nodeName: NODE,
    port: await freePort(),
    kubelet: {
      fileCheckFrequency: "1s",
      podPidsLimit: PIDS_LIMIT,
      // Pods that were hurt often are to be back within a round.
      crashLoopBackOff: { maxContainerRestartPeriod: "10s" },
    },
    agent: { allowKubelet: true },
  };
  let berthd: Berthd | undefined;

  return {
    ...{ version: runtime.version, runtime, runc, places, node: NODE, directory, disks, view },
    berthd: () => berthd,
    async start() {
      berthd = await startBerthd(settings);
      return berthd;
    },
    logEnds: async () =>
      `${await processStory(berthd?.id.pid ?? 0)}\nberthd:\n${berthd ? await logEnd(berthd.log, 40) : "(never)"}\ncontainerd:\n${await logEnd(runtime.places.log, 15)}`,
    async keepLogs() {
      const kept = join(workFolder, "torture-logs");
      await rm(kept, { recursive: true, force: true });
      await mkdir(kept, { recursive: true });
      const logs = (await readdir(places.folder)).filter((name) => name.endsWith(".log"));
      for (const path of [...logs.map((name) => join(places.folder, name)), runtime.places.log])
        await copyFile(path, join(kept, basename(path)));
      return kept;
    },
    async close() {
      await runc.be("usual");
      await berthd?.stop();
      view.close();
      await directory.remove();
      await runtime.stop();
      await rm(tools, { recursive: true, force: true });
    },
  };
}
