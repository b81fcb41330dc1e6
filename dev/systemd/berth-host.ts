import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packArchive } from "../../src/cmd/archive/oci.ts";
import { buildCatalog, pauseImage } from "../images/catalog.ts";
import type { Suite } from "./base.ts";
import { type Machine, makeMachine } from "./machine.ts";

/** A booted Debian with containerd, a pod network and images: a host before Berth is installed. */
export async function bootBerthHost(name: string): Promise<Machine> {
  const machine = await makeMachine(name);
  for (const [path, text] of Object.entries(FILES)) await put(machine, path, text);
  const { imported } = await buildCatalog();
  await put(machine, "/root/images.tar", packArchive(imported));
  await machine.boot();
  await machine.must("ctr --namespace k8s.io images import /root/images.tar && rm /root/images.tar");
  return machine;
}

/** A booted Debian that has never heard of containers; its containerd, once it is installed, does as is permitted here. */
export async function bootBareHost(name: string, suite: Suite): Promise<Machine> {
  const machine = await makeMachine(name, "bare", suite);
  const { "/etc/containerd/config.toml": _equipped, "/etc/cni/net.d/10-berth.conflist": _network, ...files } = FILES;
  for (const [path, text] of Object.entries({ ...files, ...PERMITTED })) await put(machine, path, text);
  await machine.boot();
  return machine;
}

/** Writes a file of the machine, whether it is up or not. */
export async function put({ root }: Machine, path: string, body: string | Buffer): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), body);
}

/** What a test machine needs and a real host does not: oom scores as it is permitted, cgroups that can be written. */
const FILES: Readonly<Record<string, string>> = {
  "/etc/containerd/config.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`,
  "/etc/systemd/system/containerd.service.d/cgroups.conf": `[Service]
ExecStartPre=/bin/sh -c 'for one in /sys/fs/cgroup/*; do mount -o remount,bind,rw $one; done; mount -o remount,bind,rw /sys/fs/cgroup'
`,
  "/etc/cni/net.d/10-berth.conflist": JSON.stringify({
    cniVersion: "0.4.0",
    name: "berth",
    plugins: [
      {
        type: "bridge",
        bridge: "berth0",
        isGateway: true,
        ipMasq: true,
        ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/16" }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  }),
};

/** What is permitted here: Debian's own configuration with oom scores and profiles as far as they may be set. */
const PERMITTED: Readonly<Record<string, string>> = {
  "/etc/containerd-permitted.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`,
  "/etc/systemd/system/containerd.service.d/permitted.conf": `[Service]
ExecStart=
ExecStart=/usr/bin/containerd --config /etc/containerd-permitted.toml
`,
};
