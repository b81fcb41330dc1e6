import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findKubelet } from "../../src/host/kubelet.ts";

const signal = new AbortController().signal;
const USUAL = "unix:///run/containerd/containerd.sock";

describe("a kubelet on this host", () => {
  let proc = "";
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), "berth-proc-"));
    mkdirSync(join(proc, "self"));
    add(1, ["/sbin/init"]);
    add(2, []);
    onTestFinished(() => rmSync(proc, { recursive: true }));
  });

  function add(pid: number, args: readonly string[], files: Record<string, string> = {}): void {
    const root = join(proc, `${pid}`, "root");
    mkdirSync(root, { recursive: true });
    writeFileSync(join(proc, `${pid}`, "cmdline"), args.map((arg) => `${arg}\0`).join(""));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }
  // No real socket stands behind this name, so that texts are compared.
  const find = (endpoint = "unix:///nowhere/c.sock") => findKubelet(endpoint, signal, proc);

  it("is none on a host without one, whatever else runs", async () => {
    add(10, ["/usr/bin/vim", "/etc/kubelet"]);
    add(11, ["kubectl", "--container-runtime-endpoint=unix:///nowhere/c.sock"]);
    expect(await find()).toBeUndefined();
  });

  it.each([
    ["a flag", ["/usr/bin/kubelet", "--v=2", "--container-runtime-endpoint=unix:///nowhere/c.sock"], {}],
    ["a flag and its value apart", ["kubelet", "--container-runtime-endpoint", "unix:///nowhere/c.sock"], {}],
    ["a path without scheme", ["kubelet", "--container-runtime-endpoint=/nowhere/c.sock"], {}],
    ["hyperkube", ["/hyperkube", "kubelet", "--container-runtime-endpoint=unix:///nowhere/c.sock"], {}],
    [
      "a YAML file",
      ["kubelet", "--config=/var/lib/kubelet/config.yaml"],
      {
        "/var/lib/kubelet/config.yaml":
          "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///nowhere/c.sock # own\n",
      },
    ],
    [
      "a JSON file",
      ["kubelet", "--config", "/k.json"],
      { "/k.json": '{"kind": "KubeletConfiguration",\n "containerRuntimeEndpoint":"unix:///nowhere/c.sock"}' },
    ],
  ])("is found by %s", async (_, args, files) => {
    add(42, args, files);
    expect(await find()).toMatchObject({ pid: 42 });
    expect(await find("unix:///nowhere/other.sock")).toBeUndefined();
  });

  it("uses the usual socket unless it is told otherwise, under either name of /run", async () => {
    add(43, ["/usr/local/bin/k3s server"]);
    add(44, ["kubelet", "--container-runtime-endpoint=unix:///nowhere/run/c.sock"]);
    expect(await find("unix:///run/k3s/containerd/containerd.sock")).toMatchObject({ pid: 43, program: "k3s" });
    expect(await find(USUAL)).toBeUndefined();
  });

  it("is told by the socket itself, where both can be seen", async () => {
    const ours = join(proc, "ours.sock");
    writeFileSync(ours, "");
    add(42, ["kubelet", "--container-runtime-endpoint=unix:///run/renamed.sock"]);
    mkdirSync(join(proc, "42/root/run"), { recursive: true });
    symlinkSync(ours, join(proc, "42/root/run/renamed.sock"));
    expect(await find(`unix://${ours}`)).toMatchObject({ pid: 42, endpoint: "unix:///run/renamed.sock" });
  });

  it("in a root of its own with a socket of its own is no kubelet on ours", async () => {
    const ours = join(proc, "ours.sock");
    writeFileSync(ours, "");
    add(42, ["kubelet", `--container-runtime-endpoint=unix://${ours}`], { [ours]: "" });
    expect(await find(`unix://${ours}`)).toBeUndefined();
  });

  it("is not seen on this machine's own processes under a name that nobody uses", async () => {
    expect(await findKubelet("unix:///nowhere/c.sock", signal)).toBeUndefined();
  });
});
