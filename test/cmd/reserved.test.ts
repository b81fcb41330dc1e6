import { expect, it } from "vitest";
import { reservedOf } from "../../src/cmd/node-settings.ts";

it("what is reserved is the sum of both, rounded up", () => {
  const settings = {
    systemReserved: { cpu: "100m", memory: "1Gi", pid: "10" },
    kubeReserved: { cpu: "0.0001", memory: "1", "ephemeral-storage": "1k" },
    evictionHard: {},
    mergeDefaultEvictionSettings: false,
  };
  const kept = { cpuMillis: 101, memoryBytes: 2 ** 30 + 1, storageBytes: 1000, evictionMemoryBytes: 0 };
  expect(reservedOf(settings, { memoryBytes: 2 ** 32 })).toEqual(kept);
});

it("what hard thresholds keep free is not given away either, whether they are amounts or parts (node.md 2.2)", () => {
  const settings = {
    ...{ systemReserved: { "ephemeral-storage": "50" }, kubeReserved: {}, mergeDefaultEvictionSettings: true },
    evictionHard: { "memory.available": "5%" },
  };
  expect(reservedOf(settings, { memoryBytes: 2000, rootDiskBytes: 1000 })).toEqual({
    ...{ cpuMillis: 0, memoryBytes: 0, storageBytes: 150, evictionMemoryBytes: 100 },
  });
});
