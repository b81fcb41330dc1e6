import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildBusyboxLayer } from "../../dev/images/busybox.ts";
import { buildImage } from "../../src/cmd/archive/oci.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { type LockedRegistry, startLockedRegistry } from "../kit/locked-registry.ts";
import { container, pod } from "../kit/sample-pods.ts";

const VERSION = "credentialprovider.kubelet.k8s.io/v1";

let host: Host;
let registry: LockedRegistry;

beforeAll(async () => {
  // What it would write to is known only once it has places; its configuration comes with the second start.
  host = await openHost({ started: false });
  const names = ["by-file", "by-plugin", "by-secret", "by-nobody"];
  registry = await startLockedRegistry(host.runtime, join(host.places.folder, "locked"), async (address) => [
    buildImage({
      names: names.map((name) => `${address}/${name}/app:1`),
      layers: [await buildBusyboxLayer()],
      config: { command: ["sh"] },
    }),
  ]);
  await installPlugin();
  const auth = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
  await mkdir(host.places.root, { recursive: true });
  const auths = { [`${registry.address}/by-file`]: { auth } };
  await writeFile(join(host.places.root, "config.json"), JSON.stringify({ auths }));
  await host.start();
});

afterAll(async () => {
  await host?.close();
  await registry?.close();
});

/** The plugin serves one repository; its configuration comes as a drop-in. */
async function installPlugin(): Promise<void> {
  const bin = join(host.places.folder, "bin");
  const config = join(host.places.folder, "providers.yaml");
  const pattern = `${registry.address}/by-plugin`;
  const credential = { username: registry.user, password: registry.password };
  const answer = {
    kind: "CredentialProviderResponse",
    apiVersion: VERSION,
    cacheKeyType: "Image",
    auth: { [pattern]: credential },
  };
  const provider = { name: "handout", matchImages: [pattern], defaultCacheDuration: "1m", apiVersion: VERSION };
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "handout"), `#!/bin/sh\ncat > /dev/null\necho '${JSON.stringify(answer)}'\n`);
  await chmod(join(bin, "handout"), 0o755);
  const providers = { kind: "CredentialProviderConfig", apiVersion: "kubelet.config.k8s.io/v1", providers: [provider] };
  await writeFile(config, JSON.stringify(providers));
  await mkdir(host.places.dropIns, { recursive: true });
  const dropIn = { imageCredentialProviderConfig: config, imageCredentialProviderBinDir: bin };
  const head = { apiVersion: "berth.dev/v1alpha1", kind: "AgentConfiguration" };
  await writeFile(join(host.places.dropIns, "50-credentials.conf"), JSON.stringify({ ...head, ...dropIn }));
}

async function drop(name: string, more: Partial<v1.PodSpec> = {}): Promise<void> {
  const main = container("main", { image: `${registry.address}/${name}/app:1`, imagePullPolicy: "Always" });
  await host.manifests.drop(`${name}.yaml`, pod(name, { containers: [main], ...more }));
}

/** A Secret beside the pod, as `kubectl create secret docker-registry` writes it. */
async function dropSecret(): Promise<void> {
  const auths = { [registry.address]: { username: registry.user, password: registry.password } };
  await host.manifests.drop("regcred.yaml", {
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "regcred" }, type: "kubernetes.io/dockerconfigjson" },
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
  });
}

it("an image of a locked registry is pulled with a credential of the node's file, of a plugin or of an imagePullSecret, and only with one", async () => {
  await dropSecret();
  await drop("by-secret", { imagePullSecrets: [{ name: "none" }, { name: "regcred" }] });
  for (const name of ["by-file", "by-plugin", "by-nobody"]) await drop(name);
  for (const name of ["by-file", "by-plugin", "by-secret"]) await host.running(name);
  const message = await host.eventually("the last is refused", async () => {
    const [status] = (await host.pod("by-nobody")).status?.containerStatuses ?? [];
    expect(status?.state?.waiting?.reason).toMatch(/ErrImagePull|ImagePullBackOff/);
    return status?.state?.waiting?.message ?? "";
  });
  expect(message).toMatch(/401|unauthorized|authorization failed|no basic auth/i);
  const secret = Buffer.from(`${registry.user}:${registry.password}`).toString("base64");
  const told = [await host.log(), (await host.berth("get", "events", "-A", "-o", "json")).stdout].join();
  expect(told).not.toContain(registry.password);
  expect(told).not.toContain(secret);
});
