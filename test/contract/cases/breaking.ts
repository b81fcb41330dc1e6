import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { type Bench, BOX, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, FAILS, FAILS_LATER, POLITE } from "../programs.ts";

const RESTARTS = ["TERM", "KILL"] as const;
const restart = async ({ subject }: Bench, signal: (typeof RESTARTS)[number]): Promise<void> => {
  await subject.down(signal);
  await subject.up();
};

/** After a call that was given up: the name is held exactly when the list shows a holder, once all has settled. */
const agrees = (bench: Bench, isListed: () => Promise<boolean>, again: () => Promise<string>): Promise<void> =>
  bench.eventually("the list and the name agree", async () => {
    const wasListed = await isListed();
    expect(await again()).toBe(wasListed ? "RuntimeNameReserved" : "done");
  });

/** Calls that were given up, and the runtime's own restarts. */
export const BREAKING_CASES: readonly Case[] = [
  ...[0, 20, 60].map(
    (afterMs): Case => ({
      that: `a sandbox whose caller left after ${afterMs} ms is either listed or never was`,
      async holds(bench) {
        const config = bench.boxConfig({ network: true });
        await bench.outcome("RunPodSandbox", { config }, AbortSignal.timeout(afterMs));
        const uid = config.metadata?.uid;
        const isListed = async (): Promise<boolean> =>
          (await bench.call("ListPodSandbox", {})).items.some(({ metadata }) => metadata?.uid === uid);
        await agrees(bench, isListed, () => bench.outcome("RunPodSandbox", { config }));
      },
    }),
  ),
  ...[0, 10].map(
    (afterMs): Case => ({
      that: `a container whose maker left after ${afterMs} ms is either listed or never was`,
      async holds(bench) {
        const box = await bench.box();
        const request = bench.createRequest(box, DEAF);
        await bench.outcome("CreateContainer", request, AbortSignal.timeout(afterMs));
        const filter = { pod_sandbox_id: box.id };
        const isListed = async (): Promise<boolean> =>
          (await bench.call("ListContainers", { filter })).containers.length > 0;
        await agrees(bench, isListed, () => bench.outcome("CreateContainer", request));
      },
    }),
  ),
  {
    that: "a removal whose caller left can be asked for again",
    async holds(bench) {
      const box = await bench.box({ network: true });
      await bench.started(box, DEAF);
      await bench.outcome("RemovePodSandbox", { pod_sandbox_id: box.id }, AbortSignal.timeout(20));
      await bench.eventually("it is removed", async () => {
        await bench.call("StopPodSandbox", { pod_sandbox_id: box.id });
        await bench.call("RemovePodSandbox", { pod_sandbox_id: box.id });
        expect(await bench.boxListed(box.id)).toBeUndefined();
      });
    },
  },
  ...RESTARTS.map(
    (signal): Case => ({
      that: `over a restart of the runtime by SIG${signal} what runs runs on, under the same ids and times`,
      async holds(bench) {
        const box = await bench.box({ network: true });
        const id = await bench.started(box, POLITE);
        const [boxBefore, before] = [await bench.boxStatus(box.id), await bench.status(id)];
        await restart(bench, signal);
        const after = await bench.status(id);
        expect(after).toMatchObject({
          state: STATE.running,
          started_at: before.started_at,
          created_at: before.created_at,
        });
        const { state, network, created_at } = await bench.boxStatus(box.id);
        expect({ state, ip: network?.ip, created_at }).toEqual({
          state: BOX.ready,
          ip: boxBefore.network?.ip,
          created_at: boxBefore.created_at,
        });
        // And it can be stopped as ever.
        await bench.call("StopContainer", { container_id: id, timeout: 10n });
        expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 7 });
      },
    }),
  ),
  {
    that: "over a restart names stay taken, and labels and annotations are kept",
    async holds(bench) {
      const box = await bench.box({ labels: { of: "box" }, annotations: { a: "1" } });
      const id = await bench.created(box, DEAF, { labels: { of: "app" }, annotations: { b: "2" } });
      await restart(bench, "KILL");
      expect(await bench.boxListed(box.id)).toMatchObject({ labels: { of: "box" }, annotations: { a: "1" } });
      expect(await bench.listed(id)).toMatchObject({ labels: { of: "app" }, annotations: { b: "2" } });
      expect(await bench.outcome("RunPodSandbox", { config: box.config })).toBe("RuntimeNameReserved");
      expect(await bench.outcome("CreateContainer", bench.createRequest(box, DEAF))).toBe("RuntimeNameReserved");
    },
  },
  {
    that: "over a restart a container that was made but not started can still be started",
    async holds(bench) {
      const id = await bench.created(await bench.box(), DEAF);
      await restart(bench, "KILL");
      expect(await bench.status(id)).toMatchObject({ state: STATE.created });
      expect(await bench.outcome("StartContainer", { container_id: id })).toBe("done");
    },
  },
  {
    that: "over a restart an exited container keeps code, reason and time",
    async holds(bench) {
      const id = await bench.started(await bench.box(), FAILS);
      const { exit_code, reason, finished_at } = await bench.exited(id);
      await restart(bench, "TERM");
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code, reason, finished_at });
    },
  },
  {
    // containerd 1.6 has kept its code, 2.x has forgotten it: 255 and Unknown.
    that: "an exit while the runtime was down is known as one when it is back",
    async holds(bench) {
      const id = await bench.started(await bench.box(), FAILS_LATER);
      await bench.subject.down("KILL");
      await sleep(2_500);
      await bench.subject.up();
      expect([4, 255]).toContain((await bench.exited(id)).exit_code);
    },
  },
  {
    that: "a sandbox whose process was killed while the runtime was down is not ready when it is back",
    async holds(bench) {
      const box = await bench.box();
      await bench.subject.killSandbox(box.id);
      await restart(bench, "KILL");
      await bench.eventually("it is not ready", async () =>
        expect(await bench.boxListed(box.id)).toMatchObject({ state: BOX.notReady }),
      );
    },
  },
  {
    that: "a call while the runtime is down fails as unavailable",
    async holds(bench) {
      await bench.subject.down("TERM");
      try {
        expect(await bench.outcome("Version", {})).toBe("RuntimeUnavailable");
      } finally {
        await bench.subject.up();
      }
      expect(await bench.outcome("Version", {})).toBe("done");
    },
  },
  {
    that: "a stop that the runtime's end broke off is not carried on after it",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const stopping = bench.outcome("StopContainer", { container_id: id, timeout: 3n });
      await sleep(200);
      await restart(bench, "KILL");
      expect(await stopping).toBe("RuntimeUnavailable");
      await sleep(3_200);
      expect(await bench.status(id)).toMatchObject({ state: STATE.running });
    },
  },
  {
    that: "the event stream breaks when the runtime ends",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      await restart(bench, "KILL");
      expect(await events.end).toBe("RuntimeUnavailable");
    },
  },
];
