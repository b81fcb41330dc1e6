import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkCgroups } from "../../src/cmd/doctor/check-cgroups.ts";
import { checkHost } from "../../src/cmd/doctor/check-host.ts";
import { checkSandboxImage } from "../../src/cmd/doctor/check-image.ts";
import { checkNetwork } from "../../src/cmd/doctor/check-network.ts";
import { checkPorts } from "../../src/cmd/doctor/check-ports.ts";
import { checkKubelet, checkRuntime } from "../../src/cmd/doctor/check-runtime.ts";
import type { Finding } from "../../src/cmd/doctor/finding.ts";
import type { Ground, RuntimeAnswers } from "../../src/cmd/doctor/ground.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-doctor-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes a file of the pretended host. */
function plant(path: string, text = "", mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

type Answers = Extract<RuntimeAnswers, { kind: "answers" }>;
const ANSWERS: Answers = {
  kind: "answers",
  name: "containerd",
  version: "2.1.4",
  conditions: [
    { type: "RuntimeReady", status: true, reason: "", message: "" },
    { type: "NetworkReady", status: true, reason: "", message: "" },
  ],
  cgroupDriver: "systemd",
  tellsDriver: false,
  cni: { confDir: "/etc/cni/net.d", binDirs: ["/opt/cni/bin"], ownLoopback: false },
  sandboxImage: { name: "pause:1", isSure: true, found: { entrypoint: ["/pause"], architecture: "" } },
  imageDirectory: undefined,
  foreignPods: 0,
};

const ground = (runtime: RuntimeAnswers = ANSWERS): Ground => ({
  settings: {
    runtimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "systemd",
    rootDir: "/var/lib/berth",
    podLogsDir: "/var/log/pods",
    staticPodPath: "/etc/berth/manifests",
    allowKubelet: false,
  },
  root,
  runtime,
  signal: new AbortController().signal,
});

const said = (findings: readonly Finding[]): string[] => findings.map(({ check, state }) => `${check}: ${state}`);
const find = (findings: readonly Finding[], check: string): Finding | undefined =>
  findings.find((one) => one.check === check);

describe("the runtime", () => {
  it.each([
    ["ENOENT", "install containerd and start it"],
    ["EACCES", "become root"],
    ["ECONNREFUSED", "systemctl restart containerd"],
  ])("that cannot be reached (%s) is bad, with what to do", (code, fix) => {
    const [finding] = checkRuntime(ground({ kind: "silent", code, message: "connect failed" }));
    expect(finding).toMatchObject({ state: "bad", fix: expect.stringContaining(fix) });
  });

  it("without CRI is told how to switch it on", () => {
    const findings = checkRuntime(ground({ kind: "noCri", message: "unknown service runtime.v1.RuntimeService" }));
    expect(find(findings, "CRI")).toMatchObject({ state: "bad", fix: expect.stringContaining("disabled_plugins") });
  });

  it.each([
    ["1.5.9", "bad"],
    ["1.6.20", "warning"],
    ["1.7.0", "good"],
    ["2.2.0", "good"],
  ])("of version %s is %s", (version, state) => {
    expect(find(checkRuntime(ground({ ...ANSWERS, version })), "CRI")?.state).toBe(state);
  });

  it("that is not ready says why", () => {
    const conditions = [
      { type: "NetworkReady", status: false, reason: "NetworkPluginNotReady", message: "cni plugin not initialized" },
    ];
    expect(find(checkRuntime(ground({ ...ANSWERS, conditions })), "NetworkReady")).toMatchObject({
      state: "bad",
      text: "NetworkPluginNotReady: cni plugin not initialized",
    });
  });

  it("that another agent manages already is bad", async () => {
    expect(said(await checkKubelet(ground()))).toEqual(["kubelet: good"]);
    expect((await checkKubelet(ground({ ...ANSWERS, foreignPods: 3 })))[0]?.text).toContain("3 pods");
    plant("proc/77/cmdline", "/usr/bin/kubelet\0--config=/x\0");
    expect((await checkKubelet(ground()))[0]).toMatchObject({
      state: "bad",
      text: expect.stringContaining("process 77"),
    });
  });
});

describe("cgroups", () => {
  it("with another driver on either side are bad, with both ways out", async () => {
    plant("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    plant("run/systemd/system/x", "");
    const findings = await checkCgroups(ground({ ...ANSWERS, cgroupDriver: "cgroupfs" }));
    expect(said(findings)).toEqual(["cgroups: good", "cgroup driver: bad"]);
    expect(findings[1]?.fix).toContain("cgroupDriver: cgroupfs");
    expect(findings[1]?.fix).toContain("SystemdCgroup = true");
    expect(said(await checkCgroups(ground()))).toEqual(["cgroups: good", "cgroup driver: good"]);
  });

  it.each<["systemd" | "cgroupfs", "systemd" | "cgroupfs", boolean, Finding["state"], string]>([
    ["cgroupfs", "systemd", true, "good", "systemd: berthd does as the runtime says"],
    ["systemd", "cgroupfs", false, "good", "cgroupfs: berthd does as the runtime says"],
    ["systemd", "cgroupfs", true, "warning", "two managers of one tree"],
    ["systemd", "systemd", false, "bad", "systemd does not run this host"],
    ["cgroupfs", "systemd", false, "bad", "systemd does not run this host"],
  ])(
    "of berthd as %s, of a runtime that tells its own as %s, systemd on the host: %s: %s",
    async (own, theirs, hasSystemd, state, words) => {
      plant("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
      if (hasSystemd) plant("run/systemd/system/x", "");
      const there = ground({ ...ANSWERS, cgroupDriver: theirs, tellsDriver: true });
      const [, finding] = await checkCgroups({ ...there, settings: { ...there.settings, cgroupDriver: own } });
      expect(finding).toMatchObject({ state, text: expect.stringContaining(words) });
    },
  );

  it("without a controller are bad", async () => {
    plant("sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
    expect((await checkCgroups(ground()))[0]).toMatchObject({ state: "bad", text: "the controllers memory are off" });
  });
});

describe("the network", () => {
  const plugins = (...names: string[]): void => {
    for (const name of names) plant(`opt/cni/bin/${name}`, "", 0o755);
  };

  it("without a list can be mended when the plugins are there", async () => {
    plugins("bridge", "host-local", "portmap", "loopback");
    plant("proc/sys/net/ipv4/ip_forward", "1\n");
    const findings = await checkNetwork(ground());
    expect(said(findings)).toEqual(["CNI list: bad", "CNI plugins: good", "forwarding: good"]);
    await findings[0]?.repair?.run();
    expect(said(await checkNetwork(ground()))).toEqual(["CNI list: good", "CNI plugins: good", "forwarding: good"]);
    const list = JSON.parse(readFileSync(join(root, "etc/cni/net.d/10-berth.conflist"), "utf8"));
    expect(list.plugins.map(({ type }: { type: string }) => type)).toEqual(["bridge", "portmap"]);
  });

  it("whose plugins are elsewhere, or nowhere, says so", async () => {
    plant(
      "etc/cni/net.d/10-a.conflist",
      JSON.stringify({ plugins: [{ type: "bridge", ipam: { type: "host-local" } }] }),
    );
    const nowhere = await checkNetwork(ground());
    expect(nowhere[0]).toMatchObject({ state: "bad", text: expect.stringContaining("no portmap") });
    expect(nowhere[1]).toMatchObject({ state: "bad", fix: expect.stringContaining("apt-get install") });
    for (const name of ["bridge", "host-local", "loopback"]) plant(`usr/lib/cni/${name}`, "", 0o755);
    expect((await checkNetwork(ground()))[1]?.fix).toContain("they are in /usr/lib/cni");
  });

  it("with a list that is broken names it", async () => {
    plant("etc/cni/net.d/10-a.conflist", "{");
    expect((await checkNetwork(ground()))[0]).toMatchObject({
      state: "bad",
      text: expect.stringContaining("10-a.conflist"),
    });
  });

  it("without forwarding is mended for now and for the next boot", async () => {
    plant("proc/sys/net/ipv4/ip_forward", "0\n");
    const finding = find(await checkNetwork(ground()), "forwarding");
    expect(finding?.state).toBe("bad");
    await finding?.repair?.run();
    expect(readFileSync(join(root, "proc/sys/net/ipv4/ip_forward"), "utf8")).toBe("1\n");
    expect(readFileSync(join(root, "etc/sysctl.d/60-berth.conf"), "utf8")).toContain("net.ipv4.ip_forward = 1");
  });
});

describe("the sandbox image", () => {
  const look = (sandboxImage: Answers["sandboxImage"]) => {
    const brought: string[] = [];
    const finding = checkSandboxImage(ground({ ...ANSWERS, sandboxImage }), (name) => {
      brought.push(name);
      return { words: "", run: async () => {} };
    });
    return { finding, brought };
  };

  it("that is missing can be brought under its name", () => {
    const { finding, brought } = look({ name: "registry/pause:3", isSure: true, found: undefined });
    expect(finding).toMatchObject({
      state: "bad",
      text: expect.stringContaining("registry/pause:3 is not on this host"),
    });
    expect(brought).toEqual(["registry/pause:3"]);
    expect(look({ name: "x", isSure: false, found: undefined }).finding.state).toBe("warning");
  });

  it.each([
    [{ entrypoint: [], architecture: "" }, "bad", "no program"],
    [{ entrypoint: ["/pause"], architecture: "s390x" }, "bad", "is for s390x"],
    [{ entrypoint: ["nginx"], architecture: "" }, "warning", "may not reap"],
    [{ entrypoint: ["/pause"], architecture: "" }, "good", "is here"],
  ])("%j is %s", (found, state, words) => {
    expect(look({ name: "p:1", isSure: true, found }).finding).toMatchObject({
      state,
      text: expect.stringContaining(words),
    });
  });
});

describe("the host", () => {
  it("tells few inotify instances, and a clock that a server sets", async () => {
    plant("proc/sys/fs/inotify/max_user_instances", "128\n");
    plant("proc/sys/fs/inotify/max_user_watches", "65536\n");
    plant("run/systemd/timesync/synchronized");
    const findings = await checkHost(ground());
    expect(find(findings, "inotify limits")).toMatchObject({
      state: "warning",
      text: expect.stringContaining("128 instances"),
    });
    expect(find(findings, "clock")?.state).toBe("good");
    expect(find(findings, "disk of /var/lib/berth")?.text).toMatch(/GiB free/);
  });

  it("tells ports that clash with another pod or with a program", async () => {
    const line = "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 1\n";
    plant("proc/net/tcp", `  sl  local_address rem_address   st\n${line}`);
    const want = (pod: string, port: number, hostNetwork = false) => ({ pod, port, protocol: "TCP", hostNetwork });
    expect((await checkPorts(ground(), [want("default/a", 80)], []))[0]?.state).toBe("good");
    expect((await checkPorts(ground(), [want("default/a", 80), want("default/b", 80)], []))[0]?.text).toContain(
      "default/a and default/b",
    );
    expect((await checkPorts(ground(), [want("default/a", 8080)], []))[0]).toMatchObject({
      state: "bad",
      text: expect.stringContaining("is taken by a program"),
    });
    expect((await checkPorts(ground(), [want("default/a", 8080, true)], ["default/a"]))[0]?.state).toBe("good");
  });
});
