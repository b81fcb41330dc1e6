import { expect, it } from "vitest";
import { capabilitiesOf, supportsImageSubPath, supportsStopSignals } from "../../src/cri/capabilities.ts";

it.each([
  ["containerd", "1.6.20~ds1", false, false, false],
  ["containerd", "v2.0.9", false, false, false],
  ["containerd", "v2.1.0", true, false, false],
  ["containerd", "2.2.0-rc.1", true, true, false],
  ["containerd", "v2.3.1", true, true, true],
  ["containerd", "v10.0.0", true, true, true],
  ["containerd", "unknown", false, false, false],
  ["something", "v9.9.9", false, false, false],
])("%s %s mounts images: %s, parts of them: %s, takes stop signals: %s", (name, version, whole, parts, signals) => {
  const facts = { name, version, conditions: [], handlers: [], features: undefined, cgroupDriver: undefined };
  const capabilities = capabilitiesOf(facts, true);
  const told = [capabilities.imageVolumes, supportsImageSubPath(capabilities), supportsStopSignals(capabilities)];
  expect(told).toEqual([whole, parts, signals]);
});

it("features of other handlers than the default one do not count", () => {
  const features = { user_namespaces: true, recursive_read_only_mounts: true };
  const facts = { name: "containerd", version: "v2.1.9", conditions: [], features: undefined, cgroupDriver: undefined };
  const of = (name: string) => capabilitiesOf({ ...facts, handlers: [{ name, features }] }, false);
  expect(of("kata")).toMatchObject({ userNamespaces: false, recursiveReadOnly: false, events: false });
  expect(of("")).toMatchObject({ userNamespaces: true, recursiveReadOnly: true });
});
