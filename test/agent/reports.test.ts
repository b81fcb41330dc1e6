import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContact } from "../../src/agent/membership/contact.ts";
import { makeFollow } from "../../src/agent/membership/follow.ts";
import { makeReports } from "../../src/agent/membership/reports.ts";
import { makeWatch } from "../../src/agent/watch.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import type { ClusterDoors } from "../../src/kube/connect.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { PodChange } from "../../src/ports.ts";
import { openDoors } from "../kit/api-server/door.ts";
import { type ApiServer, startApiServer } from "../kit/api-server/server.ts";
import type { Kept } from "../kit/api-server/shelf.ts";
import { recordingMeter } from "../kit/meter.ts";

/** Pauses are over at once: only their order counts here. */
const CLOCK = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 20, signal) };
const CHANCE = { fraction: () => 0, hex: (digits: number) => "0".repeat(digits) };

describe("what the API server is told of its pods (node.md 3.4, 3.6)", () => {
  let folder: string;
  let server: ApiServer;
  let doors: ClusterDoors;
  let ended: AbortController;
  let rounds: readonly Promise<void>[];
  let host: ReturnType<typeof makeWatch<PodChange>>;
  let heard: ReturnType<typeof recordingMeter>;
  let cleaned: Set<string>;
  let ringCleaned: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-reports-"));
    server = await startApiServer();
    doors = await openDoors(server.url, join(folder, "kubeconfig"));
    ended = new AbortController();
    cleaned = new Set();
    host = makeWatch<PodChange>(CLOCK);
    heard = recordingMeter();
    const contact = makeContact({ clock: CLOCK, log: silentLog, meter: silentMeter });
    const shared = { cluster: doors.general, clock: CLOCK, chance: CHANCE, contact, meter: heard.meter };
    const reports = makeReports({
      ...shared,
      view: { watchPods: (signal) => host.follow([{ kind: "synced" }], signal) },
      isCleaned: (uid) => cleaned.has(uid),
      onCleaned: (listener) => {
        ringCleaned = listener;
      },
    });
    const of = { kind: "pods", fieldSelector: "spec.nodeName=n1" } as const;
    const follow = makeFollow({ ...shared, of, topic: "pod watch", follower: reports.follower });
    rounds = [reports.watchLocal, follow, reports.run].map((round) => round(ended.signal, () => undefined));
  });
  afterEach(async () => {
    ended.abort();
    doors.close();
    await server.close();
    await Promise.all(rounds);
    await rm(folder, { recursive: true, force: true });
  });

  const place = (status: v1.PodStatus = { phase: "Pending" }): Kept =>
    server.place("pods", {
      metadata: { name: "web", namespace: "default" },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
      status,
    });
  const status = (): v1.PodStatus => (server.shelf.all("pods")[0]?.status ?? {}) as v1.PodStatus;
  const tell = (uid: string, phase: string, more: Partial<v1.PodStatus> = {}): void => {
    const ready = phase === "Running" ? ("True" as const) : ("False" as const);
    const pod: v1.Pod = {
      metadata: { name: "web", namespace: "default", uid, annotations: { "kubernetes.io/config.source": "api" } },
      spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
      status: {
        phase,
        startTime: "2026-01-01T00:00:00Z",
        conditions: [{ type: "Ready", status: ready, ...(ready === "True" ? {} : { reason: "ContainersNotReady" }) }],
        ...more,
      },
    };
    host.tell(uid, { kind: "put", pod });
  };
  const remove = (seconds?: number): void =>
    server.remove("pods", "default", "web", seconds === undefined ? {} : { gracePeriodSeconds: seconds });
  const writes = (): string[] => server.requests.filter((line) => /^(PATCH|DELETE) pods/.test(line));

  it("is the newest status; words of an earlier condition go, those of others stay", async () => {
    const { metadata } = place({ phase: "Pending", conditions: [{ type: "example.com/seen", status: "True" }] });
    tell(metadata.uid, "Pending");
    await server.shelf.until(() => status().conditions?.some(({ type }) => type === "Ready") === true);
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    expect(status().conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ["example.com/seen", undefined],
      ["Ready", undefined],
    ]);
  });

  it("is timed from the first change that the server does not know, failures and all", async () => {
    const { metadata } = place();
    const refusedMs: number[] = [];
    server.trouble(({ method }) => {
      if (method !== "PATCH" || refusedMs.length === 3) return undefined;
      refusedMs.push(CLOCK.now().monoMs);
      return { kind: "status", status: 503 };
    });
    const beganMs = CLOCK.now().monoMs;
    tell(metadata.uid, "Pending");
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    const told = (): readonly number[] => heard.told("kubelet_pod_status_sync_duration_seconds");
    await expect.poll(() => told().length).toBe(1);
    const [first = 0, , last = 0] = refusedMs;
    expect(told()[0]).toBeGreaterThanOrEqual((last - first) / 1000);
    expect(told()[0]).toBeLessThanOrEqual((CLOCK.now().monoMs - beganMs) / 1000);
  });

  it("is put right when somebody else writes over it, as a control plane does that has missed heartbeats", async () => {
    const { metadata } = place();
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    const [pod] = server.shelf.all("pods");
    if (pod === undefined) throw new Error("no pod");
    server.shelf.put("pods", { ...pod, status: { ...status(), conditions: [{ type: "Ready", status: "False" }] } });
    await server.shelf.until(() => status().conditions?.[0]?.status === "True");
    expect(status().conditions).toHaveLength(1);
  });

  it("ends with the removal, after the final phase and when nothing is left here, of this UID", async () => {
    const { metadata } = place();
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    remove(30);
    tell(metadata.uid, "Failed");
    await server.shelf.until(() => status().phase === "Failed");
    expect(writes()).not.toContain("DELETE pods");
    cleaned.add(metadata.uid);
    ringCleaned();
    await server.shelf.until(() => server.shelf.all("pods").length === 0);
    expect(writes().slice(-2)).toEqual(["PATCH pods/status", "DELETE pods"]);
  });

  it("never concerns the pod that has taken a name", async () => {
    const { metadata } = place();
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    remove(0);
    const heir = place();
    tell(metadata.uid, "Failed");
    await expect
      .poll(() => {
        tell(heir.metadata.uid, "Running"); // once the watch has told that there is an heir
        return status().phase;
      })
      .toBe("Running");
    expect(server.shelf.all("pods")[0]?.metadata.uid).toBe(heir.metadata.uid);
  });

  it("does not leave a final phase, and takes away the conditions of a pod that was refused", async () => {
    const { metadata } = place({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] });
    tell(metadata.uid, "Failed", { reason: "OutOfcpu", conditions: [] });
    await server.shelf.until(() => status().phase === "Failed");
    expect([status().reason, status().conditions]).toEqual(["OutOfcpu", []]);
    tell(metadata.uid, "Running");
    tell(metadata.uid, "Failed", { reason: "OutOfcpu", conditions: [], message: "told last" });
    await server.shelf.until(() => status().message === "told last");
    expect(status().reason).toBe("OutOfcpu");
  });

  it("is told again after a conflict, although nothing changes any more", async () => {
    const { metadata } = place();
    let isConflict = false;
    server.trouble(({ method }) => {
      if (method !== "PATCH" || isConflict) return undefined;
      isConflict = true;
      return { kind: "status", status: 409 };
    });
    tell(metadata.uid, "Running");
    await server.shelf.until(() => status().phase === "Running");
    expect(writes()).toEqual(["PATCH pods/status", "PATCH pods/status"]);
  }, 30_000);

  it("comes when the server does again", async () => {
    const { metadata } = place();
    server.trouble(({ method }) => (method === "PATCH" ? { kind: "status", status: 500 } : undefined));
    tell(metadata.uid, "Running");
    await expect.poll(() => writes().length).toBeGreaterThan(1);
    server.trouble(undefined);
    await server.shelf.until(() => status().phase === "Running");
  });
});
