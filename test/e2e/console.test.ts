import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBusyboxLayer } from "../../dev/images/busybox.ts";
import { programsOf } from "../../dev/runtime/places.ts";
import { buildImage, packArchive } from "../../src/cmd/archive/oci.ts";
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
  expect(loaded).toMatchObject({ code: 0, stdout: "loaded berth.test/loaded:1\n" });
  const own = container("main", { image: "berth.test/loaded:1", imagePullPolicy: "Never" });
  await host.manifests.drop("loaded.yaml", pod("loaded", { containers: [own] }));
  await host.running("loaded");
  const broken = beside("broken.tar");
  await writeFile(broken, "no archive");
  expect(await host.berth("image", "load", broken, "--ctr", ctr)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("ctr failed"),
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

it("explain says what keeps a pod from being ready, and what to try", async () => {
  const missing = container("main", { image: "berth.test/absent:1", imagePullPolicy: "IfNotPresent" });
  await host.manifests.drop("missing.yaml", pod("missing", { containers: [missing] }));
  const crashing = container("main", { command: sh("echo no config >&2; exit 3") });
  await host.manifests.drop("crashing.yaml", pod("crashing", { containers: [crashing] }));
  const unready = container("main", {
    readinessProbe: { exec: { command: sh("echo not yet; exit 1") }, periodSeconds: 1 },
  });
  await host.manifests.drop("unready.yaml", pod("unready", { containers: [unready] }));
  await host.manifests.drop("broken.yaml", { ...pod("broken"), spec: { contaners: [] } as never });
  const says = (name: string, ...words: string[]) =>
    host.eventually(`explain ${name}`, async () => {
      const { stdout, code } = await host.berth("explain", name);
      expect(code).toBe(0);
      for (const word of words) expect(stdout.replaceAll(/\s+/g, " ")).toContain(word);
    });
  await says("missing", "waits for its image", "berth image load FILE");
  await says("crashing", "ended with exit code 3", "read its last words: berth logs");
  await says("unready", "is not ready by its readiness probe: the last attempt failed", "not yet");
  await says("broken", "There is no pod broken", "spec.contaners");
});

it("doctor looks at the runtime that berthd uses", async () => {
  const { stdout } = await host.berth("doctor", "-o", "json");
  const findings = JSON.parse(stdout) as { check: string; state: string; text: string }[];
  const stateOf = (check: string) => findings.find((finding) => finding.check === check)?.state;
  for (const check of [
    "berthd",
    "runtime socket",
    "RuntimeReady",
    "NetworkReady",
    "cgroup driver",
    "CNI list",
    "CNI plugins",
    "sandbox image",
  ]) {
    expect([check, stateOf(check)]).toEqual([check, expect.stringMatching(/good|warning/)]);
  }
  const elsewhere = await host.berth("doctor", "--runtime-endpoint", "unix:///nowhere.sock");
  expect(elsewhere).toMatchObject({ code: 1, stdout: expect.stringContaining("install containerd and start it") });
});
