import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContact } from "../../src/agent/membership/contact.ts";
import { makeFollow } from "../../src/agent/membership/follow.ts";
import { makeMirrors } from "../../src/agent/membership/mirrors.ts";
import { makeWatch } from "../../src/agent/watch.ts";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { MIRROR_ANNOTATION } from "../../src/decide/mirror-pod.ts";
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

describe("mirror pods (node.md 3.5)", () => {
  let folder: string;
  let server: ApiServer;
  let doors: ClusterDoors;
  let ended: AbortController;
  let rounds: readonly Promise<void>[];
  let ready: boolean;
  let host: ReturnType<typeof makeWatch<PodChange>>;
  let heard: ReturnType<typeof recordingMeter>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-mirrors-"));
    server = await startApiServer();
    doors = await openDoors(server.url, join(folder, "kubeconfig"));
    ended = new AbortController();
    ready = true;
    const node = server.place("nodes", { metadata: { name: "n1" } });
    host = makeWatch<PodChange>(CLOCK);
    heard = recordingMeter();
    const contact = makeContact({ clock: CLOCK, log: silentLog, meter: silentMeter });
    const shared = { cluster: doors.general, clock: CLOCK, chance: CHANCE, contact, meter: heard.meter };
    const mirrors = makeMirrors({
      ...shared,
      view: {
        watchPods: (signal) => host.follow([{ kind: "synced" }], signal),
        health: () => ({ live: true, ready, reasons: [] }),
      },
      owner: () => ({ name: "n1", uid: node.metadata.uid }),
    });
    const follow = makeFollow({
      ...shared,
      of: { kind: "pods", fieldSelector: "spec.nodeName=n1" },
      topic: "pod watch",
      follower: mirrors.follower,
    });
    const never = (): void => undefined;
    rounds = [mirrors.watchLocal, follow, mirrors.run].map((round) => round(ended.signal, never));
  });
  afterEach(async () => {
    ended.abort();
    doors.close();
    await server.close();
    await Promise.all(rounds);
    await rm(folder, { recursive: true, force: true });
  });

  const local = (phase: string, hash = "h1"): v1.Pod => ({
    metadata: { name: "web-n1", namespace: "default", uid: hash, annotations: { "kubernetes.io/config.hash": hash } },
    spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] },
    status: {
      phase,
      startTime: "2026-01-01T00:00:00Z",
      conditions: [{ type: "Ready", status: phase === "Running" ? "True" : "False" }],
    },
  });
  const put = (pod: v1.Pod): void => host.tell(pod.metadata?.uid ?? "", { kind: "put", pod });
  const gone = (uid: string): void => host.tell(uid, { kind: "gone", key: "default/web-n1" });
  /** Nobody has looked at it yet, or it waits for its name. */
  const unbegun = (hash: string): v1.Pod => ({ ...local("Pending", hash), status: { phase: "Pending" } });
  const ending = (pod: v1.Pod): v1.Pod => ({
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T00:01:00Z", deletionGracePeriodSeconds: 60 },
  });
  const mirror = (): Kept | undefined => server.shelf.all("pods").find(({ metadata }) => metadata.name === "web-n1");
  const phase = (): unknown => (mirror()?.status as v1.PodStatus | undefined)?.phase;
  const hash = (): string | undefined => mirror()?.metadata.annotations?.[MIRROR_ANNOTATION];

  it("come, follow their pods, and go with them", async () => {
    put(local("Pending"));
    await server.shelf.until(() => mirror() !== undefined);
    put(local("Running"));
    await server.shelf.until(() => phase() === "Running");
    await expect.poll(() => heard.gauge("kubelet_mirror_pods")).toBe(1);
    await expect.poll(() => heard.told("kubelet_pod_status_sync_duration_seconds").length).toBeGreaterThan(0);
    gone("h1");
    await server.shelf.until(() => mirror() === undefined);
    await expect.poll(() => heard.gauge("kubelet_mirror_pods")).toBe(0);
  });

  it("come back when they are deleted, and anew when their pod is another one", async () => {
    put(local("Running"));
    await server.shelf.until(() => phase() === "Running");
    const first = mirror()?.metadata.uid;
    server.remove("pods", "default", "web-n1");
    await server.shelf.until(() => phase() === "Running" && mirror()?.metadata.uid !== first);
    put(local("Running", "h2"));
    await server.shelf.until(() => hash() === "h2" && phase() === "Running");
  });

  describe("of a pod whose manifest was changed (T14, I6)", () => {
    const waiting = unbegun("h2");
    let first: string | undefined;
    /** Comes back when all that was told before has been looked at: errands are run in their order. */
    const lookedAt = async (name: string): Promise<void> => {
      const { metadata, ...rest } = local("Running", name);
      put({ ...rest, metadata: { ...metadata, name } });
      await server.shelf.until(() => server.shelf.all("pods").some((pod) => pod.metadata.name === name));
    };
    const deletions = (): number => server.requests.filter((one) => one === "DELETE pods").length;

    beforeEach(async () => {
      put(local("Running"));
      await server.shelf.until(() => phase() === "Running");
      first = mirror()?.metadata.uid;
    });

    it.each([
      ["its end is told first", [ending(local("Running")), waiting]],
      ["its successor is told first", [waiting, ending(local("Running"))]],
    ])("show it as long as it ends: %s", async (_, told) => {
      for (const [index, pod] of told.entries()) {
        put(pod);
        await lookedAt(`other-${index}`);
      }
      put(ending(local("Succeeded")));
      await server.shelf.until(() => phase() === "Succeeded");
      expect([hash(), mirror()?.metadata.uid, deletions()]).toEqual(["h1", first, 0]);
    });

    it.each([
      ["is gone", () => put(waiting)],
      ["still tells what is left of it", () => put(ending(local("Succeeded")))],
    ])("show its successor from its start on, when the old pod %s", async (_, afterwards) => {
      for (const pod of [ending(local("Running")), waiting, local("Pending", "h2")]) put(pod);
      await server.shelf.until(() => hash() === "h2");
      afterwards();
      await lookedAt("other");
      put(local("Running", "h2"));
      await server.shelf.until(() => phase() === "Running");
      expect([hash(), deletions()]).toEqual(["h2", 1]);
    });

    it("stay when its successor has gone without a start, and show the one that starts", async () => {
      for (const pod of [ending(local("Running")), waiting]) put(pod);
      await lookedAt("other-0");
      // Another pod of that name lives on: that is what readers are told instead of the end.
      host.tell("h2", { kind: "put", pod: ending(local("Running")) });
      await lookedAt("other-1");
      expect([hash(), mirror()?.metadata.uid, deletions()]).toEqual(["h1", first, 0]);
      put(local("Running", "h3"));
      await server.shelf.until(() => hash() === "h3" && phase() === "Running");
      expect(deletions()).toBe(1);
    });

    it("go when all are gone", async () => {
      for (const pod of [ending(local("Running")), waiting]) put(pod);
      await lookedAt("other");
      gone("h1");
      await server.shelf.until(() => mirror() === undefined);
    });
  });

  it("keep what they show while nobody has looked at the pod since the agent began", async () => {
    put(local("Running"));
    await server.shelf.until(() => phase() === "Running");
    put(unbegun("h1"));
    put(unbegun("h9"));
    const { metadata, ...rest } = local("Running", "other");
    put({ ...rest, metadata: { ...metadata, name: "other" } });
    await server.shelf.until(() => server.shelf.all("pods").some((pod) => pod.metadata.name === "other"));
    expect([hash(), phase()]).toEqual(["h1", "Running"]);
  });

  it("wait while the server fails, and come when it is back", async () => {
    const failed = new Promise<void>((resolve) => {
      server.trouble(({ method }) => {
        if (method !== "POST") return undefined;
        resolve();
        return { kind: "status", status: 500 };
      });
    });
    put(local("Running"));
    await failed;
    expect(mirror()).toBeUndefined();
    server.trouble(undefined);
    await server.shelf.until(() => phase() === "Running");
  });

  it("stay when a list shows one whose pod is not known yet, until all pods of the host are", async () => {
    ready = false;
    const annotations = { [MIRROR_ANNOTATION]: "old" };
    server.place("pods", { metadata: { name: "old-n1", namespace: "default", annotations }, spec: { nodeName: "n1" } });
    put(local("Running"));
    await server.shelf.until(() => server.shelf.all("pods").some(({ metadata }) => metadata.name === "web-n1"));
    expect(server.shelf.all("pods").map(({ metadata }) => metadata.name)).toContain("old-n1");
    ready = true;
    await server.shelf.until(() => server.shelf.all("pods").every(({ metadata }) => metadata.name === "web-n1"));
  });

  it("leave pods alone that are no mirrors", async () => {
    const other = { metadata: { name: "other", namespace: "default" }, spec: { nodeName: "n1" } };
    server.place("pods", other);
    put(local("Running"));
    await server.shelf.until(() => server.shelf.all("pods").length === 2);
    gone("h1");
    await server.shelf.until(() => server.shelf.all("pods").length === 1);
    expect(server.shelf.all("pods").map(({ metadata }) => metadata.name)).toEqual(["other"]);
    expect(server.requests.filter((one) => one === "DELETE pods")).toHaveLength(1);
  });
});
