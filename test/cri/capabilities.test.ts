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

it.each([
  ["containerd", "1.7.24~ds1", true],
  ["containerd", "v2.0.0", false],
  ["cri-o", "1.27.1", true],
  ["cri-o", "1.28.0", false],
  ["something", "v9.9.9", true],
])("%s %s deals its events out among those who listen: %s", (name, version, shared) => {
  const facts = { name, version, conditions: [], handlers: [], features: undefined, cgroupDriver: undefined };
  expect(capabilitiesOf(facts, true).sharedEvents).toBe(shared);
  expect(capabilitiesOf(facts, false).sharedEvents).toBe(false);
});

it("features of other handlers than the default one do not count", () => {
  const features = { user_namespaces: true, recursive_read_only_mounts: true };
  const facts = { name: "containerd", version: "v2.1.9", conditions: [], features: undefined, cgroupDriver: undefined };
  const of = (name: string) => capabilitiesOf({ ...facts, handlers: [{ name, features }] }, false);
  expect(of("kata")).toMatchObject({ userNamespaces: false, recursiveReadOnly: false, events: false });
  expect(of("")).toMatchObject({ userNamespaces: true, recursiveReadOnly: true });
});
