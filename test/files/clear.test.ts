import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clearHome } from "../../src/files/clear.ts";
import type { Mounts } from "../../src/files/mounts.ts";
import { sweep } from "../../src/files/sweep.ts";
import { forever, house, NOT_ROOT, noBodies, scratch } from "./kit.ts";
import { podOf, requestOf } from "./pods.ts";

const idle: Mounts = { mount: async () => {}, unmount: async () => {} };

describe("clearing a pod's home", () => {
  it("keeps logs, messages and record of a finished pod (T8)", async () => {
    const { files, options } = house();
    const pod = podOf({ volumes: [{ name: "v", emptyDir: {} }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    await files.prepareContainer(requestOf(pod), forever);
    writeFileSync(files.logPath(pod, "c0", 0), "line");
    const home = join(options.settings.rootDir, "pods/uid-1");
    writeFileSync(join(home, "berth.json"), "{}");
    await files.clearHome(pod, "logs", forever);
    expect(readdirSync(home).sort()).toEqual(["berth.json", "containers", "etc-hosts"]);
    expect(readFileSync(files.logPath(pod, "c0", 0), "utf8")).toBe("line");
    await files.clearHome(pod, "nothing", forever);
    await files.clearHome(pod, "nothing", forever);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual([]);
    expect(readdirSync(options.settings.podLogsDir)).toEqual([]);
  });

  it("of a home that no record tells of takes the logs as well, by its UID", async () => {
    const { files, options } = house();
    const [pod, other] = [podOf(), podOf({ uid: "uid-10" })];
    for (const one of [pod, other]) {
      await files.makeHome(one, forever);
      await files.prepareContainer(requestOf(one), forever);
      writeFileSync(files.logPath(one, "c0", 0), "line");
      await files.linkLog(one, "c0", 0, `id-${one.uid}`, forever);
    }
    await files.clearHome({ uid: pod.uid, namespace: "", name: pod.uid }, "nothing", forever);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual([other.uid]);
    expect(readdirSync(options.settings.podLogsDir)).toEqual([expect.stringMatching(/_uid-10$/)]);
    expect(readdirSync(options.settings.containerLogsDir)).toEqual([expect.stringMatching(/-id-uid-10\.log$/)]);
  });

  it("removes what containers left, whatever its names and depth, and nothing behind links", async () => {
    const { files, options, root } = house();
    const pod = podOf({ volumes: [{ name: "v", emptyDir: {} }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const volume = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    mkdirSync(join(root, "precious"));
    writeFileSync(join(root, "precious/file"), "kept");
    symlinkSync(join(root, "precious"), join(volume, "link"));
    symlinkSync(root, join(volume, "up"));
    writeFileSync(Buffer.concat([Buffer.from(`${volume}/`), Buffer.from([0xff, 0xfe, 0x0a])]), "");
    mkdirSync(join(volume, "d/".repeat(1800)), { recursive: true });
    writeFileSync(join(volume, "d/".repeat(900), "f"), "");
    spawnSync("mkfifo", [join(volume, "pipe")]);
    await files.clearHome(pod, "nothing", forever);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual([]);
    expect(readdirSync(join(root, "precious"))).toEqual(["file"]);
  }, 60_000);

  it.skipIf(NOT_ROOT)("unmounts all that is mounted below, odd names and stacked mounts too", async () => {
    const { files, options, root } = house();
    const pod = podOf();
    await files.makeHome(pod, forever);
    const volume = join(options.settings.rootDir, "pods/uid-1/volumes/odd");
    mkdirSync(join(root, "precious"));
    writeFileSync(join(root, "precious/file"), "kept");
    const odd = join(volume, "a b\\c\td");
    mkdirSync(odd, { recursive: true });
    for (const target of [volume, volume]) spawnSync("mount", ["--bind", target, target]);
    spawnSync("mount", ["--bind", join(root, "precious"), odd]);
    spawnSync("mount", ["-t", "tmpfs", "none", odd]);
    await files.clearHome(pod, "nothing", forever);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual([]);
    expect(readdirSync(join(root, "precious"))).toEqual(["file"]);
  });

  it.skipIf(NOT_ROOT)("refuses while a mount is busy, and removes nothing", async () => {
    const { files, options } = house();
    const pod = podOf({ volumes: [{ name: "v", emptyDir: { medium: "Memory" } }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const volume = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    writeFileSync(join(volume, "file"), "kept");
    const held = openSync(join(volume, "file"), "r");
    await expect(files.clearHome(pod, "nothing", forever)).rejects.toMatchObject({
      code: "VolumeFailed",
      message: expect.stringMatching(/1 mounts of pod default\/web-node1 remain.*busy/),
    });
    expect(readdirSync(volume)).toEqual(["file"]);
    closeSync(held);
    await files.clearHome(pod, "nothing", forever);
  });

  it.skipIf(NOT_ROOT)("never enters a mount that the table did not show", async () => {
    const { options, files, root } = house();
    const pod = podOf({ volumes: [{ name: "v", emptyDir: {} }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const volume = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    mkdirSync(join(root, "precious/below"), { recursive: true });
    mkdirSync(join(volume, "m"));
    // A bind mount of the same file system: the device number does not tell.
    spawnSync("mount", ["--bind", join(root, "precious"), join(volume, "m")]);
    await expect(sweep(join(options.settings.rootDir, "pods/uid-1"), forever)).rejects.toThrow("still mounted");
    await expect(clearHome(options.settings, pod, "nothing", idle, forever)).rejects.toThrow("1 mounts");
    expect(readdirSync(join(root, "precious"))).toEqual(["below"]);
  });

  it("stops with its signal and can be done again", async () => {
    const root = scratch();
    const tree = join(root, "tree");
    mkdirSync(join(tree, "a/b/c"), { recursive: true });
    await expect(sweep(tree, AbortSignal.abort(new Error("withdrawn")))).rejects.toThrow("withdrawn");
    await sweep(tree, forever);
    expect(readdirSync(root)).toEqual([]);
  });
});
