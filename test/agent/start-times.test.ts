import { expect, it } from "vitest";
import { makeStartTimes } from "../../src/agent/start-times.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { handClock } from "../kit/clock.ts";

it("counts from first sight to the first Running status, once, and never for what was adopted", async () => {
  const clock = handClock();
  const observed: [string, number][] = [];
  const meter = {
    ...silentMeter,
    observe: (name: string, _labels: object, value: number) => void observed.push([name, value]),
  };
  const times = makeStartTimes({ clock, meter });
  times.note("new", "Pending");
  times.note("adopted", "Running");
  await clock.advance(2_500);
  for (const phase of ["Running", "Pending", "Running"]) times.note("new", phase);
  times.note("adopted", "Running");
  expect(observed).toEqual([["kubelet_pod_start_duration_seconds", 2.5]]);
  times.forget("new");
  times.note("new", "Pending");
  await clock.advance(1_000);
  times.note("new", "Running");
  expect(observed).toHaveLength(2);
});
