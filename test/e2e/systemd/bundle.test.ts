import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildCatalog } from "../../../dev/images/catalog.ts";
import { buildBundle } from "../../../dev/package/bundle.ts";
import { buildDeb } from "../../../dev/package/deb.ts";
import { ownArchitecture, releaseFor } from "../../../dev/package/release.ts";
import { runCommand } from "../../../dev/run-command.ts";
import { systemdFolder } from "../../../dev/systemd/base.ts";
import { bootBareHost, put } from "../../../dev/systemd/berth-host.ts";
import { packArchive } from "../../../src/cmd/archive/oci.ts";
import { type InstalledHost, installedOn } from "./installed.ts";

// A Debian with systemd and nothing of containers, without a network, and the bundle.

const POD = `apiVersion: v1
kind: Pod
metadata: { name: offline }
spec:
  terminationGracePeriodSeconds: 1
  shareProcessNamespace: true
  containers:
    - name: app
      image: busybox:1.36
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
`;

let host: InstalledHost;
let folder: string;

beforeAll(async () => {
  const release = await releaseFor(ownArchitecture());
  const packages = join(systemdFolder, "packages");
  const deb = await buildDeb(release, { quick: true, folder: packages });
  const bundle = await buildBundle(release, deb, packages);
  const machine = await bootBareHost("offline", "bookworm");
  host = installedOn(machine);
  await copyFile(bundle, join(machine.root, "root/bundle.tar"));
  await runCommand("tar", ["-xf", join(machine.root, "root/bundle.tar"), "-C", join(machine.root, "root")]);
  folder = `/root/berth-bundle_${release.version}_${release.architecture}`;
  const busybox = (await buildCatalog()).imported.filter(({ names }) => names.some((name) => name.includes("busybox")));
  await put(machine, `${folder}/images/busybox.tar`, packArchive(busybox));
}, 300_000);

afterAll(async () => {
  await host?.destroy();
}, 120_000);

test("a damaged bundle installs nothing", async () => {
  await host.must(`cp ${folder}/README /root/kept && echo >>${folder}/README`);
  const { code, stderr } = await host.run(`${folder}/install.sh`);
  expect(code).toBe(1);
  expect(stderr).toContain("the bundle is damaged");
  expect((await host.run("command -v containerd berth")).stdout).toBe("");
  await host.must(`mv /root/kept ${folder}/README`);
});

test("it installs without a network, and a pod runs on an image that it brought", async () => {
  console.log(await host.must(`${folder}/install.sh 2>&1`));
  await host.write("/etc/berth/manifests/offline.yaml", POD);
  await host.ready("offline");
});

test("the pause process reaps what is left to it, and ends when it is told to", async () => {
  await host.inPod("offline", "(sleep 0.1 &)");
  await host.must("sleep 1");
  expect(await host.inPod("offline", "grep -l Z.*zombie /proc/[0-9]*/status || true")).toBe("");
  const begun = performance.now();
  await host.must("rm /etc/berth/manifests/offline.yaml && berth wait offline --for=delete --timeout=60s");
  expect(performance.now() - begun, "no sandbox waited for its SIGKILL").toBeLessThan(9000);
});

test("it may be run again, and changes nothing", async () => {
  const said = await host.must(`${folder}/install.sh 2>&1`);
  expect(said).not.toMatch(/linking|installing.*(runtime|network)|This is done/);
  expect(await host.property("ActiveState")).toBe("active");
});
