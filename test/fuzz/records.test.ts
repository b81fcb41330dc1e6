import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRecord } from "../../src/files/record-shape.ts";
import type { StoredPod } from "../../src/ports.ts";
import { forever, house } from "../files/kit.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld } from "../kit/world.ts";
import { hold } from "./hold.ts";
import { blow, changedValue, struck } from "./mutate.ts";

const stored: StoredPod = {
  uid: "u1",
  namespace: "default",
  name: "web-node1",
  path: "/etc/berth/manifests/web.yaml",
  document: 0,
  seenWallMs: 1_900_000_000_000,
  manifest: { metadata: { name: "web" }, spec: { containers: [{ name: "c", image: "i" }] } },
  device: "1",
  ending: { cause: "removed", graceSeconds: 30 },
  record: {
    version: 1,
    initialized: true,
    startedWallMs: 5,
    instances: { abc: { started: true, postStart: "done" }, def: { stopCause: "livenessFailed" } },
    decidedWallMs: { c: 7 },
    attempts: { c: 3 },
    conditions: [{ type: "Ready", status: "True" }],
    terminal: { phase: "Failed", bootId: "b", reason: "r", message: "m" },
  },
};
const whole = { version: 1, ...stored };

describe("records of pods", () => {
  it("that are torn, flipped or of wrong types are pods or problems", async () => {
    const { files, options } = house();
    const folder = join(options.settings.rootDir, "pods/u1");
    mkdirSync(folder, { recursive: true });
    const text = changedValue(whole).map((value) => Buffer.from(JSON.stringify(value) ?? ""));
    const bytes = fc.oneof(
      text,
      fc.array(blow, { minLength: 1, maxLength: 4 }).map((hits) => struck(Buffer.from(JSON.stringify(whole)), hits)),
    );
    await hold(400, bytes, async (content) => {
      writeFileSync(join(folder, "berth.json"), content);
      const { pods, problems } = await files.loadRecords(forever);
      expect(pods.length + problems.length).toBe(1);
      for (const { message, advice } of problems) expect([message, advice]).not.toContain("");
    });
  });
});

describe("an agent that finds a changed record", () => {
  const ENDING = { cause: "replaced", graceSeconds: 5 } as const;
  const LATER_MS = 10 * 60_000;

  /** The record with all that one may hold. */
  function rich(before: StoredPod, seed: number): object {
    const { instances } = before.record;
    const learnt = Object.entries(instances).map(([id, one]) => [id, { ...one, stopCause: "livenessFailed" }]);
    const record = { ...before.record, attempts: { app: 1 }, decidedWallMs: { app: 5 } };
    return {
      ...{ version: 1, ...before, ...(seed % 3 === 0 ? { ending: ENDING } : {}) },
      record: seed % 2 === 0 ? record : { ...record, instances: Object.fromEntries(learnt) },
    };
  }

  it("runs what the directory asks for, whatever was changed", () =>
    hold(
      80,
      fc.nat(),
      async (seed) => {
        const world = makeWorld({ seed });
        await world.start();
        world.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web") });
        await world.clock.advance(seed % 2 === 0 ? 400 : 3000);
        world.kill();
        const [before] = world.disk.records.values();
        if (before === undefined) throw new Error("there is no record yet");
        const [changed] = fc.sample(changedValue(rich(before, seed)), { numRuns: 1, seed });
        const found = decodeRecord(JSON.stringify(changed) ?? "", before.uid);
        if (typeof found === "string") return;
        await Promise.all([world.disk.files.saveRecord(found, forever), world.clock.advance(10)]);
        await world.start();
        await world.clock.advance(LATER_MS);
        const faults = world.trace.filter(({ kind, text }) => kind === "log" && text.includes("fault in Berth"));
        expect(faults.slice(0, 2).map(({ text }) => text)).toEqual([]);
        const running = [...world.runtime.state.containers.values()].filter(({ state }) => state === "running");
        expect(running.map(({ pod, name }) => `${pod.name}/${name}`)).toEqual(["web-node/app"]);
        for (const { attempt } of running) expect(Number.isInteger(attempt) && attempt < 2 ** 31).toBe(true);
        world.kill();
      },
      { shrinks: false },
    ));
});
