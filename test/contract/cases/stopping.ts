import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { type Bench, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, FAILS, POLITE, SLOW_TO_GO } from "../programs.ts";

const stop = (bench: Bench, id: string, timeout: number, signal?: AbortSignal): Promise<string> =>
  bench.outcome("StopContainer", { container_id: id, timeout: BigInt(timeout) }, signal);

/** Stops and removals: grace, doubling, giving up. */
export const STOPPING_CASES: readonly Case[] = [
  {
    that: "a stop sends SIGTERM, and a program that heeds it ends with its own code",
    async holds(bench) {
      const id = await bench.started(await bench.box(), POLITE);
      expect(await stop(bench, id, 10)).toBe("done");
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 7, reason: "Error" });
    },
  },
  {
    that: "a stop answers only when the container has exited",
    async holds(bench) {
      const id = await bench.started(await bench.box(), SLOW_TO_GO);
      expect(await stop(bench, id, 10)).toBe("done");
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 7 });
    },
  },
  {
    that: "a program that is deaf to SIGTERM has its whole grace and is then killed",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const begin = performance.now();
      expect(await stop(bench, id, 1)).toBe("done");
      expect(performance.now() - begin).toBeGreaterThanOrEqual(990);
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 137 });
    },
  },
  {
    that: "a stop without grace kills at once, whatever the program does with SIGTERM",
    async holds(bench) {
      const id = await bench.started(await bench.box(), POLITE);
      expect(await stop(bench, id, 0)).toBe("done");
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 137 });
    },
  },
  {
    that: "a stop of what was never started does nothing",
    async holds(bench) {
      const id = await bench.created(await bench.box(), DEAF);
      expect(await stop(bench, id, 1)).toBe("done");
      expect(await bench.status(id)).toMatchObject({ state: STATE.created });
    },
  },
  {
    that: "a stop of what has exited changes neither code nor time",
    async holds(bench) {
      const id = await bench.started(await bench.box(), FAILS);
      const { exit_code, finished_at } = await bench.exited(id);
      expect(await stop(bench, id, 1)).toBe("done");
      expect(await bench.status(id)).toMatchObject({ exit_code, finished_at });
    },
  },
  {
    that: "a stop or removal of what is not there is done, or answered with NotFound",
    async holds(bench) {
      const id = "0".repeat(64);
      expect(["done", "RuntimeNotFound"]).toContain(await stop(bench, id, 1));
      const removal = await bench.outcome("RemoveContainer", { container_id: id });
      expect(["done", "RuntimeNotFound"]).toContain(removal);
    },
  },
  {
    that: "a second stop with a shorter grace ends the container, and both are answered",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const first = stop(bench, id, 60);
      await sleep(100);
      expect(await stop(bench, id, 1)).toBe("done");
      expect(await first).toBe("done");
      expect(await bench.status(id)).toMatchObject({ state: STATE.exited, exit_code: 137 });
    },
  },
  {
    that: "a stop whose caller has left has sent its SIGTERM: the container goes in its own time",
    async holds(bench) {
      const id = await bench.started(await bench.box(), SLOW_TO_GO);
      expect(await stop(bench, id, 30, AbortSignal.timeout(300))).toBe("RuntimeCancelled");
      expect(await bench.exited(id)).toMatchObject({ exit_code: 7 });
    },
  },
  {
    that: "a stop whose caller has left kills nobody when its grace is over",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      expect(await stop(bench, id, 2, AbortSignal.timeout(200))).toBe("RuntimeCancelled");
      await sleep(2_500);
      expect(await bench.status(id)).toMatchObject({ state: STATE.running });
      expect(await stop(bench, id, 0)).toBe("done");
    },
  },
  {
    that: "a stop is answered when the container ends for another reason meanwhile",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const stopping = stop(bench, id, 60);
      await sleep(100);
      await bench.subject.killContainer(id);
      expect(await stopping).toBe("done");
    },
  },
  {
    that: "a container that runs is removed by force",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.started(box, DEAF);
      expect(await bench.outcome("RemoveContainer", { container_id: id })).toBe("done");
      expect(await bench.outcome("ContainerStatus", { container_id: id })).toBe("RuntimeNotFound");
      expect(await bench.outcome("CreateContainer", bench.createRequest(box, DEAF))).toBe("done");
    },
  },
  {
    that: "removing a container twice does no harm",
    async holds(bench) {
      const id = await bench.created(await bench.box(), DEAF);
      expect(await bench.outcome("RemoveContainer", { container_id: id })).toBe("done");
      expect(await bench.outcome("RemoveContainer", { container_id: id })).toBe("done");
    },
  },
  {
    that: "a container outlives its stopped sandbox as a record, and can be removed first or with it",
    async holds(bench) {
      const box = await bench.box();
      const [one, other] = [await bench.started(box, DEAF), await bench.started(box, DEAF, { name: "other" })];
      await bench.call("StopPodSandbox", { pod_sandbox_id: box.id });
      expect(await bench.listed(one)).toMatchObject({ state: STATE.exited });
      expect(await bench.outcome("RemoveContainer", { container_id: one })).toBe("done");
      expect(await bench.outcome("RemovePodSandbox", { pod_sandbox_id: box.id })).toBe("done");
      expect(await bench.listed(other)).toBeUndefined();
    },
  },
];
