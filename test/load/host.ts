import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Berthd, startBerthd } from "../../dev/agent/berthd.ts";
import { freePort } from "../../dev/agent/free-port.ts";
import { agentPlacesOf } from "../../dev/agent/places.ts";
import { systemClock } from "../../src/base/clock.ts";
import { serveCri } from "../kit/cri-server.ts";
import { type FakeRuntime, makeFakeRuntime } from "../kit/runtime/fake.ts";
import { overGrpc } from "../kit/runtime/over-grpc.ts";
import type { Seeded } from "../kit/seeded.ts";

/** The built berthd beside a fake runtime in this process, on a clock that really runs. */
export type LoadHost = {
  readonly fake: FakeRuntime;
  readonly berthd: Berthd;
  /** Of /metrics on loopback. */
  readonly port: number;
  /** The socket for operators. */
  readonly socket: string;
  /** Writes or replaces a manifest. */
  put(name: string, pod: object): Promise<void>;
  close(): Promise<void>;
};

/** Starts both below a folder of their own. The host's cgroups are left alone. */
export async function startLoadHost(seeded: Seeded): Promise<LoadHost> {
  const folder = await mkdtemp(join(tmpdir(), "berth-load-"));
  const places = agentPlacesOf({ folder, short: folder }, "a");
  await mkdir(places.manifests, { recursive: true });
  const chance = {
    fraction: seeded.fraction,
    hex: (digits: number) => Array.from({ length: digits }, () => seeded.below(16).toString(16)).join(""),
  };
  const fake = makeFakeRuntime({ clock: systemClock, chance });
  const server = await serveCri(overGrpc(fake));
  const port = await freePort();
  const berthd = await startBerthd({
    places,
    endpoint: server.endpoint,
    cgroupRoot: "",
    nodeName: "load",
    port,
    kubelet: { cgroupsPerQOS: false },
    agent: { allowKubelet: true },
  });
  const close = async (): Promise<void> => {
    await berthd.stop();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void close().finally(() => process.exit(1)));
  }
  try {
    await berthd.ready();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    fake,
    berthd,
    port,
    socket: places.socket,
    put: (name, pod) => writeFile(join(places.manifests, `${name}.json`), JSON.stringify(pod)),
    close,
  };
}

/** The manifest of a pod with one container, which is on the host's network, where its probes find the test's servers. */
export const podOf = (name: string, container: object, annotations: Record<string, string> = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, annotations },
  spec: {
    hostNetwork: true,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: `main-${name}`, image: "busybox:1.36", ...container }],
  },
});
