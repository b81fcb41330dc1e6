import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { makeCriClient } from "../cri/client.ts";
import { openSession } from "../cri/session.ts";
import type { AgentHealth, View } from "../ports.ts";
import { makeMetrics } from "../serve/metrics.ts";
import { type ServedDoor, startServing } from "../serve/server.ts";
import type { Settings } from "./config/settings.ts";

/** A running agent with everything around it. */
export type House = {
  readonly nodeName: string;
  /** Looks at the manifests again now. */
  rescan(): void;
  /** Ends everything in the reverse order of its start. Containers go on running. */
  close(): Promise<void>;
};

const health: AgentHealth = { live: true, ready: false, reasons: ["the agent is not wired yet"] };
const noView: View = {
  pods: () => [],
  async *watchPods() {
    yield { kind: "synced" };
  },
  problems: () => [],
  async *watchProblems() {
    yield [];
  },
  events: () => [],
  holds: () => undefined,
  probes: () => [],
  instance: () => undefined,
  restart: () => false,
  exec: async () => "",
  health: () => health,
};

/** Builds the house: every edge meets here, and nowhere else. Throws BerthError when it cannot stand. */
export async function wire(settings: Settings, version: string, log: Log, _signal: AbortSignal): Promise<House> {
  const metrics = makeMetrics(version);
  const client = makeCriClient({
    endpoint: settings.containerRuntimeEndpoint,
    requestTimeoutMs: settings.runtimeRequestTimeout,
  });
  const session = openSession({ client, clock: systemClock, log });
  const serving = await startServing({
    view: noView,
    logs: { async *read() {} },
    facts: {
      nodeName: "node",
      hostname: "node",
      bootId: "",
      ips: [],
      labels: {},
      cpuMillis: 0,
      memoryBytes: 0,
      cgroupVersion: 2,
      arch: "amd64",
      resolvConf: { servers: [], searches: [], options: [] },
    },
    maxPods: settings.maxPods,
    version,
    metrics,
    doors: doorsOf(settings),
    maxConnections: settings.maxSocketConnections,
    execIdleTimeoutMs: settings.streamingConnectionIdleTimeout,
    log,
  });
  return {
    nodeName: "node",
    rescan: () => {},
    async close() {
      await serving.close();
      session.close();
      client.close();
      metrics.close();
    },
  };
}

function doorsOf(settings: Settings): ServedDoor[] {
  const { socketPath, socketGroup, viewSocketPath, viewSocketGroup, healthzPort, healthzBindAddress } = settings;
  const doors: ServedDoor[] = [{ door: { kind: "socket", path: socketPath, group: socketGroup }, serves: "operator" }];
  if (viewSocketPath !== "") {
    doors.push({ door: { kind: "socket", path: viewSocketPath, group: viewSocketGroup }, serves: "reader" });
  }
  if (healthzPort > 0) {
    doors.push({ door: { kind: "tcp", address: healthzBindAddress, port: healthzPort }, serves: "health" });
  }
  const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(settings.metricsBindAddress) ?? [];
  if (port !== undefined) {
    doors.push({ door: { kind: "tcp", address: address || "::", port: Number(port) }, serves: "metrics" });
  }
  return doors;
}
