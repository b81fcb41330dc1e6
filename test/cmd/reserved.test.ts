import { expect, it } from "vitest";
import { reservedOf } from "../../src/cmd/node-settings.ts";

it("what is reserved is the sum of both, rounded up", () => {
  const settings = {
    systemReserved: { cpu: "100m", memory: "1Gi", pid: "10" },
    kubeReserved: { cpu: "0.0001", memory: "1" },
  };
  expect(reservedOf(settings)).toEqual({ cpuMillis: 101, memoryBytes: 2 ** 30 + 1 });
  expect(reservedOf({ systemReserved: {}, kubeReserved: {} })).toEqual({ cpuMillis: 0, memoryBytes: 0 });
});
