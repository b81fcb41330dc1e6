import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBusyboxLayer } from "../../dev/images/busybox.ts";
import { buildImage, packArchive } from "../../dev/images/oci.ts";
import { programsOf } from "../../dev/runtime/places.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

let host: Host;

beforeAll(async () => {
  host = await openHost();
});

afterAll(() => host?.close());

const beside = (name: string): string => join(host.places.folder, name);

it("apply, diff and delete: from a file to a pod that runs, to one that is gone", async () => {
  const path = beside("web.yaml");
  await writeFile(path, JSON.stringify(pod("web")));
  expect(await host.berth("diff", "-f", path)).toMatchObject({ code: 1, stdout: "pod/web: would be created\n" });
  expect(await host.berth("apply", "-f", path)).toMatchObject({ code: 0, stdout: "pod/web created\n" });
  await host.running("web");
  expect(await host.berth("diff", "-f", path)).toMatchObject({ code: 0, stdout: "pod/web: nothing would change\n" });
  await writeFile(path, JSON.stringify(pod("web", { containers: [container("main", { command: sh("sleep 1000") })] })));
  const changed = await host.berth("diff", "-f", path);
  expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining("spec.containers[main].command") });
  expect(changed.stdout).toContain("would be replaced");
  expect(await host.berth("delete", "pod", "web")).toMatchObject({ code: 0, stdout: "pod/web deleted\n" });
  await host.gone("web");
});

it("image load: what an archive holds can be run", async () => {
  const image = buildImage({ names: ["berth.test/loaded:1"], layers: [await buildBusyboxLayer()], config: {} });
  const archive = beside("image.tar");
  await writeFile(archive, packArchive([image]));
  const { ctr } = programsOf(host.runtime.version);
  const loaded = await host.berth("image", "load", archive, "--ctr", ctr);
  expect(loaded).toMatchObject({ code: 0, stdout: expect.stringContaining("berth.test/loaded:1") });
  const own = container("main", { image: "berth.test/loaded:1", imagePullPolicy: "Never" });
  await host.manifests.drop("loaded.yaml", pod("loaded", { containers: [own] }));
  await host.running("loaded");
  const broken = beside("broken.tar");
  await writeFile(broken, "no archive");
  expect(await host.berth("image", "load", broken, "--ctr", ctr)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("ctr could not import it"),
  });
});

it("top shows what a busy container uses", async () => {
  const busy = container("main", { command: sh("while :; do :; done"), resources: { limits: { cpu: "200m" } } });
  await host.manifests.drop("busy.yaml", pod("busy", { containers: [busy], terminationGracePeriodSeconds: 0 }));
  await host.running("busy");
  await host.eventually("it shows", async () => {
    const { stdout } = await host.berth("top", "pods", "busy");
    expect(stdout).toMatch(
      new RegExp(`^NAME +CPU\\(cores\\) +MEMORY\\(bytes\\)\nbusy-${host.node} +[1-9]\\d+m +\\d+Mi\n$`),
    );
  });
  expect((await host.berth("top", "node")).stdout).toMatch(new RegExp(`\n${host.node} +\\d+m +\\d+% +\\d+Mi +\\d+%\n`));
  await host.manifests.remove("busy.yaml");
});

it("drain ends all pods and keeps them away over a restart of berthd; uncordon brings them back", async () => {
  await host.manifests.drop("stays.yaml", pod("stays"));
  await host.running("stays");
  expect(await host.berth("drain")).toMatchObject({ code: 0, stdout: "the host is drained\n" });
  expect(await host.runningIds()).toEqual([]);
  await host.leave();
  await host.start();
  await host.manifests.drop("later.yaml", pod("later"));
  expect((await host.berth("get", "node")).stdout).toContain("Ready,Drained");
  await host.steadily(1500, async () => expect(await host.runningIds()).toEqual([]));
  expect(await host.berth("uncordon")).toMatchObject({ code: 0 });
  await host.running("stays");
  await host.running("later");
});
