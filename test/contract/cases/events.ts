import { expect } from "vitest";
import { BOX, EVENT, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, FAILS } from "../programs.ts";

/** The stream of container events, where there is one. */
export const EVENT_CASES: readonly Case[] = [
  {
    that: "a runtime without the stream says so",
    only: "without events",
    async holds(bench) {
      const stream = bench.subject.client().stream("GetContainerEvents", {}, AbortSignal.timeout(10_000));
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "RuntimeUnsupported" });
    },
  },
  {
    that: "the making and the start of a container are told in this order, with its sandbox and state",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const box = await bench.box();
      const id = await bench.started(box, DEAF);
      const made = await events.of(id, EVENT.created);
      const started = await events.of(id, EVENT.started);
      expect(events.seen.indexOf(started)).toBeGreaterThan(events.seen.indexOf(made));
      expect(started.pod_sandbox_status).toMatchObject({ id: box.id, state: BOX.ready });
      expect(started.containers_statuses).toMatchObject([{ id, state: STATE.running }]);
    },
  },
  {
    that: "an exit is told by itself, with its code and time",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const id = await bench.started(await bench.box(), FAILS);
      const { containers_statuses } = await events.of(id, EVENT.stopped);
      expect(containers_statuses).toMatchObject([{ id, state: STATE.exited, exit_code: 3, reason: "Error" }]);
      expect(containers_statuses[0]?.finished_at).toBeGreaterThan(0n);
    },
  },
  {
    that: "an event holds all containers of the pod, not only its own",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const box = await bench.box();
      const first = await bench.started(box, DEAF, { name: "first" });
      const second = await bench.started(box, DEAF, { name: "second" });
      const { containers_statuses } = await events.of(second, EVENT.started);
      expect(containers_statuses.map(({ id }) => id).sort()).toEqual([first, second].sort());
    },
  },
  {
    that: "statuses in events carry labels and annotations",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const box = await bench.box({ labels: { of: "box" }, annotations: { kept: "yes" } });
      const id = await bench.started(box, DEAF, { labels: { of: "app" }, annotations: { hash: "1" } });
      const { pod_sandbox_status, containers_statuses } = await events.of(id, EVENT.started);
      expect(pod_sandbox_status).toMatchObject({ labels: { of: "box" }, annotations: { kept: "yes" } });
      expect(containers_statuses).toMatchObject([{ labels: { of: "app" }, annotations: { hash: "1" } }]);
    },
  },
  {
    that: "the start, the stop and the removal of a sandbox are told under its own id",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const { id } = await bench.box();
      await events.of(id, EVENT.started);
      await bench.call("StopPodSandbox", { pod_sandbox_id: id });
      await events.of(id, EVENT.stopped);
      await bench.call("RemovePodSandbox", { pod_sandbox_id: id });
      await events.of(id, EVENT.deleted);
    },
  },
  {
    that: "the removal of a container is told",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const id = await bench.created(await bench.box(), DEAF);
      await bench.call("RemoveContainer", { container_id: id });
      await events.of(id, EVENT.deleted);
    },
  },
  {
    that: "a sandbox that loses its process is told as stopped",
    only: "with events",
    async holds(bench) {
      const events = await bench.events();
      const { id } = await bench.box();
      await bench.subject.killSandbox(id);
      await events.of(id, EVENT.stopped);
    },
  },
];
