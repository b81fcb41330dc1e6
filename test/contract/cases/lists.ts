import { expect } from "vitest";
import type { Draft } from "../../../src/base/protobuf.ts";
import type { ContainerFilter, PodSandboxFilter } from "../../../src/cri/generated/types.ts";
import { type Bench, STATE } from "../bench.ts";
import type { Case } from "../case.ts";
import { DEAF, SUCCEEDS } from "../programs.ts";

const boxes = async (bench: Bench, filter: Draft<PodSandboxFilter>): Promise<string[]> =>
  (await bench.call("ListPodSandbox", { filter })).items.map(({ id }) => id).sort();
const containers = async (bench: Bench, filter: Draft<ContainerFilter>): Promise<string[]> =>
  (await bench.call("ListContainers", { filter })).containers.map(({ id }) => id).sort();

/** What lists show and leave out. */
export const LIST_CASES: readonly Case[] = [
  {
    that: "sandboxes can be asked for by id, and an unknown id is an empty list",
    async holds(bench) {
      const [one] = [await bench.box(), await bench.box()];
      expect(await boxes(bench, { id: one.id })).toEqual([one.id]);
      expect(await boxes(bench, { id: "0".repeat(64) })).toEqual([]);
    },
  },
  {
    that: "sandboxes can be asked for by label, and all given labels must be there",
    async holds(bench) {
      const one = await bench.box({ labels: { a: "1", b: "1" } });
      const other = await bench.box({ labels: { a: "1", b: "2" } });
      expect(await boxes(bench, { label_selector: { a: "1" } })).toEqual([one.id, other.id].sort());
      expect(await boxes(bench, { label_selector: { a: "1", b: "2" } })).toEqual([other.id]);
      expect(await boxes(bench, { label_selector: { a: "2" } })).toEqual([]);
    },
  },
  {
    that: "containers can be asked for by id, and an unknown id is an empty list",
    async holds(bench) {
      const box = await bench.box();
      const [one] = [await bench.created(box, DEAF, { name: "a" }), await bench.created(box, DEAF, { name: "b" })];
      expect(await containers(bench, { id: one })).toEqual([one]);
      expect(await containers(bench, { id: "0".repeat(64) })).toEqual([]);
    },
  },
  {
    that: "containers can be asked for by sandbox",
    async holds(bench) {
      const [one, other] = [await bench.box(), await bench.box()];
      const inOne = await bench.created(one, DEAF);
      await bench.created(other, DEAF);
      expect(await containers(bench, { pod_sandbox_id: one.id })).toEqual([inOne]);
    },
  },
  {
    that: "containers can be asked for by label",
    async holds(bench) {
      const box = await bench.box();
      const labels = { only: "this" };
      const one = await bench.created(box, DEAF, { name: "a", labels });
      await bench.created(box, DEAF, { name: "b" });
      expect(await containers(bench, { label_selector: labels })).toEqual([one]);
    },
  },
  {
    that: "containers can be asked for by state, and a list without a filter has those of every state",
    async holds(bench) {
      const box = await bench.box();
      const made = await bench.created(box, DEAF, { name: "made" });
      const runs = await bench.started(box, DEAF, { name: "runs" });
      const over = await bench.started(box, SUCCEEDS, { name: "over" });
      await bench.exited(over);
      const inState = (state: number) => containers(bench, { pod_sandbox_id: box.id, state: { state } });
      expect(await inState(STATE.created)).toEqual([made]);
      expect(await inState(STATE.running)).toEqual([runs]);
      expect(await inState(STATE.exited)).toEqual([over]);
      expect(await containers(bench, {})).toEqual(expect.arrayContaining([made, runs, over]));
    },
  },
  {
    that: "a container is in the list as soon as the call that made it answers, and out of it as soon as it is removed",
    async holds(bench) {
      const id = await bench.created(await bench.box(), DEAF);
      expect(await bench.listed(id)).toMatchObject({ id });
      await bench.call("RemoveContainer", { container_id: id });
      expect(await bench.listed(id)).toBeUndefined();
    },
  },
];
