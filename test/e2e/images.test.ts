import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBusyboxLayer } from "../../dev/images/busybox.ts";
import { pushImages } from "../../dev/runtime/registry.ts";
import { buildImage } from "../../src/cmd/archive/oci.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, IMAGE, pod } from "../kit/sample-pods.ts";
import { type Table, watchPods } from "../kit/table.ts";

let host: Host;
let table: Table;

beforeAll(async () => {
  host = await openHost();
  table = watchPods(host);
});

afterAll(async () => {
  await table?.close();
  await host?.close();
});

/** Drops a pod whose only container has this image. */
async function drop(name: string, image: string, imagePullPolicy?: string): Promise<void> {
  const main = container("main", { image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) });
  await host.manifests.drop(`${name}.yaml`, pod(name, { containers: [main] }));
}

/** Makes the registry serve the usual image under one more name. */
async function serve(name: string): Promise<void> {
  const image = buildImage({ names: [name], layers: [await buildBusyboxLayer()], config: { command: ["sh"] } });
  await pushImages(host.runtime.registryUrl, [image]);
}

async function waiting(name: string): Promise<{ readonly reason?: string; readonly message?: string }> {
  const [status] = (await host.pod(name)).status?.containerStatuses ?? [];
  return status?.state?.waiting ?? {};
}

it("an image that is nowhere: ErrImagePull, then ImagePullBackOff; it runs when the image comes", async () => {
  const image = `late-${host.node}:1`;
  await drop("late", image);
  await table.shows("late", "ImagePullBackOff");
  expect(table.statuses("late").filter((status) => status !== "Pending")).toEqual([
    "ContainerCreating",
    "ErrImagePull",
    "ImagePullBackOff",
  ]);
  const { message } = await waiting("late");
  expect(message).toMatch(new RegExp(`^Back-off pulling image "${image}": ErrImagePull: `));
  await serve(`docker.io/library/${image}`);
  await table.shows("late", "Running", { withinMs: 40_000 });
});

it("ErrImageNeverPull when the image is not there and may not be pulled", async () => {
  await drop("never", `never-${host.node}:1`, "Never");
  await table.shows("never", "ErrImageNeverPull");
  const { message } = await waiting("never");
  expect(message).toBe(`Container image "never-${host.node}:1" is not present with pull policy of Never`);
});

it("InvalidImageName for what is no reference", async () => {
  await drop("invalid", "Not/A:Reference:At:All");
  await table.shows("invalid", "InvalidImageName");
  const { message } = await waiting("invalid");
  expect(message?.replaceAll('"Not/A:Reference:At:All"', "<i>")).toMatch(
    /^Failed to apply default image tag <i>: couldn't parse image name <i>: invalid reference format[^<]*$/,
  );
});

it("Never and IfNotPresent take what is there, without a pull", async () => {
  const before = (await host.metrics()).sum("kubelet_runtime_operations_total", { operation_type: "pull_image" });
  await drop("there-never", IMAGE, "Never");
  await drop("there-ifnotpresent", IMAGE, "IfNotPresent");
  for (const name of ["there-never", "there-ifnotpresent"]) await host.running(name);
  const after = (await host.metrics()).sum("kubelet_runtime_operations_total", { operation_type: "pull_image" });
  expect(after).toBe(before);
});

it("Always pulls what is there, from the registry on loopback", async () => {
  const image = `always-${host.node}:1`;
  await serve(`docker.io/library/${image}`);
  await drop("always-a", image, "Always");
  await host.running("always-a");
  await drop("always-b", image, "Always");
  await host.running("always-b");
  const told = await host.berth("describe", "pod", "always-b");
  expect(told.stdout).toMatch(/Successfully pulled image/);
});

it("one pod's slow or failing image holds up no other pod and no other container", async () => {
  const missing = container("missing", { image: `absent-${host.node}:1` });
  await host.manifests.drop("half.yaml", pod("half", { containers: [missing, container("there")] }));
  await host.running("half", "there");
  await table.shows("half", "ImagePullBackOff");
  expect((await host.pod("half")).status?.phase).toBe("Pending");
});

it("a command that is not in the image: RunContainerError, exit 128, then CrashLoopBackOff", async () => {
  const main = container("main", { command: ["/no/such/program"] });
  await host.manifests.drop("nocommand.yaml", pod("nocommand", { containers: [main] }));
  await table.shows("nocommand", "CrashLoopBackOff");
  expect(table.statuses("nocommand")).toContain("RunContainerError");
  const [status] = (await host.pod("nocommand")).status?.containerStatuses ?? [];
  expect(status?.lastState?.terminated).toMatchObject({ exitCode: 128, reason: "StartError" });
});
