import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDeb } from "../../../dev/package/deb.ts";
import { ownArchitecture, releaseFor } from "../../../dev/package/release.ts";
import { systemdFolder } from "../../../dev/systemd/base.ts";
import { eventually } from "../../kit/eventually.ts";
import { bootHost, type InstalledHost } from "./installed.ts";

// A host whose containerd leaves cgroups to systemd (cri-mapping 3.2): the slices above pods have their limits of it.

const POD = `apiVersion: v1
kind: Pod
metadata: { name: bounded }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: app
      image: busybox:1.36
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
      resources: { requests: { cpu: 250m, memory: 32Mi }, limits: { cpu: 500m, memory: 64Mi } }
`;

let host: InstalledHost;

beforeAll(async () => {
  const release = await releaseFor(ownArchitecture());
  host = await bootHost("slices");
  await host.bring(
    await buildDeb(release, { quick: true, folder: join(systemdFolder, "packages") }),
    "/root/berth.deb",
  );
  const runc = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc';
  const wanted = `  ${runc}]\\n    runtime_type = "io.containerd.runc.v2"\\n  ${runc}.options]\\n    SystemdCgroup = true`;
  await host.must(`printf '${wanted}\\n' >>/etc/containerd/config.toml && systemctl restart containerd`);
  await host.must("mkdir -p /etc/berth/config.d /etc/berth/manifests");
  await host.write(
    "/etc/berth/config.d/driver.conf",
    "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n",
  );
  await host.must("dpkg -i /root/berth.deb");
}, 300_000);

afterAll(async () => {
  await host?.destroy();
}, 120_000);

/** Properties of a slice, by name. */
async function shown(slice: string, ...names: readonly string[]): Promise<Record<string, string>> {
  const text = await host.must(`systemctl show ${slice} ${names.map((name) => `-p ${name}`).join(" ")}`);
  return Object.fromEntries(text.split("\n").map((line) => line.split("=", 2) as [string, string]));
}

test("a pod's slice, that of its class and that of all pods have their limits, and the pod's goes with it", async () => {
  await host.write("/etc/berth/manifests/bounded.yaml", POD);
  await host.ready("bounded");
  const [slice = ""] = (
    await host.must("systemctl list-units --plain --no-legend 'kubepods-burstable-pod*.slice'")
  ).split(" ");
  const memory = (await host.run("test -e /sys/fs/cgroup/cgroup.controllers")).code === 0 ? "MemoryMax" : "MemoryLimit";
  expect(await shown(slice, "ActiveState", "CPUQuotaPerSecUSec", memory)).toEqual({
    ...{ ActiveState: "active", CPUQuotaPerSecUSec: "500ms", [memory]: `${64 * 2 ** 20}` },
  });
  expect(Number((await shown("kubepods.slice", memory))[memory])).toBeGreaterThan(2 ** 20);
  expect(await shown("kubepods-burstable.slice", "ActiveState")).toEqual({ ActiveState: "active" });
  const folder = `kubepods.slice/kubepods-burstable.slice/${slice}`;
  const files =
    memory === "MemoryMax"
      ? [`/sys/fs/cgroup/${folder}/memory.max`, `/sys/fs/cgroup/${folder}/cpu.max`]
      : ["memory/?/memory.limit_in_bytes", "cpu/?/cpu.cfs_quota_us", "cpu/?/cpu.cfs_period_us"].map(
          (file) => `/sys/fs/cgroup/${file.replace("?", folder)}`,
        );
  const written = async (): Promise<string> => (await host.must(`cat ${files.join(" ")}`)).replaceAll("\n", " ");
  expect(await written()).toBe(`${64 * 2 ** 20} 50000 100000`);
  // What runs in the pod is below its slice, in the kernel's books as well.
  expect(await host.inPod("bounded", "cat /proc/1/cgroup")).toContain(`/${folder}/cri-containerd-`);

  await host.must("systemctl daemon-reload");
  expect(await shown(slice, memory)).toEqual({ [memory]: `${64 * 2 ** 20}` });
  expect(await written()).toBe(`${64 * 2 ** 20} 50000 100000`);

  await host.must("rm /etc/berth/manifests/bounded.yaml");
  await eventually(
    "the slice has gone with the pod",
    async () => {
      expect(await shown(slice, "ActiveState")).toEqual({ ActiveState: "inactive" });
      expect(await host.must(`find /sys/fs/cgroup -name ${slice}`)).toBe("");
    },
    { withinMs: 30_000 },
    host.log,
  );
});
