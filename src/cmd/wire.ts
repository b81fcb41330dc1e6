import { dirname } from "node:path";
import { within } from "../agent/adopt.ts";
import { type Agent, startAgent } from "../agent/agent.ts";
import { makeDrainable } from "../agent/drain.ts";
import { GATES } from "../agent/gates.ts";
import { startPodRange } from "../agent/pod-range.ts";
import { systemChance, systemClock } from "../base/clock.ts";
import type { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Cri, connectCri } from "../cri/connect.ts";
import { nodeBeginning, nodeNews } from "../decide/node-news.ts";
import { makeDocumentKeeping } from "../files/document-keeping.ts";
import { readDrainMark, writeDrainMark } from "../files/drain-mark.ts";
import { makeLocalStorage } from "../files/local-storage.ts";
import { makePodFiles } from "../files/pod-files.ts";
import { takeRootDir } from "../files/root-dir.ts";
import { openUserRanges } from "../files/user-ranges.ts";
import { makeHandlers } from "../handler/handlers.ts";
import { readNodeFacts } from "../host/facts.ts";
import { diskBytes } from "../host/machine.ts";
import { makePressureGauge } from "../host/pressure.ts";
import { makeHostResolver } from "../host/resolver.ts";
import { readUserBlock } from "../host/sub-ids.ts";
import { readHostUsage } from "../host/usage.ts";
import { openJournal } from "../journal/journal.ts";
import { makeLogKeeping } from "../logs/keeping.ts";
import { makeLogs } from "../logs/read.ts";
import { makeTurns } from "../logs/turns.ts";
import { compileBound } from "../manifest/compile-bound.ts";
import { makeManifestSource } from "../manifest/source.ts";
import type { ClusterContact } from "../pod/cluster.ts";
import { allocatableFor } from "../pod/reserved.ts";
import type { ManifestSource, Reviews, View } from "../ports.ts";
import { makeMetrics } from "../serve/metrics.ts";
import { startServing } from "../serve/server.ts";
import { aboutAgent } from "./about-agent.ts";
import { hostCgroups, withPodsMemory } from "./cgroups.ts";
import type { Settings } from "./config/settings.ts";
import { hostCredentials } from "./credentials.ts";
import { doorsOf, hasNodeApi } from "./doors.ts";
import { makeEventLog } from "./event-log.ts";
import { hostShutdown } from "./host-shutdown.ts";
import {
  bytesOf,
  imageLimits,
  logLimits,
  nodeSettings,
  parallelPulls,
  parallelStarts,
  pressureLimits,
} from "./node-settings.ts";
import { checkHost, checkRuntime } from "./start-checks.ts";

/** A running agent with everything around it. */
export type House = {
  readonly nodeName: string;
  /** Resolves when it turns out that the house cannot stand; never, as a rule. */
  readonly fallen: Promise<BerthError>;
  readonly view: View;
  /** Looks at the manifests again now. */
  rescan(): void;
  /** Ends everything in the reverse order of its start. Containers go on running. */
  close(): Promise<void>;
};

/** How long an event may wait for the disk. */
const JOURNAL_FLUSH_MS = 10_000;
/** Nobody is shown pods of an earlier agent as if they had not begun. @limit A runtime that does not answer is worth showing. */
const ADOPTION_MS = 3000;
/** Threads of Node.js for files, unless the environment says otherwise. */
const USUAL_THREADS = 4;

/**
 * Builds the house: every edge meets here, and nowhere else. Throws BerthError when it cannot stand; what was begun by then
 * is ended again. `changed` may put another source before the manifest directory.
 */
export async function wire(
  settings: Settings,
  version: string,
  log: Log,
  signal: AbortSignal,
  changed = (source: ManifestSource): ManifestSource => source,
): Promise<House> {
  const closing = new AsyncDisposableStack();
  try {
    const house = await build(settings, version, log, signal, closing, changed);
    return { ...house, close: () => closing.disposeAsync() };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function build(
  settings: Settings,
  version: string,
  log: Log,
  signal: AbortSignal,
  closing: AsyncDisposableStack,
  changed: (source: ManifestSource) => ManifestSource,
): Promise<Omit<House, "close">> {
  const clock = systemClock;
  const hostFacts = await readNodeFacts(
    {
      hostnameOverride: settings.hostnameOverride,
      nodeIps: settings.nodeIP,
      nodeLabels: settings.nodeLabels,
      resolvConf: settings.resolvConf,
    },
    signal,
  );
  await checkHost(settings, hostFacts, signal);
  const { rootDir, podLogsDir, containerLogsDir } = settings;
  const root = await takeRootDir({ rootDir, podLogsDir, containerLogsDir }, signal);
  closing.defer(() => root.release());
  const facts = { ...hostFacts, rootDiskBytes: await diskBytes(root.places.rootDir) };

  const metrics = makeMetrics(version);
  closing.defer(() => metrics.close());
  const means = { clock, chance: systemChance, log, meter: metrics.meter };

  const users = await openUserRanges(root.places, await readUserBlock(settings.maxPods), log);

  const resolver = makeHostResolver(settings.resolvConf, facts.resolvConf, log);
  let cri: Cri | undefined;
  const node = nodeSettings(settings, {
    ...{ ...root, facts },
    cgroupDriver: () => cri?.runtime.capabilities()?.cgroupDriver,
  });
  cri = connectCri({
    runtimeEndpoint: settings.containerRuntimeEndpoint,
    imageEndpoint: settings.imageServiceEndpoint || settings.containerRuntimeEndpoint,
    requestTimeoutMs: settings.runtimeRequestTimeout,
    settings: node,
    facts,
    resolver,
    usersOf: ({ uid }) => users.of(uid),
    ...means,
  });
  const { runtime, images, imageStore } = closing.adopt(cri, ({ close }) => close());

  const { promise: fallen, resolve: fall } = Promise.withResolvers<BerthError>();
  if (!settings.allowKubelet) await checkRuntime(runtime, signal, fall);

  const journal = await openJournal({
    directory: `${root.places.rootDir}/events`,
    maxBytes: bytesOf(settings["eventJournal.maxSize"]),
    flushMs: JOURNAL_FLUSH_MS,
    log,
  });
  closing.defer(() => journal.close());

  const files = makePodFiles({
    settings: node,
    log,
    allocatable: allocatableFor(facts, node.reserved),
    recursiveReadOnly: () => runtime.capabilities()?.recursiveReadOnly ?? false,
    hostsFile: "/etc/hosts",
    threadPoolSize: Number(process.env.UV_THREADPOOL_SIZE) || USUAL_THREADS,
    users,
  });
  const source = makeManifestSource({
    path: settings.staticPodPath,
    fileCheckMs: settings.fileCheckFrequency,
    nodeName: facts.nodeName,
    unknownFields: settings.unknownFields,
    digestKey: root.digestKey,
    log,
  });
  const drainable = makeDrainable(changed(source), clock, await readDrainMark(root.places.rootDir));
  const turns = makeTurns();
  const logs = logLimits(settings);
  const agent: Agent = await startAgent(
    {
      runtime,
      images,
      files,
      credentials: await hostCredentials(settings, root.places.rootDir, means),
      source: drainable,
      documentKeeping: makeDocumentKeeping({
        ...{ rootDir: root.places.rootDir, ownerId: root.ownerId, log },
        memoryDir: dirname(settings.socketPath),
      }),
      ...(settings.kubeconfig === "" ? {} : { bound: { compile: compileBound } }),
      handlers: makeHandlers({ execSync: runtime.execSync, nodeIp: facts.ips[0] ?? "" }),
      cgroups: await hostCgroups(node, facts),
      resolver,
      imageGarbage: { store: imageStore, limits: imageLimits(settings) },
      ...(logs === undefined
        ? {}
        : { logKeeping: { keeping: makeLogKeeping(root.places.podLogsDir, turns), limits: logs } }),
      pressure: {
        ...{ gauge: withPodsMemory(makePressureGauge(root.places.rootDir), node), limits: pressureLimits(settings) },
        ...(settings.localStorageCapacityIsolation ? { storage: makeLocalStorage(node) } : {}),
      },
      ...(await hostShutdown(settings, root.places.rootDir, log)),
      podSinks: [],
      eventSinks: [journal, makeEventLog(log)],
    },
    {
      facts,
      settings: node,
      limits: {
        home: GATES.home,
        start: parallelStarts(settings, facts.cpuMillis),
        pull: parallelPulls(settings),
        read: GATES.read,
        execProbe: settings.maxParallelExecProbes,
      },
      listPace: { withStreamMs: settings.relistPeriod, withoutStreamMs: settings.relistPeriodWithoutEvents },
      earlierEvents: journal.earlier,
    },
    means,
  );
  closing.defer(() => agent.stop());
  const beginning = nodeBeginning(facts, settings.resolvConf);
  agent.tell(beginning.map((moment) => nodeNews(facts.nodeName, moment, clock.now())));

  const podRange = startPodRange(runtime, means);
  closing.defer(() => podRange.stop());
  if (settings.kubeconfig === "") podRange.set(settings.podCIDR);
  let reviews: Reviews | undefined;
  let contact: (() => ClusterContact) | undefined;
  if (settings.kubeconfig !== "") {
    const { join } = await import("./join.ts");
    const membership = await join(settings, facts, agent, version, podRange.set, means);
    closing.defer(() => membership.stop());
    ({ reviews, contact } = membership);
  }

  await within(agent.adopted, ADOPTION_MS, clock);
  const served = {
    view: agent.view,
    logs: makeLogs(log, turns),
    facts,
    usage: { host: () => readHostUsage(), containers: (signal: AbortSignal) => runtime.usage(signal) },
    metrics,
    log,
  };
  if (hasNodeApi(settings)) {
    const { openNodeApi } = await import("./node-api.ts");
    const nodeApi = await openNodeApi(settings, { ...served, rootDir: root.places.rootDir, reviews });
    closing.defer(() => nodeApi.close());
  }

  const serving = await startServing({
    ...served,
    maxPods: settings.maxPods,
    version,
    about: aboutAgent(settings, root.places.rootDir),
    drain: {
      isOn: drainable.isDrained,
      async set(on) {
        await writeDrainMark(root.places.rootDir, on);
        drainable.setDrained(on);
      },
    },
    collectImages: agent.collectImages,
    cluster: () => contact?.(),
    doors: doorsOf(settings),
    maxConnections: settings.maxSocketConnections,
    execIdleTimeoutMs: settings.streamingConnectionIdleTimeout,
  });
  closing.defer(() => serving.close());
  return { nodeName: facts.nodeName, view: agent.view, fallen, rescan: () => source.rescan() };
}
