import type { CriClient } from "./client.ts";
import { badAnswer, CriError } from "./failure.ts";
import type { RuntimeCondition, RuntimeFeatures, RuntimeHandler } from "./generated/types.ts";
import { CgroupDriver } from "./generated/types.ts";
import { STATUS } from "./grpc/status.ts";

/** What the runtime tells of itself. */
export type RuntimeFacts = {
  readonly name: string;
  readonly version: string;
  readonly conditions: readonly RuntimeCondition[];
  /** Empty where the runtime is too old to tell. */
  readonly handlers: readonly RuntimeHandler[];
  readonly features: RuntimeFeatures | undefined;
  /** Absent where the runtime cannot tell (cri-mapping 3.2). */
  readonly cgroupDriver: "systemd" | "cgroupfs" | undefined;
};

/** The API version that a v1 runtime answers with, whatever its own. */
const KUBELET_API_VERSION = "0.1.0";

/** Asks the runtime who it is and what it can do. Throws CriError. */
export async function lookUp(client: CriClient, signal: AbortSignal): Promise<RuntimeFacts> {
  const who = await client.call("Version", { version: KUBELET_API_VERSION }, signal);
  const complete = who.runtime_name !== "" && who.runtime_version !== "" && who.runtime_api_version !== "";
  if (who.version !== KUBELET_API_VERSION || !complete) {
    throw badAnswer("Version", "", `the runtime does not say who it is: ${JSON.stringify(who)}`);
  }
  const { status, runtime_handlers, features } = await client.call("Status", {}, signal);
  if (status === undefined || status.conditions.length < 2) {
    throw badAnswer("Status", "", "the answer lacks RuntimeReady or NetworkReady");
  }
  return {
    name: who.runtime_name,
    version: who.runtime_version,
    conditions: status.conditions,
    handlers: runtime_handlers,
    features,
    cgroupDriver: await lookUpCgroupDriver(client, signal),
  };
}

/** Zero means systemd, so that only the presence of the enclosing message makes it an answer. */
async function lookUpCgroupDriver(client: CriClient, signal: AbortSignal): Promise<RuntimeFacts["cgroupDriver"]> {
  try {
    const { linux } = await client.call("RuntimeConfig", {}, signal);
    switch (linux?.cgroup_driver) {
      case undefined:
        return undefined;
      case CgroupDriver.SYSTEMD:
        return "systemd";
      case CgroupDriver.CGROUPFS:
        return "cgroupfs";
      default:
        throw badAnswer("RuntimeConfig", "", `unknown cgroup driver ${linux?.cgroup_driver}`);
    }
  } catch (error) {
    if (error instanceof CriError && error.status === STATUS.unimplemented) return undefined;
    throw error;
  }
}
