import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltImage } from "../../src/cmd/archive/oci.ts";
import { buildCatalog } from "../images/catalog.ts";
import { containerdConfig } from "./config.ts";
import { importInto, startContainerd } from "./containerd.ts";
import { chooseSnapshotter } from "./mounts.ts";
import { makeNetwork, type PodNetwork } from "./network.ts";
import { type Places, type Programs, placesOf, programsOf, type RuntimeVersion } from "./places.ts";
import { updateRecord } from "./record.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { stopRuntime } from "./stop.ts";
import { enterHost } from "./traces.ts";

/** What a private runtime is made of. */
export type RuntimeOptions = {
  /** Everything lies below this folder, which must not exist or be left from an earlier runtime. */
  folder: string;
  version: RuntimeVersion;
  /** A subnet such as 10.212.0.0/22 for the pods; without it a free one is found. */
  subnet?: string;
  /** Let containerd ask the registries of the world for what the loopback registry lacks. Never in tests. */
  outside?: boolean;
  /** A program in the place of runc. */
  runc?: string;
};

/** A running private containerd with a pod network, a loopback registry and the stand-in images. */
export type Runtime = {
  places: Places;
  version: RuntimeVersion;
  /** For --container-runtime-endpoint. */
  endpoint: string;
  network: PodNetwork;
  registry: Registry;
  /** The parent of all cgroups that pods here should use: cgroupRoot in the agent's configuration. */
  cgroupRoot: string;
  /** Imports images under all of their names, as an administrator would with ctr. */
  importImages(images: BuiltImage[]): Promise<void>;
  /** Ends containerd and starts it again on the same state, the shims living on. `signal` KILL makes it a crash. */
  restart(signal?: "TERM" | "KILL"): Promise<void>;
  /** Ends all pods and everything else, and takes away every trace on the host. */
  stop(): Promise<void>;
};

/** Starts a private runtime. Throws with the end of the daemon's log when it does not come up; what was begun is taken back. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const places = placesOf(options.folder);
  const own = programsOf(options.version);
  const programs = { ...own, runc: options.runc ?? own.runc };
  await stopRuntime(options.folder);
  try {
    await mkdir(places.folder, { recursive: true });
    await enterHost(places);
    await updateRecord(places, { version: options.version, processes: [] });
    await symlink(places.folder, places.short);
    return await bringUp(options, places, programs);
  } catch (thrown) {
    await stopRuntime(options.folder).catch(() => undefined); // the first failure is the one to hear of
    throw thrown;
  }
}

async function bringUp(options: RuntimeOptions, places: Places, programs: Programs): Promise<Runtime> {
  const network = await makeNetwork(places, options.subnet);
  const registry = await startRegistry(places, programs, { only: options.outside !== true });
  await updateRecord(places, { bridge: network.bridge, processes: [registry.daemon.id] });
  const snapshotter = await chooseSnapshotter(places.folder);
  await mkdir(join(places.folder, "tmp"), { recursive: true });
  await writeFile(places.config, containerdConfig(options.version, places, programs, snapshotter));
  let containerd = await startContainerd(places, programs);
  const importImages = (images: BuiltImage[]) => importInto(places, programs, snapshotter, images);
  const catalog = await buildCatalog();
  await Promise.all([importImages(catalog.imported), registry.push(catalog.served)]);
  return {
    places,
    version: options.version,
    endpoint: `unix://${places.socket}`,
    network,
    registry,
    cgroupRoot: `/berth-dev-${places.key}`,
    importImages,
    restart: async (signal = "TERM") => {
      await (signal === "KILL" ? containerd.kill() : containerd.stop());
      containerd = await startContainerd(places, programs);
    },
    stop: () => stopRuntime(options.folder),
  };
}
