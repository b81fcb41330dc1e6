import type { MonoMs } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import { neededRefs } from "../decide/image-need.ts";
import { type NodeMoment, nodeNews } from "../decide/node-news.ts";
import { type DesiredPod, podKey } from "../pod/desired.ts";
import type { KeptDocument } from "../pod/document.ts";
import type { CountedEvent, PodEvent } from "../pod/event.ts";
import type { ImageGarbage } from "../pod/image-store.ts";
import type { Standing } from "../pod/standing.ts";
import type { AgentHealth } from "../pod/view.ts";
import type { View } from "../ports.ts";
import { goOnEnding, readLegacy, within } from "./adopt.ts";
import { type BoundAgent, makeBoundPods } from "./bound-pods.ts";
import { type ClusterShelf, makeClusterShelf } from "./cluster-shelf.ts";
import { makeCounts, staticLabel } from "./counts.ts";
import { makeDetails } from "./details.ts";
import { documentsBySource, makeShelf } from "./documents.ts";
import { makeGates } from "./gates.ts";
import { fillGuests, runningGuests } from "./guests.ts";
import { makeHire } from "./hire.ts";
import { makeImageCare } from "./image-care.ts";
import { makeImageList } from "./image-list.ts";
import { makeLobby } from "./lobby.ts";
import { makeLogCare } from "./log-care.ts";
import { type Loop, type Round, startLoop } from "./loop.ts";
import { makeNewestWins } from "./newest-wins.ts";
import { makeNewsStand } from "./news-stand.ts";
import { makeNode } from "./node.ts";
import { makePerform } from "./perform.ts";
import { makePressureCare } from "./pressure-care.ts";
import { makeProber } from "./prober.ts";
import { makeRoster } from "./roster.ts";
import { berthRules, type Rules } from "./rules.ts";
import { makeRuntimeHealth } from "./runtime-health.ts";
import { makeRuntimeWatch, type WholeList } from "./runtime-watch.ts";
import type { Means, Ports, Setup } from "./setup.ts";
import { makeSharedImages } from "./shared-images.ts";
import { makeShutdownWatch } from "./shutdown-watch.ts";
import { makeSources } from "./sources.ts";
import { standingOf } from "./standing.ts";
import { makeStartTimes } from "./start-times.ts";
import { type Change, makeStore } from "./store.ts";
import { makeView, rendered } from "./view.ts";
import { makeVolumeCounts } from "./volume-counts.ts";
import type { Worker } from "./worker.ts";

export type Agent = {
  readonly view: View;
  /** Resolves when every pod has its worker; not as long as the runtime does not answer. */
  readonly adopted: Promise<void>;
  /** How the node is, for whoever tells it on; the listener hears of changes that should be told at once. */
  standing(): Standing;
  onStanding(listener: () => void): void;
  /** Takes events of the node among its own. */
  tell(events: readonly PodEvent[]): void;
  /** The listener hears of each event that is told on, counted and rated; it must not wait. */
  onEvent(listener: (event: CountedEvent) => void): void;
  /** The agent is as well as this loop of another room is, until it leaves. */
  watchOver(loop: Loop): void;
  /** Present where an API server binds pods to the node. */
  readonly bound: BoundAgent | undefined;
  /** Holds the ConfigMaps and Secrets of an API server's pods; whoever reaches that server fills it. */
  readonly clusterShelf: ClusterShelf;
  /** Removes all images that nobody needs, or tells which ones. Throws NotFound where images are not collected. */
  collectImages(dryRun: boolean, signal: AbortSignal): Promise<ImageGarbage>;
  /** The agent leaves: its loops end, what it has begun finishes or is waited for a few seconds, no container is touched. */
  stop(): Promise<void>;
};

/** Adoption does not wait longer for a directory that does not answer: what was accepted last is taken. */
const FIRST_SIGHTING_MS = 5000;
/** Nor longer for the exit codes of containers that ended while no agent ran. */
const FIRST_DETAILS_MS = 1500;

/**
 * Starts the agent.
 *
 * A1  Workers begin only after the records, the runtime's whole list and the directory's first sighting have been read, so
 *     that the first plan of each pod knows all that is to be known.
 * A2  No pod of a file is removed before the directory was listed whole, none of an API server before that has told.
 * A3  Stopping ends loops in the reverse order of their start and touches no container.
 */
export async function startAgent(ports: Ports, setup: Setup, means: Means, rules: Rules = berthRules): Promise<Agent> {
  const { clock, log, meter } = means;
  const { runtime, files, source } = ports;
  const leaving = new AbortController();
  const { signal } = leaving;
  const legacy = await readLegacy(files, source, ports.documentKeeping, log, signal);
  meter.set("kubelet_cgroup_version", {}, setup.facts.cgroupVersion);
  meter.set("kubelet_node_name", { node: setup.facts.nodeName }, 1);
  meter.set("kubelet_metrics_provider", { provider: "cri" }, 1);

  const gates = makeGates(setup.limits, meter);
  const store = makeStore(legacy.intake, ports.bound === undefined ? [] : legacy.bound);
  const documentFeed =
    ports.documentKeeping &&
    makeNewestWins<readonly KeptDocument[]>({
      name: "the keeping of documents",
      sink: ports.documentKeeping,
      ...means,
    });
  const shelf = makeShelf(legacy.documents, (kept) => documentFeed?.put("all", kept));
  const ringPods = (uids: readonly string[]): void => {
    for (const uid of uids) roster.get(uid)?.ring();
  };
  const clusterShelf = makeClusterShelf(ringPods, () => node.ring());
  clusterShelf.follow(store.asked());
  const counts = makeCounts(meter);
  const startTimes = makeStartTimes(means);
  const volumes = makeVolumeCounts(meter);
  const news = makeNewsStand({ sinks: ports.eventSinks, earlier: setup.earlierEvents, ...means });
  const podFeeds = ports.podSinks.map((sink) => makeNewestWins({ name: "a status sink", sink, ...means }));
  const lobby = makeLobby(rules.join, () => clock.now().monoMs);
  const listed = Promise.withResolvers<void>();

  const health = makeRuntimeHealth({ runtime, clock, log, onChange: onHealth });
  const images = makeSharedImages(ports.images, gates, means);
  const perform = makePerform({
    ...ports,
    ...means,
    images,
    documents: documentsBySource(shelf, clusterShelf),
    services: clusterShelf.services,
    gates,
    facts: setup.facts,
    settings: setup.settings,
  });
  const details = makeDetails({ runtime, gates, log, signal, see: (sighting) => roster.see(sighting) });
  const prober = makeProber({
    ...means,
    gates,
    handlers: ports.handlers,
    ring: (uid) => roster.get(uid)?.ring(),
    tell: (uid, moment) => roster.get(uid)?.notice(moment),
  });
  const hire = makeHire({
    ...means,
    rules,
    perform,
    facts: setup.facts,
    settings: setup.settings,
    files,
    gates,
    store,
    prober,
    volumes,
    servicesHeard: (pod) => pod.origin.kind !== "api" || clusterShelf.services(pod) !== undefined,
    versions: (pod) => (pod.origin.kind === "api" ? clusterShelf : store).versions(pod),
    runtimeState: health.now,
    onStatus: tellStatus,
    onObserved(worker) {
      counts.note(worker.show().pod, worker.show().observed);
      logCare?.stir();
    },
    onFacts() {
      node.ring();
      bound?.noteCleaned();
    },
    onEvents: news.tell,
  });
  const roster = makeRoster({
    rules,
    lobby,
    remembered: legacy.remembered,
    unrecorded: legacy.unrecorded,
    hire,
    fill: details.fill,
    files,
    log,
    clock,
    isAsked: store.asksFor,
    onChange: () => node.ring(),
    onForgotten,
  });
  const sources = makeSources({
    ...means,
    rules,
    source,
    store,
    shelf,
    recordProblems: legacy.problems,
    onChange: onSourcesChange,
  });
  const bound =
    ports.bound &&
    makeBoundPods({
      ...{ ...ports.bound, ...means, store, first: legacy.bound, onChange: onSourcesChange },
      isCleaned: (uid) => rules.isGone(roster.get(uid)?.facts()),
    });
  const shutdownGroups = ports.shutdown?.groups ?? [];
  const node = makeNode({
    ...means,
    rules,
    facts: setup.facts,
    settings: setup.settings,
    shutdownGroups,
    roster,
    pressures: () => pressureCare?.pressures(),
    capabilities: runtime.capabilities,
    placement: clusterShelf.placement,
    sources,
    boundReady: () => bound?.ready() ?? true,
  });
  const watch = makeRuntimeWatch({
    runtime,
    ...means,
    pace: setup.listPace,
    see: (sighting) => roster.see(sighting),
    seeAll,
  });
  const imageCare =
    ports.imageGarbage &&
    makeImageCare({
      ...ports.imageGarbage,
      ...means,
      images: ports.images,
      asked: () => new Set(roster.all().flatMap((worker) => [...neededRefs(worker.show().pod)])),
      tell: tellOfNode,
    });
  const imageList =
    setup.settings.inCluster === true && ports.imageGarbage !== undefined
      ? makeImageList({ store: ports.imageGarbage.store, clock, onChange: tellStanding })
      : undefined;
  const pressureCare =
    ports.pressure &&
    makePressureCare({
      ...ports.pressure,
      ...means,
      imageDisk: async (gone) => ports.imageGarbage?.store.disk(gone),
      images: imageCare,
      runtime,
      roster,
      tell: tellOfNode,
      onChange: onPressure,
    });
  const logCare = ports.logKeeping && makeLogCare({ ...ports.logKeeping, runtime, roster, files, clock, log });
  const desk = makeView({
    clock,
    roster,
    runtime,
    files,
    news,
    prober,
    asked: store.asked,
    documents: shelf.summaries,
    problems: sources.problems,
    health: agentHealth,
  });
  /** @bound Loops of the agent: a fixed number. */
  const loops: Loop[] = [];
  /** @bound Loops of others that count: a fixed number. */
  const watched: Loop[] = [];
  /** @bound Parts of the agent that follow where it stands: a fixed number. */
  const standingListeners: (() => void)[] = [];
  let listedMonoMs: MonoMs | undefined;
  let adopted = false;

  function tellStanding(): void {
    for (const listener of standingListeners) listener();
  }
  function onHealth(): void {
    ringAll();
    tellStanding();
  }
  function onPressure(): void {
    node.ring();
    tellStanding();
  }
  function tellShutdown(goesOn: boolean): void {
    tellOfNode({ kind: "shutdown", goesOn });
    tellStanding();
  }
  function tellOfNode(moment: NodeMoment): void {
    news.tell([nodeNews(setup.facts.nodeName, moment, clock.now())]);
  }
  function ringAll(): void {
    for (const worker of roster.all()) worker.ring();
  }
  function tellStatus(worker: Worker): void {
    startTimes.note(worker.uid, worker.show().status.phase);
    counts.noteStatus(worker.show().pod, worker.show().status.phase);
    desk.tellPod(worker);
    for (const feed of podFeeds) feed.put(worker.uid, { kind: "put", pod: rendered(worker) });
  }
  function onForgotten(pod: DesiredPod): void {
    counts.forget(pod.uid);
    startTimes.forget(pod.uid);
    volumes.forget(pod.uid);
    // it comes back under its UID (F13): the file was there again before the pod had gone
    if (store.asksFor(pod)) meter.add("kubelet_restarted_pods_total", { static: staticLabel(pod) });
    prober.forget(pod.uid);
    desk.tellGone(pod);
    for (const feed of podFeeds) feed.put(pod.uid, { kind: "gone", key: podKey(pod) });
    log.info("a pod is gone", { pod: pod.uid, name: pod.name });
  }
  function onSourcesChange(change: Change, becameReady: boolean): void {
    if (change.pods.length + change.updated.length > 0) clusterShelf.follow(store.asked());
    for (const uid of change.updated) {
      const accepted = store.accepted(uid);
      const worker = roster.get(uid);
      if (accepted !== undefined && worker && store.asksFor(worker.show().pod)) worker.update(accepted.pod);
    }
    for (const uid of [...change.pods, ...change.documents]) roster.get(uid)?.ring();
    if (change.problems) desk.tellProblems(sources.problems());
    if (change.pods.length + change.updated.length > 0 || becameReady) node.ring();
  }
  function seeAll(list: WholeList): void {
    roster.seeAll(list);
    const isFirst = listedMonoMs === undefined;
    listedMonoMs = clock.now().monoMs;
    if (isFirst) tellStanding();
    listed.resolve();
    node.ring();
  }
  function agentHealth(): AgentHealth {
    const unwell = [...loops, ...watched]
      .filter((loop) => !loop.well())
      .map(({ name }) => `the loop "${name}" failed or hangs`);
    const unready = [
      ...(adopted ? [] : ["the runtime's pods have not been listed yet"]),
      ...(sources.ready() ? [] : ["the manifest directory has not been read whole yet"]),
      ...(health.now().runtimeReady ? [] : [health.now().message ?? "the runtime is not ready"]),
    ];
    const reasons = [...unwell, ...unready];
    return { live: unwell.length === 0, ready: reasons.length === 0, reasons };
  }
  function start(name: string, run: Round, beat: { readonly beatWithinMs?: number } = {}): void {
    loops.push(startLoop(name, run, { clock, log, signal, ...beat }));
  }
  async function adopt(): Promise<void> {
    await listed.promise;
    await Promise.all([
      within(sources.first, FIRST_SIGHTING_MS, clock),
      within(fillGuests(lobby, details), FIRST_DETAILS_MS, clock),
    ]);
    if (signal.aborted) return;
    meter.set("berth_adopted_pods", {}, runningGuests(lobby));
    goOnEnding(legacy, roster, clock.now().monoMs);
    adopted = true;
    start("node", node.run, node);
    if (pressureCare !== undefined) start("pressure", pressureCare.run, pressureCare);
    if (logCare !== undefined) start("container logs", logCare.run, logCare);
  }

  ports.cgroups?.listen(tellOfNode);
  start("runtime health", health.run, health);
  start("runtime events", watch.follow);
  start("runtime lists", watch.list, watch);
  start("manifests", sources.run);
  start("events", news.run);
  if (documentFeed !== undefined) start("documents", documentFeed.run);
  if (imageCare !== undefined) start("images", imageCare.run, imageCare);
  if (imageList !== undefined) start("list of images", imageList.run, imageList);
  if (ports.shutdown !== undefined) {
    start("shutdown of the host", makeShutdownWatch({ ...ports.shutdown, ...means, node, tell: tellShutdown }));
  }
  for (const [place, feed] of podFeeds.entries()) start(`statuses ${place}`, feed.run);
  const adoption = adopt().catch((error: unknown) => log.error("adoption failed; this is a fault in Berth", { error }));

  return {
    view: desk.view,
    adopted: adoption,
    standing: () =>
      standingOf(
        {
          told: health.told(),
          listedMonoMs,
          shuttingDown: node.isShuttingDown(),
          pressures: pressureCare?.pressures(),
          images: imageList?.images() ?? [],
        },
        runtime.capabilities(),
      ),
    onStanding: (listener) => void standingListeners.push(listener),
    tell: news.tell,
    onEvent: news.listen,
    watchOver: (loop) => void watched.push(loop),
    bound,
    clusterShelf,
    async collectImages(dryRun, gone) {
      if (imageCare === undefined) throw new BerthError("NotFound", "images are not collected here");
      return imageCare.collect(dryRun, gone);
    },
    async stop() {
      leaving.abort();
      listed.resolve();
      await adoption;
      await Promise.all(loops.map((loop) => loop.over));
      await roster.leave();
      prober.leave();
    },
  };
}
