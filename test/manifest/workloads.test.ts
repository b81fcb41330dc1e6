import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { DesiredPod } from "../../src/pod/desired.ts";
import { translationOf } from "./fields/effects.ts";
import { compile, words } from "./kit.ts";

/**
 * What people bring from their clusters: five pods as workloads make them. Each compiles without a word, and both requests
 * are as cri-mapping.md has them; only what the manifest is about is looked at.
 */
async function translated(name: string) {
  const file = compile(readFileSync(join(import.meta.dirname, "workloads", `${name}.yaml`)), {
    path: `/m/${name}.yaml`,
  });
  expect(file.problems.map(words)).toEqual([]);
  const bodies = new Map(file.contents.map(({ key, body }) => [key, body]));
  const pod = file.documents.flatMap((seen) => (seen.kind === "pod" ? [seen.pod] : []))[0];
  if (pod === undefined) throw new Error("no pod");
  const { sandbox, containers, volumes } = await translationOf(withoutSubPaths(pod), bodies);
  return {
    pod,
    sandbox,
    volumes,
    of: (name: string) => (containers[name] as { config?: unknown } | undefined)?.config,
  };
}
/** Those need a disk: test/files/sub-path.test.ts has them. */
const withoutSubPaths = (pod: DesiredPod): DesiredPod => ({
  ...pod,
  containers: pod.containers.map(({ spec, ...container }) => {
    const volumeMounts = spec.volumeMounts?.map(({ subPath: _subPath, ...mount }) => mount);
    return { ...container, spec: { ...spec, ...(volumeMounts === undefined ? {} : { volumeMounts }) } };
  }),
});
const home = (uid: string) => `/var/lib/berth/pods/${uid}`;
/** Bytes on the wire are texts here. */
const env = (...pairs: (readonly [string, string])[]) =>
  pairs.map(([key, value]) => ({ key, value: Buffer.from(value) }));

it("a web server with settings in ConfigMaps, probes and an unprivileged user", async () => {
  const { pod, sandbox, volumes, of } = await translated("web-server");
  expect(sandbox).toMatchObject({
    labels: { "app.kubernetes.io/name": "shop", "io.kubernetes.pod.name": "shop-node1" }, // 1.5
    port_mappings: [{ container_port: 8080, host_port: 0 }], // 1.4
    linux: {
      cgroup_parent: `/kubepods/burstable/pod${pod.uid}`, // 1.6
      security_context: { run_as_user: { value: 101n }, supplemental_groups: [101n] }, // 1.7
    },
  });
  expect(of("server")).toMatchObject({
    // 2.3: envFrom before env; a reference to what is nowhere stays as it is
    envs: env(
      ["LOG_LEVEL", "info"],
      ["default.conf", "server { listen 8080; root /srv/pages; }\n"],
      ["TOKEN", "not-a-real-token"],
      ["URL", "http://$(HOST_IP):8080/?level=info"],
    ),
    linux: {
      resources: { cpu_shares: 102n, cpu_quota: 0n, memory_limit_in_bytes: 134_217_728n }, // 2.7
      security_context: {
        ...{ no_new_privs: true, readonly_rootfs: true, capabilities: { drop_capabilities: ["ALL"] } }, // 2.6
        seccomp: { profile_type: 0 },
      },
    },
  });
  expect(volumes).toMatchObject({ settings: { "default.conf": { mode: "644" } } });
  expect(pod.documents.map(({ key }) => key).sort()).toEqual([
    "ConfigMap/default/shop-settings",
    "Secret/default/shop-keys",
  ]);
});

it("a database with a stable name, data on the host and guaranteed resources", async () => {
  const { pod, sandbox, of } = await translated("database");
  expect(sandbox).toMatchObject({
    hostname: "ledger-0", // 1.2: the domain is only in the hosts file
    port_mappings: [{ container_port: 5432, host_port: 5432, host_ip: "127.0.0.1" }],
    // 3.1: the init container asks for nothing, so that the pod is Burstable in spite of its app's equal bounds
    linux: { cgroup_parent: `/kubepods/burstable/pod${pod.uid}` },
  });
  expect(of("own-data")).toMatchObject({
    command: ["sh", "-c", "chown -R 999:999 /data && echo ledger-0-node1 > /data/owner"], // 2.2
    mounts: [{ container_path: "/data", host_path: "/srv/ledger" }],
    linux: { security_context: { run_as_user: { value: 0n } } },
  });
  expect(of("postgres")).toMatchObject({
    mounts: [
      { container_path: "/var/lib/postgresql/data", host_path: "/srv/ledger" },
      { container_path: "/dev/shm", host_path: `${home(pod.uid)}/volumes/kubernetes.io~empty-dir/shm` },
    ],
    linux: {
      resources: { cpu_shares: 1024n, cpu_quota: 100_000n, memory_limit_in_bytes: 1_073_741_824n },
      security_context: { run_as_user: { value: 999n }, supplemental_groups: [999n, 998n] },
    },
  });
  expect(pod.graceSeconds).toBe(120);
});

it("an agent of the node: the host's network and processes, privileged, the host's files", async () => {
  const { sandbox, of } = await translated("node-agent");
  const namespaces = { network: 2, pid: 2, ipc: 0 }; // 1.7: NODE is 2
  expect(sandbox).toMatchObject({
    ...{ hostname: "", port_mappings: [{ container_port: 9100, host_port: 9100 }] }, // 1.2, 0
    linux: { security_context: { privileged: true, namespace_options: namespaces } },
    dns_config: { servers: ["10.96.0.10"] }, // 1.3: ClusterFirstWithHostNet
  });
  expect(of("watch")).toMatchObject({
    mounts: [
      { container_path: "/host", host_path: "/", readonly: true, propagation: 1 },
      { container_path: "/run/containerd/containerd.sock", host_path: "/run/containerd/containerd.sock" },
      { container_path: "/dev", host_path: "/dev", readonly: false, propagation: 0 },
    ],
    linux: { resources: { oom_score_adj: -997n }, security_context: { privileged: true } }, // 2.8
  });
});

it("a job with a deadline, its shard from a label, and a sidecar", async () => {
  const { pod, of } = await translated("batch-job");
  expect(of("work")).toMatchObject({
    ...{ command: ["/run-report"], args: ["--shard=3", "--cpus=500", "$(NOT_EXPANDED)"], working_dir: "/work" }, // 2.2
    annotations: { "io.kubernetes.container.terminationMessagePolicy": "FallbackToLogsOnError" },
  });
  expect(pod.containers.map(({ name, role, imageRef, pullPolicy }) => [name, role, imageRef, pullPolicy])).toEqual([
    ["ship", "sidecar", "registry.example/tools/ship:2", "IfNotPresent"],
    ["work", "app", "registry.example/reports/run:latest", "Always"], // 0, 6.1
  ]);
  expect([pod.restartPolicy, pod.spec.activeDeadlineSeconds]).toEqual(["Never", 600]);
});

it("an application with one projected volume, its own resolver and kernel settings", async () => {
  const { sandbox, volumes, of, pod } = await translated("sealed-app");
  expect(sandbox).toMatchObject({
    dns_config: { servers: ["192.0.2.53"], searches: ["svc.example"], options: ["ndots:2"] }, // 1.3: None
    linux: {
      sysctls: { "net.ipv4.tcp_syncookies": "1" },
      security_context: { namespace_options: { pid: 0 } }, // 1.7: shared is POD
    },
  });
  // 5.2: sources in order, each with its modes
  expect(volumes.all).toEqual({
    "tls/key.pem": { text: "key", mode: "400" },
    "tls/cert.pem": { text: "cert", mode: "440" },
    "ca.pem": { text: "roots", mode: "440" },
    annotations: { text: expect.stringContaining('team="edge & core"'), mode: "440" },
  });
  const mount = { container_path: "/etc/app", host_path: `${home(pod.uid)}/volumes/kubernetes.io~projected/all` };
  expect(of("app")).toMatchObject({ mounts: [{ ...mount, readonly: true }] });
});
