import { expect, it } from "vitest";
import { makeDrainable } from "../../src/agent/drain.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { DirectorySighting, FileSighting } from "../../src/pod/source.ts";
import { desiredPod } from "../kit/compiled-pod.ts";

const file = (path: string, more: Partial<FileSighting> = {}): FileSighting => ({
  path,
  reading: "whole",
  settled: true,
  documents: [],
  problems: [],
  ...more,
});

it("shows no pods while it is drained, and all of them again afterwards", async () => {
  const { promise: more, resolve: goOn } = Promise.withResolvers<void>();
  const manifest = { metadata: { name: "web" }, spec: { containers: [] } };
  const pod = { kind: "pod", pod: desiredPod(manifest), manifest, warned: false } as const;
  const config = { kind: "config", key: "ConfigMap/default/x", version: "1", warned: false } as const;
  const whole: DirectorySighting = {
    listing: { kind: "whole", device: "d" },
    files: [file("/m/a.yaml", { documents: [pod, config] }), file("/m/b.yaml", { reading: "broken", settled: false })],
    ignored: [],
  };
  const failed: DirectorySighting = {
    listing: {
      kind: "failed",
      problem: { code: "SourceUnreadable", severity: "error", file: "/m", message: "", advice: "" },
    },
    files: [],
    ignored: [],
  };
  const source = {
    async *sightings() {
      yield whole;
      await more;
      yield failed;
    },
    recompile: async () => undefined,
    rescan: () => {},
  };
  const drainable = makeDrainable(source, systemClock, false);
  const leaving = new AbortController();
  const seen = drainable.sightings(leaving.signal)[Symbol.asyncIterator]();
  expect((await seen.next()).value).toBe(whole);
  drainable.setDrained(true);
  expect((await seen.next()).value).toEqual({
    ...whole,
    files: [file("/m/a.yaml", { documents: [config] }), file("/m/b.yaml")],
  });
  drainable.setDrained(false);
  expect((await seen.next()).value).toBe(whole);
  drainable.setDrained(true);
  expect(drainable.isDrained()).toBe(true);
  await seen.next();
  goOn();
  expect((await seen.next()).value.listing).toBe(failed.listing);
  leaving.abort();
});
