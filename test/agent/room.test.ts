import { expect, it } from "vitest";
import { plainPod } from "../kit/compiled-pod.ts";
import type { Document } from "../kit/source.ts";
import { makeWorld, type World } from "../kit/world.ts";

/** A pod that asks for more than half of the node's two processors. */
const large = (name: string): Document => ({
  kind: "pod",
  manifest: plainPod(name, {
    containers: [{ name: "app", image: "app:1", resources: { requests: { cpu: "1500m" } } }],
  }),
});
const shown = (host: World, name: string) => {
  const { phase, reason } = host.pod(name)?.status ?? {};
  return reason === undefined ? phase : `${phase} ${reason}`;
};

it("a static pod that was refused for lack of room runs when room appears, unlike with the kubelet", async () => {
  const host = makeWorld();
  host.directory.put("first.yaml", large("first"));
  await host.start();
  await host.clock.advance(1000);
  host.directory.put("second.yaml", large("second"));
  await host.clock.advance(1000);
  expect([shown(host, "first"), shown(host, "second")]).toEqual(["Running", "Failed OutOfcpu"]);
  expect(host.runtime.state.containers.size).toBe(1);
  host.directory.remove("first.yaml");
  await host.clock.advance(60_000);
  expect([shown(host, "first"), shown(host, "second")]).toEqual([undefined, "Running"]);
});
