import { type ClusterShelf, makeClusterShelf } from "../../../src/agent/cluster-shelf.ts";
import type { Loop } from "../../../src/agent/loop.ts";
import { joinCluster, type MembershipSetup } from "../../../src/agent/membership/membership.ts";
import type { Log } from "../../../src/base/log.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { CountedEvent, PodEvent } from "../../../src/pod/event.ts";
import { type Meter, silentMeter } from "../../../src/pod/metrics.ts";
import type { Standing } from "../../../src/pod/standing.ts";
import type { NodeCertificates, View } from "../../../src/ports.ts";
import { type HandClock, handClock, seededChance } from "../../kit/clock.ts";
import { aNode } from "../../kit/node.ts";
import { type SmallCluster, smallCluster } from "./small-cluster.ts";

const FIVE_MINUTES_MS = 300_000;

const machine = {
  machineId: "m",
  systemUuid: "s",
  kernelVersion: "6.1",
  osImage: "Linux",
  rootDiskBytes: 10 * 1024 ** 3,
  totalSwapBytes: 0,
};

export const aSetup: MembershipSetup = {
  identity: {
    facts: aNode,
    machine,
    maxPods: 110,
    kubeletVersion: "v1.36.2",
    port: 10_250,
    taints: [],
    providerId: "",
    maxImages: 50,
  },
  pace: { lookMs: 10_000, reportMs: FIVE_MINUTES_MS },
  register: true,
  leaseSeconds: 40,
  eventRate: { perSecond: 50, burst: 100 },
  began: { hostMonoMs: -60_000, agentMonoMs: -2000 },
};

/** How a healthy node stands, now. */
export const standsWell = (monoMs: number): Standing => ({
  runtime: { name: "containerd", version: "2.1.4" },
  runtimeToldMonoMs: monoMs,
  listedMonoMs: monoMs,
  runtimeReady: true,
  networkReady: true,
  pressure: { memory: false, disk: false, pid: false },
  shuttingDown: false,
  images: [],
  handlers: [],
  supplementalGroupsPolicy: false,
});

/** A node that has joined a small cluster, under a clock that a test moves. */
export type Member = SmallCluster & {
  readonly clock: HandClock;
  readonly told: PodEvent[];
  /** Documents, tokens and services of pods that a test makes it follow. */
  readonly shelf: ClusterShelf;
  /** Tells an event on to the server. */
  tellOn(event: CountedEvent): void;
  /** Changes how the node stands, and rings. */
  stand(change: (monoMs: number) => Partial<Standing>): void;
  contact(): ReturnType<ReturnType<typeof joinCluster>["contact"]>;
  /** The status of a condition, as the server has it. */
  condition(type: string): { readonly status: string; readonly reason: string; readonly message: string } | undefined;
  stop(): Promise<void>;
};

export function aMember(
  options: {
    seed?: number;
    setup?: Partial<MembershipSetup>;
    log?: Log;
    meter?: Meter;
    /** Pods of the host, to be shown to the cluster. */
    view?: (clock: HandClock) => Pick<View, "watchPods" | "health">;
    /** Something to do with the server before the node joins. */
    before?: (cluster: SmallCluster) => void;
    /** Where the certificate of the node's own API is kept. */
    serving?: NodeCertificates;
    /** Hears of the loops that the agent is to look after. */
    watchOver?: (loop: Loop) => void;
  } = {},
): Member {
  const clock = handClock();
  const small = smallCluster(clock);
  options.before?.(small);
  const told: PodEvent[] = [];
  let ring = (): void => {};
  let tellOn = (_event: CountedEvent): void => {};
  const shelf = makeClusterShelf(() => {});
  let change = (_monoMs: number): Partial<Standing> => ({});
  const membership = joinCluster(
    {
      general: small.cluster,
      heartbeat: small.cluster,
      ...(options.serving === undefined ? {} : { serving: options.serving }),
    },
    {
      standing: () => {
        const { monoMs } = clock.now();
        return { ...standsWell(monoMs), ...change(monoMs) };
      },
      onStanding: (listener) => {
        ring = listener;
      },
      tell: (events) => void told.push(...events),
      onEvent: (listener) => {
        tellOn = listener;
      },
      clusterShelf: shelf,
      ...(options.view === undefined ? {} : { view: options.view(clock) }),
      ...(options.watchOver === undefined ? {} : { watchOver: options.watchOver }),
    },
    { ...aSetup, ...options.setup },
    {
      clock,
      chance: seededChance(options.seed ?? 1),
      log: options.log ?? silentLog,
      meter: options.meter ?? silentMeter,
    },
  );
  return {
    ...small,
    clock,
    told,
    shelf,
    tellOn: (event) => tellOn(event),
    stand(next) {
      change = next;
      ring();
    },
    contact: membership.contact,
    condition(type) {
      const status = small.stored.get("nodes/node")?.status as { conditions?: { type: string }[] } | undefined;
      return status?.conditions?.find((one) => one.type === type) as never;
    },
    stop: () => membership.stop(),
  };
}
