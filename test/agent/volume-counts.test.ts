import { expect, it } from "vitest";
import { makeVolumeCounts } from "../../src/agent/volume-counts.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aPod } from "../kit/pods.ts";

const podWith = (uid: string, ...specs: v1.Volume[]) =>
  aPod({ uid, volumes: specs.map((spec) => ({ name: spec.name, spec, documents: [] })) });

it("counts what is asked for and what stands, by plugin, and takes a pod's share back when it goes", () => {
  const shown = new Map<string, number>();
  const volumes = makeVolumeCounts({
    ...silentMeter,
    set: (_name, labels, value) => void shown.set(Object.values(labels).join(" "), value),
  });
  const one = podWith("one", { name: "a", emptyDir: {} }, { name: "b", emptyDir: {} }, { name: "c", secret: {} });
  volumes.note(one, {});
  volumes.note(one, { a: "plain", c: "7" });
  volumes.note(podWith("two", { name: "a", emptyDir: {} }), { a: "plain" });
  expect(Object.fromEntries(shown)).toEqual({
    "kubernetes.io/empty-dir desired_state_of_world": 3,
    "kubernetes.io/empty-dir actual_state_of_world": 2,
    "kubernetes.io/secret desired_state_of_world": 1,
    "kubernetes.io/secret actual_state_of_world": 1,
  });
  volumes.forget("one");
  volumes.forget("two");
  expect(new Set(shown.values())).toEqual(new Set([0]));
});
