import { setTimeout as wait } from "node:timers/promises";
import type { Handlers, Runtime } from "../ports.ts";
import { runHook } from "./hooks.ts";
import { type GrpcCheck, runProbe } from "./probes.ts";

/** Hooks and probes of containers: exec through the runtime, the rest over the network from this host. */
export function makeHandlers(options: { execSync: Runtime["execSync"]; nodeIp: string }): Handlers {
  const ports = { ...options, grpcCheck: lazyGrpcCheck, sleep };
  return {
    runHook: (request, signal) => runHook(ports, request, signal),
    runProbe: (request, signal) => runProbe(ports, request, signal),
  };
}

/** The gRPC client is loaded by the first pod that needs it. */
const lazyGrpcCheck: GrpcCheck = async (...args) => (await import("./grpc.ts")).grpcCheck(...args);

/** Ends early with the signal. */
async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  await wait(delayMs, undefined, { signal }).catch(() => undefined);
}
