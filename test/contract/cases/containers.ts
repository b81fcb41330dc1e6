import { expect } from "vitest";
import { IMAGE, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { CANNOT_START, DEAF, FAILS, SUCCEEDS } from "../programs.ts";

/** Containers: names and attempts, the states of a life, what is kept, and how they end by themselves. */
export const CONTAINER_CASES: readonly Case[] = [
  {
    that: "a container is created and does not run before it is started",
    async holds(bench) {
      const id = await bench.created(await bench.box(), DEAF);
      expect(await bench.status(id)).toMatchObject({ state: STATE.created, started_at: 0n, finished_at: 0n });
      expect(await bench.listed(id)).toMatchObject({ state: STATE.created });
    },
  },
  {
    that: "a container keeps name, attempt, labels, annotations and its sandbox",
    async holds(bench) {
      const box = await bench.box();
      const labels = { "io.kubernetes.container.name": "app" };
      const annotations = { "berth.dev/back-off": "20s", long: "y".repeat(4_000) };
      const id = await bench.created(box, DEAF, { attempt: 12, labels, annotations });
      const listed = await bench.listed(id);
      expect(listed).toMatchObject({ pod_sandbox_id: box.id, metadata: { name: "app", attempt: 12 } });
      for (const seen of [listed, await bench.status(id)]) {
        expect(seen?.metadata).toEqual({ name: "app", attempt: 12 });
        expect(seen?.labels).toMatchObject(labels);
        expect(seen?.annotations).toEqual(annotations);
      }
    },
  },
  {
    that: "a container tells its image by the id under which the image is found",
    async holds(bench) {
      const { image } = await bench.call("ImageStatus", { image: { image: IMAGE } });
      const id = await bench.created(await bench.box(), DEAF);
      const listed = await bench.listed(id);
      expect([listed?.image_ref, listed?.image_id]).toContain(image?.id);
    },
  },
  {
    that: "a container runs when the call that started it answers",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      const status = await bench.status(id);
      expect(status).toMatchObject({ state: STATE.running, finished_at: 0n });
      expect(status.started_at).toBeGreaterThanOrEqual(status.created_at);
      expect(await bench.listed(id)).toMatchObject({ state: STATE.running });
    },
  },
  {
    that: "a container starts once in its life",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.started(box, DEAF);
      expect(await bench.outcome("StartContainer", { container_id: id })).toBe("RuntimeRefused");
      const over = await bench.started(box, SUCCEEDS, { name: "over" });
      await bench.exited(over);
      expect(await bench.outcome("StartContainer", { container_id: over })).toBe("RuntimeRefused");
    },
  },
  {
    that: "one attempt of a name gets one container: a second call names the holder of the name",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.created(box, DEAF);
      await expect(bench.call("CreateContainer", bench.createRequest(box, DEAF))).rejects.toMatchObject({
        code: "RuntimeNameReserved",
        holder: id,
      });
    },
  },
  {
    that: "of two equal calls at the same time one makes the container",
    async holds(bench) {
      const request = bench.createRequest(await bench.box(), DEAF);
      const ends = await Promise.all([
        bench.outcome("CreateContainer", request),
        bench.outcome("CreateContainer", request),
      ]);
      expect(ends.sort()).toEqual(["RuntimeNameReserved", "done"]);
    },
  },
  {
    that: "another attempt can be made while the first one is there, running or not",
    async holds(bench) {
      const box = await bench.box();
      await bench.started(box, DEAF);
      expect(await bench.outcome("CreateContainer", bench.createRequest(box, DEAF, { attempt: 1 }))).toBe("done");
    },
  },
  {
    that: "an exited container holds its name until it is removed",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.started(box, SUCCEEDS);
      await bench.exited(id);
      const request = bench.createRequest(box, SUCCEEDS);
      expect(await bench.outcome("CreateContainer", request)).toBe("RuntimeNameReserved");
      await bench.call("RemoveContainer", { container_id: id });
      expect(await bench.outcome("CreateContainer", request)).toBe("done");
    },
  },
  {
    that: "one name in two sandboxes of a pod's two attempts is one name",
    async holds(bench) {
      const uid = "two-attempts";
      const [one, other] = [await bench.box({ uid }), await bench.box({ uid, attempt: 1 })];
      await bench.created(one, DEAF);
      const again = await bench.outcome("CreateContainer", bench.createRequest(other, DEAF));
      expect(again).toBe("RuntimeNameReserved");
    },
  },
  {
    that: "no container is made of an image that is not there, and the name stays free",
    async holds(bench) {
      const box = await bench.box();
      const without = bench.createRequest(box, DEAF, { image: "docker.io/library/nowhere:1" });
      expect(await bench.outcome("CreateContainer", without)).toBe("RuntimeNotFound");
      expect(await bench.outcome("CreateContainer", bench.createRequest(box, DEAF))).toBe("done");
    },
  },
  {
    that: "no container is made in a sandbox that is not there",
    async holds(bench) {
      const box = { ...(await bench.box()), id: "0".repeat(64) };
      expect(await bench.outcome("CreateContainer", bench.createRequest(box, DEAF))).toBe("RuntimeNotFound");
    },
  },
  {
    // Whether one can be made in it differs: containerd 2.x makes it, older ones refuse.
    that: "no container is started in a sandbox that was stopped",
    async holds(bench) {
      const box = await bench.box();
      const id = await bench.created(box, DEAF);
      await bench.call("StopPodSandbox", { pod_sandbox_id: box.id });
      // Of containerd 2.x also the task of the sandbox may be what is not found, when it has just been deleted.
      const outcome = await bench.outcome("StartContainer", { container_id: id });
      expect(["RuntimeRefused", "RuntimeNotFound"]).toContain(outcome);
    },
  },
  {
    that: "starting, or looking at, a container that is not there is NotFound",
    async holds(bench) {
      const request = { container_id: "0".repeat(64) };
      expect(await bench.outcome("StartContainer", request)).toBe("RuntimeNotFound");
      expect(await bench.outcome("ContainerStatus", request)).toBe("RuntimeNotFound");
    },
  },
  {
    that: "a container that ends well is exited with 0 and Completed, and was made before it ended",
    async holds(bench) {
      const id = await bench.started(await bench.box(), SUCCEEDS);
      const status = await bench.exited(id);
      expect(status).toMatchObject({ exit_code: 0, reason: "Completed" });
      expect(status.started_at).toBeGreaterThanOrEqual(status.created_at);
      // Not compared with its start: of a short life containerd notes the end first now and then.
      expect(status.finished_at).toBeGreaterThanOrEqual(status.created_at);
    },
  },
  {
    that: "a container that ends badly is exited with its own code and Error",
    async holds(bench) {
      const id = await bench.started(await bench.box(), FAILS);
      expect(await bench.exited(id)).toMatchObject({ exit_code: 3, reason: "Error" });
    },
  },
  {
    that: "a container whose process was killed is exited with 137 and Error",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      await bench.subject.killContainer(id);
      expect(await bench.exited(id)).toMatchObject({ exit_code: 137, reason: "Error" });
    },
  },
  {
    that: "an exit that nobody asked for is in the list as well",
    async holds(bench) {
      const id = await bench.started(await bench.box(), DEAF);
      await bench.subject.killContainer(id);
      await bench.eventually("the list shows it", async () =>
        expect(await bench.listed(id)).toMatchObject({ state: STATE.exited }),
      );
    },
  },
  {
    that: "a start that fails leaves the container exited with 128 and StartError, and says why",
    async holds(bench) {
      const id = await bench.created(await bench.box(), CANNOT_START);
      expect(await bench.outcome("StartContainer", { container_id: id })).toBe("RuntimeRefused");
      const status = await bench.exited(id);
      expect(status).toMatchObject({ exit_code: 128, reason: "StartError" });
      expect(status.message).toContain("/nowhere");
      expect(status.finished_at).toBeGreaterThan(0n);
    },
  },
  {
    that: "the end of one container leaves its siblings and the sandbox alone",
    async holds(bench) {
      const box = await bench.box();
      const sibling = await bench.started(box, DEAF, { name: "sibling" });
      await bench.exited(await bench.started(box, FAILS));
      expect(await bench.status(sibling)).toMatchObject({ state: STATE.running });
      expect(await bench.boxListed(box.id)).toMatchObject({ state: 0 });
    },
  },
];
