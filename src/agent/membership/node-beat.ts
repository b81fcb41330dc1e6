import { makeBell } from "../../base/bell.ts";
import type { Chance, Clock } from "../../base/clock.ts";
import { BerthError } from "../../base/errors.ts";
import { HEARTBEAT_PATIENCE, mendsByReconnecting, patienceMs, restOfWait } from "../../decide/api-patience.ts";
import { type NodeIdentity, newNode, nodeStatus, reconciled } from "../../decide/cluster-node.ts";
import { transitionsOf } from "../../decide/node-conditions.ts";
import { type NodeMoment, nodeNews } from "../../decide/node-news.ts";
import { believed, type Echo, nodePatch } from "../../decide/node-patch.ts";
import type { ClusterNode } from "../../pod/cluster.ts";
import type { PodEvent } from "../../pod/event.ts";
import type { Standing } from "../../pod/standing.ts";
import type { Cluster } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import type { NodeStartup } from "./node-startup.ts";

/** Pace of the node's status (node.md 2.4). */
export type StatusPace = {
  /** How often it is worked out. */
  readonly lookMs: number;
  /** How often it is told although nothing changed. */
  readonly reportMs: number;
};

/** The node's own object on the server. */
export type NodeBeat = {
  /** Something that the status tells may have changed. */
  ring(): void;
  /** The node as the server has it, from its own watch. */
  see(node: ClusterNode): void;
  gone(): void;
  /** The UID of the node. Throws when the server does not know it. */
  uid(signal: AbortSignal): Promise<string>;
  /** The node as it was last seen; undefined before it is registered, and once it is gone. */
  known(): ClusterNode | undefined;
  readonly run: Round;
};

const JITTER = 0.04;

/**
 * Registers the node and tells its status (node.md 2.1 to 2.4).
 *
 * N1  The node is made, or brought up to date, once in the agent's life; one that is deleted later is not made again.
 * N2  A status is sent when anything but a heartbeat time differs, or when the report is due. The first report after a change
 *     comes half a period earlier or later by chance, so that the reports of many nodes do not meet.
 * N3  What the server was told is what it answered, or what the watch shows since: a condition that the control plane has set
 *     to Unknown differs, and is told anew.
 */
export function makeNodeBeat(tools: {
  readonly cluster: Cluster;
  readonly identity: NodeIdentity;
  readonly pace: StatusPace;
  readonly register: boolean;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly startup: NodeStartup;
  standing(): Standing;
  tell(events: readonly PodEvent[]): void;
}): NodeBeat {
  const { cluster, identity, pace, clock, chance, contact, startup } = tools;
  const { nodeName } = identity.facts;
  const object = { kind: "nodes" as const, name: nodeName };
  const bell = makeBell(clock);
  let known: ClusterNode | undefined;
  let joined = !tools.register;
  let dueMonoMs = Number.NEGATIVE_INFINITY;
  let rebootTold = false;
  let unschedulable = false;
  let echo: Echo | undefined;

  const tell = (moment: NodeMoment): void => tools.tell([nodeNews(nodeName, moment, clock.now())]);
  const keep = (sent: ClusterNode, answered: ClusterNode): void => {
    known = newer(known, answered); // the watch may have told what came after it
    if (answered.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"))
      startup.isReady();
    if (sent.status !== undefined && answered.status !== undefined)
      echo = { sent: sent.status, answered: answered.status };
  };
  const wanted = (node: ClusterNode): ClusterNode => ({
    ...node,
    status: nodeStatus(node.status ?? {}, identity, tools.standing(), clock.now()),
  });
  const noteNews = (before: ClusterNode, now: ClusterNode): void => {
    for (const status of transitionsOf(before.status?.conditions ?? [], now.status?.conditions ?? []))
      tell({ kind: "status", status });
    const oldBoot = before.status?.nodeInfo?.bootID ?? "";
    if (oldBoot === "" || oldBoot === identity.facts.bootId || rebootTold) return;
    rebootTold = true;
    tell({ kind: "rebooted", bootId: identity.facts.bootId });
  };
  const noteSchedulable = ({ spec }: ClusterNode): void => {
    if ((spec?.unschedulable ?? false) === unschedulable) return;
    unschedulable = !unschedulable;
    tell({ kind: "status", status: unschedulable ? "NodeNotSchedulable" : "NodeSchedulable" });
  };
  const send = async (
    before: ClusterNode,
    now: ClusterNode,
    heartbeat: boolean,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const patch = nodePatch(before, now, heartbeat);
    if (patch === undefined) return false;
    keep(now, await cluster.patch({ ...object, subresource: "status" }, patch, signal));
    return true;
  };
  const join = async (signal: AbortSignal): Promise<void> => {
    try {
      const made = newNode(identity, tools.standing(), clock.now());
      startup.asks();
      const answered = await cluster.create({ kind: "nodes" }, made, signal);
      startup.isMade();
      keep(made, answered);
      noteNews({ metadata: {} }, made);
    } catch (error) {
      if (!(error instanceof BerthError) || !["ApiExists", "ApiForbidden"].includes(error.code)) throw error;
      const there = await cluster.get(object, signal);
      known = there;
      const next = reconciled(there, identity);
      await send(there, { ...next, ...(there.status === undefined ? {} : { status: there.status }) }, false, signal);
    }
    joined = true;
  };
  const report = async (signal: AbortSignal): Promise<void> => {
    const before = believed(known ?? (await cluster.get(object, signal)), echo);
    noteSchedulable(before);
    const { monoMs } = clock.now();
    const due = monoMs >= dueMonoMs;
    const now = wanted(before);
    const changed = nodePatch(before, now, false) !== undefined;
    if (!(await send(before, now, due, signal))) return;
    noteNews(before, now);
    dueMonoMs = monoMs + pace.reportMs * (changed || dueMonoMs < 0 ? 0.5 + chance.fraction() : 1);
    contact.well("node");
  };

  return {
    ring: bell.ring,
    see(node) {
      if (known === undefined && !joined) return;
      known = newer(known, node);
      bell.ring();
    },
    gone() {
      known = undefined;
    },
    known: () => known,
    async uid(signal) {
      const node = known ?? (await cluster.get(object, signal));
      if (node.metadata.uid === undefined) throw new BerthError("ApiBadAnswer", `the node ${nodeName} has no UID`);
      return node.metadata.uid;
    },
    async run(signal, beat) {
      let failures = 0;
      while (!signal.aborted) {
        let pauseMs = pace.lookMs * (1 + JITTER * chance.fraction());
        const begunMonoMs = clock.now().monoMs;
        try {
          if (!joined) await join(signal);
          await report(signal);
          failures = 0;
        } catch (thrown) {
          if (signal.aborted) return;
          failures += 1;
          known = undefined; // the next try reads it first
          const error = contact.failed("node", thrown);
          if (failures > 1 && mendsByReconnecting(error)) cluster.disconnect();
          const waitMs = patienceMs(HEARTBEAT_PATIENCE, failures, error, chance);
          const patient =
            error.retryAfterMs === undefined ? restOfWait(waitMs, clock.now().monoMs - begunMonoMs) : waitMs;
          // A node that was deleted is not asked for more often than its status is due.
          pauseMs = joined && error.code === "ApiNotFound" ? pauseMs : patient;
          beat();
          await clock.sleep(pauseMs, signal);
          continue;
        }
        beat();
        await bell.wait(clock.now().monoMs + pauseMs, signal);
      }
    },
  };
}

/** Of two sights of one node the later one; the server counts versions upwards. */
function newer(one: ClusterNode | undefined, other: ClusterNode): ClusterNode {
  const version = (node: ClusterNode): number => Number(node.metadata.resourceVersion ?? 0);
  return one === undefined || one.metadata.uid !== other.metadata.uid || version(other) >= version(one) ? other : one;
}
