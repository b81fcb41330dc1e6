import { afterAll, beforeAll, expect, it } from "vitest";
import { makeBarePod, removeBarePod } from "../kit/bare-pods.ts";
import { startNameServer } from "../kit/dns.ts";
import { type Host, openHost } from "../kit/host.ts";
import { recordLives } from "../kit/lives.ts";

let host: Host;

beforeAll(async () => {
  host = await openHost({ started: false });
});

afterAll(() => host.close());

it("lives of containers are recorded, and two at once are noticed", async () => {
  const recorder = await recordLives(host.cri, host.node, host.runtime);
  const labels = (pod: string, uid: string) => ({
    "io.kubernetes.pod.name": `${pod}-${host.node}`,
    "io.kubernetes.pod.namespace": "default",
    "io.kubernetes.pod.uid": uid,
  });
  const first = await makeBarePod(host.cri, `first-${host.node}`, labels("twin", "1"));
  const second = await makeBarePod(host.cri, `second-${host.node}`, labels("twin", "2"));
  await host.eventually("both are recorded", () => expect(recorder.lives()).toHaveLength(2));
  expect(recorder.overlaps()).toHaveLength(1);
  await removeBarePod(host.cri, first);
  const third = await makeBarePod(host.cri, `third-${host.node}`, labels("other", "3"));
  const { pid } = await host.cri.status(third.containerId);
  process.kill(pid, "SIGKILL");
  await host.eventually("the end is recorded", () => {
    expect(recorder.lives().find(({ id }) => id === third.containerId)).toMatchObject({ exitCode: 137 });
  });
  await removeBarePod(host.cri, second);
  await removeBarePod(host.cri, third);
  await recorder.stop();
});

it("the name server answers what it was told, and nothing else", async () => {
  const names = await startNameServer(host.runtime.gateway);
  const { Resolver } = await import("node:dns/promises");
  const resolver = new Resolver();
  resolver.setServers([host.runtime.gateway]);
  await expect(resolver.resolve4("mydb.demo.svc")).rejects.toMatchObject({ code: "ENOTFOUND" });
  names.add("mydb", "10.0.0.7");
  expect(await resolver.resolve4("mydb.demo.svc")).toEqual(["10.0.0.7"]);
  await names.close();
});
