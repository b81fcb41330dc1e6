import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBusyboxLayer } from "../../dev/images/busybox.ts";
import { pushImages } from "../../dev/runtime/registry.ts";
import { buildImage } from "../../src/cmd/archive/oci.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod } from "../kit/sample-pods.ts";

let host: Host;

beforeAll(async () => {
  host = await openHost();
});

afterAll(() => host?.close());

/** Makes the registry serve an image of its own; the label makes its id differ from all others. */
async function serve(name: string): Promise<string> {
  const image = `${name}-${host.node}:1`;
  const config = { command: ["sh"], env: [`OF=${image}`] };
  const built = buildImage({ names: [`docker.io/library/${image}`], layers: [await buildBusyboxLayer()], config });
  await pushImages(host.runtime.registryUrl, [built]);
  return image;
}

it("a dry run names an image that nobody uses any more, and none that is in use", async () => {
  const [used, idle] = [await serve("used"), await serve("idle")];
  for (const [name, image] of [
    ["used", used],
    ["idle", idle],
  ] as const) {
    await host.manifests.drop(`${name}.yaml`, pod(name, { containers: [container("main", { image })] }));
    await host.running(name);
  }
  const before = await host.berth("gc", "--dry-run");
  expect(before).toMatchObject({ code: 0 });
  expect(before.stdout).not.toMatch(/(used|idle)-/);
  await host.manifests.remove("idle.yaml");
  await host.gone("idle");
  // Not without dry-run: the runtime is shared, and other files need their images.
  const after = (await host.berth("gc", "--dry-run")).stdout;
  expect(after).toContain(`would remove docker.io/library/${idle} `);
  expect(after).not.toContain(used);
  expect(after).not.toMatch(/\bpause\b/);
});
