import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { workFolder } from "../../dev/paths.ts";
import type { Places, RuntimeVersion } from "../../dev/runtime/places.ts";
import { type Runtime, startRuntime } from "../../dev/runtime/start.ts";

/** The private runtime that all end-to-end tests of one run share, as their workers see it. */
export type SharedRuntime = {
  readonly version: RuntimeVersion;
  readonly places: Places;
  readonly endpoint: string;
  readonly cgroupRoot: string;
  /** Address of the host in the pods' network. */
  readonly gateway: string;
  readonly registryUrl: string;
};

declare module "vitest" {
  interface ProvidedContext {
    runtime: SharedRuntime;
  }
}

/** Starts the runtime that BERTH_E2E_RUNTIME names (`2`, the default, or `distro`) before the first test file. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const version: RuntimeVersion = process.env.BERTH_E2E_RUNTIME === "distro" ? "distro" : "2";
  const runtime = await startRuntime({ folder: join(workFolder, "run", `e2e-${version}`), version });
  project.provide("runtime", asShared(runtime));
  return () => runtime.stop();
}

/** A private runtime as hosts see it. */
export function asShared(runtime: Runtime): SharedRuntime {
  const { version, places, endpoint, cgroupRoot } = runtime;
  return {
    ...{ version, places, endpoint, cgroupRoot },
    gateway: runtime.network.gateway,
    registryUrl: runtime.registry.url,
  };
}
