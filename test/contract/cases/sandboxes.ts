import { expect } from "vitest";
import { BOX, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, POLITE } from "../programs.ts";

/** Pods' sandboxes: names, states, what is kept of them, how they end. */
export const SANDBOX_CASES: readonly Case[] = [
  {
    that: "a sandbox is ready when the call that made it answers",
    async holds(bench) {
      const { id } = await bench.box();
      expect(await bench.boxStatus(id)).toMatchObject({ id, state: BOX.ready });
      expect(await bench.boxListed(id)).toMatchObject({ id, state: BOX.ready });
    },
  },
  {
    that: "a sandbox keeps its pod's name, namespace, UID and attempt",
    async holds(bench) {
      const { id, config } = await bench.box({ attempt: 3 });
      expect((await bench.boxListed(id))?.metadata).toEqual(config.metadata);
      expect((await bench.boxStatus(id)).metadata).toEqual(config.metadata);
    },
  },
  {
    that: "a sandbox keeps labels and annotations to the letter, the empty and the long ones too",
    async holds(bench) {
      const labels = { "a.example/b": "c", empty: "" };
      const annotations = { text: "x".repeat(5_000), umlaut: "grün", json: '{"a":[1]}' };
      const { id } = await bench.box({ labels, annotations });
      for (const seen of [await bench.boxListed(id), await bench.boxStatus(id)]) {
        expect(seen?.labels).toMatchObject(labels);
        expect(seen?.annotations).toEqual(annotations);
      }
    },
  },
  {
    that: "a sandbox with a network of its own has an address as soon as it is there",
    async holds(bench) {
      const { id } = await bench.box({ network: true });
      expect((await bench.boxStatus(id)).network?.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    },
  },
  {
    that: "a sandbox on the host's network has no address",
    async holds(bench) {
      const { id } = await bench.box();
      expect((await bench.boxStatus(id)).network?.ip ?? "").toBe("");
    },
  },
  {
    that: "two pods never get one address",
    async holds(bench) {
      const boxes = [await bench.box({ network: true }), await bench.box({ network: true })];
      const [one, other] = await Promise.all(boxes.map(async ({ id }) => (await bench.boxStatus(id)).network?.ip));
      expect(one).not.toBe(other);
    },
  },
  {
    that: "the time of its making is in nanoseconds, between the call and its answer",
    async holds(bench) {
      const before = Date.now();
      const { id } = await bench.box();
      const madeMs = Number((await bench.boxStatus(id)).created_at / 1_000_000n);
      expect(madeMs).toBeGreaterThanOrEqual(before - 1);
      expect(madeMs).toBeLessThanOrEqual(Date.now() + 1);
    },
  },
  {
    that: "one pod's attempt gets one sandbox: a second call names the holder of the name",
    async holds(bench) {
      const { id, config } = await bench.box();
      await expect(bench.call("RunPodSandbox", { config })).rejects.toMatchObject({
        code: "RuntimeNameReserved",
        holder: id,
      });
    },
  },
  {
    that: "of two equal calls at the same time one makes the sandbox and the other is told that the name is taken",
    async holds(bench) {
      const config = bench.boxConfig();
      const ends = await Promise.all([
        bench.outcome("RunPodSandbox", { config }),
        bench.outcome("RunPodSandbox", { config }),
      ]);
      expect(ends.sort()).toEqual(["RuntimeNameReserved", "done"]);
    },
  },
  {
    that: "another attempt of the same pod stands beside the first",
    async holds(bench) {
      const { id, config } = await bench.box({ uid: "beside" });
      const other = await bench.box({ uid: config.metadata?.uid ?? "", attempt: 1 });
      expect(other.id).not.toBe(id);
      expect(await bench.boxListed(id)).toMatchObject({ state: BOX.ready });
    },
  },
  {
    that: "a stopped sandbox is still listed, not ready, and holds its name",
    async holds(bench) {
      const { id, config } = await bench.box();
      await bench.call("StopPodSandbox", { pod_sandbox_id: id });
      // containerd 2.x answers before it has heard of the end of the sandbox's own process.
      await bench.eventually("it is not ready", async () =>
        expect(await bench.boxListed(id)).toMatchObject({ state: BOX.notReady }),
      );
      expect(await bench.outcome("RunPodSandbox", { config })).toBe("RuntimeNameReserved");
    },
  },
  {
    that: "a removed sandbox is gone from list and status, and its name is free",
    async holds(bench) {
      const { id, config } = await bench.box();
      await bench.call("StopPodSandbox", { pod_sandbox_id: id });
      await bench.call("RemovePodSandbox", { pod_sandbox_id: id });
      expect(await bench.boxListed(id)).toBeUndefined();
      expect(await bench.outcome("PodSandboxStatus", { pod_sandbox_id: id })).toBe("RuntimeNotFound");
      expect(await bench.outcome("RunPodSandbox", { config })).toBe("done");
    },
  },
  {
    that: "stopping a sandbox twice does no harm",
    async holds(bench) {
      const { id } = await bench.box({ network: true });
      expect(await bench.outcome("StopPodSandbox", { pod_sandbox_id: id })).toBe("done");
      expect(await bench.outcome("StopPodSandbox", { pod_sandbox_id: id })).toBe("done");
    },
  },
  {
    that: "removing a sandbox twice does no harm",
    async holds(bench) {
      const { id } = await bench.box();
      expect(await bench.outcome("RemovePodSandbox", { pod_sandbox_id: id })).toBe("done");
      expect(await bench.outcome("RemovePodSandbox", { pod_sandbox_id: id })).toBe("done");
    },
  },
  {
    that: "stopping or removing a sandbox that never was is done, or answered with NotFound",
    async holds(bench) {
      const request = { pod_sandbox_id: "0".repeat(64) };
      expect(["done", "RuntimeNotFound"]).toContain(await bench.outcome("StopPodSandbox", request));
      expect(["done", "RuntimeNotFound"]).toContain(await bench.outcome("RemovePodSandbox", request));
    },
  },
  {
    that: "stopping a sandbox ends what runs in it, which is then exited with 137",
    async holds(bench) {
      const box = await bench.box();
      const ids = [await bench.started(box, DEAF, { name: "a" }), await bench.started(box, POLITE, { name: "b" })];
      await bench.call("StopPodSandbox", { pod_sandbox_id: box.id });
      for (const id of ids) expect(await bench.exited(id)).toMatchObject({ exit_code: 137 });
    },
  },
  {
    that: "removing a sandbox that is ready ends and removes all in it",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.started(box, DEAF);
      const other = await bench.created(box, DEAF, { name: "never-started" });
      await bench.call("RemovePodSandbox", { pod_sandbox_id: box.id });
      for (const gone of [id, other]) {
        expect(await bench.outcome("ContainerStatus", { container_id: gone })).toBe("RuntimeNotFound");
        expect(await bench.listed(gone)).toBeUndefined();
      }
    },
  },
  {
    that: "a sandbox whose own process was killed is not ready, and what runs in it runs on",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.started(box, DEAF);
      await bench.subject.killSandbox(box.id);
      await bench.eventually("it is not ready", async () =>
        expect(await bench.boxListed(box.id)).toMatchObject({ state: BOX.notReady }),
      );
      expect(await bench.status(id)).toMatchObject({ state: STATE.running });
    },
  },
  {
    that: "a killed sandbox can still be stopped and removed",
    async holds(bench) {
      const box = await bench.box({ network: true });
      await bench.started(box, DEAF);
      await bench.subject.killSandbox(box.id);
      expect(await bench.outcome("StopPodSandbox", { pod_sandbox_id: box.id })).toBe("done");
      expect(await bench.outcome("RemovePodSandbox", { pod_sandbox_id: box.id })).toBe("done");
      expect(await bench.boxListed(box.id)).toBeUndefined();
    },
  },
  {
    that: "the status of a sandbox that never was is NotFound",
    async holds(bench) {
      const end = await bench.outcome("PodSandboxStatus", { pod_sandbox_id: "0".repeat(64) });
      expect(end).toBe("RuntimeNotFound");
    },
  },
];
