import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMountTable } from "../../src/files/mount-table.ts";
import { bodiesOf, forever, house, NOT_ROOT, noBodies } from "./kit.ts";
import { podOf } from "./pods.ts";

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const optionsOf = (path: string): string =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .find((line) => line.includes(` ${path} `)) ?? "";

describe("emptyDir", () => {
  it("lies on disk with mode 0777 and is left alone once it stands", async () => {
    const { files, options } = house();
    const pod = podOf({ volumes: [{ name: "v", emptyDir: {} }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const path = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    expect(mode(path)).toBe("777");
    chmodSync(path, 0o700);
    writeFileSync(join(path, "kept"), "");
    await files.setVolume(pod, "v", noBodies, forever);
    expect([mode(path), readdirSync(path)]).toEqual(["700", ["kept"]]);
    expect(readdirSync(join(options.settings.rootDir, "pods/uid-1/plugins/kubernetes.io~empty-dir/v"))).toEqual([
      "ready",
    ]);
  });

  it.skipIf(NOT_ROOT)("in memory is a tmpfs of its size, mounted once, and again after a boot", async () => {
    const { files, options } = house({ allocatable: { cpuMillis: 0, memoryBytes: 8 << 20 } });
    const pod = podOf({ volumes: [{ name: "v", emptyDir: { medium: "Memory", sizeLimit: "3Mi" } }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const path = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    const mounts = async () => (await readMountTable()).filter((mount) => mount.path === path);
    expect(await mounts()).toMatchObject([{ fileSystem: "tmpfs" }]);
    expect(optionsOf(path)).toContain("size=3072k");
    expect(mode(path)).toBe("1777");
    spawnSync("umount", [path]);
    await files.setVolume(pod, "v", noBodies, forever);
    expect(await mounts()).toHaveLength(1);
  });

  it.skipIf(NOT_ROOT)("belongs to the fsGroup (5.5)", async () => {
    const { files, options } = house();
    const pod = podOf({ spec: { securityContext: { fsGroup: 4321 } }, volumes: [{ name: "v", emptyDir: {} }] });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    const found = statSync(join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v"));
    expect([found.uid, found.gid, (found.mode & 0o7777).toString(8)]).toEqual([0, 4321, "2777"]);
  });

  it.each([
    ["Floppy", {}, "unknown"],
    ["HugePages", {}, "exactly one page size"],
    ["HugePages-1Gi", { "hugepages-2Mi": "2Mi" }, "needs a container that asks for hugepages-1Gi"],
  ])("with medium %s and requests %j is refused", async (medium, limits, reason) => {
    const { files } = house();
    const pod = podOf({ containers: [{ resources: { limits } }], volumes: [{ name: "v", emptyDir: { medium } }] });
    await expect(files.setVolume(pod, "v", noBodies, forever)).rejects.toMatchObject({
      code: "VolumeFailed",
      message: expect.stringContaining(reason),
    });
  });

  it.skipIf(NOT_ROOT)("of huge pages is a hugetlbfs of the page size", async () => {
    const { files, options } = house();
    const limits = { "hugepages-2Mi": "2Mi" };
    const pod = podOf({
      containers: [{ resources: { limits } }],
      volumes: [{ name: "v", emptyDir: { medium: "HugePages" } }],
    });
    await files.setVolume(pod, "v", noBodies, forever);
    const path = join(options.settings.rootDir, "pods/uid-1/volumes/kubernetes.io~empty-dir/v");
    expect(optionsOf(path)).toMatch(/hugetlbfs .*pagesize=2M/);
  });
});

describe("hostPath", () => {
  const check = async (path: string, type?: string): Promise<void> => {
    const { files } = house();
    const hostPath = type === undefined ? { path } : { path, type };
    await files.setVolume(podOf({ volumes: [{ name: "v", hostPath }] }), "v", noBodies, forever);
  };

  it("checks each type (5.3), through links", async () => {
    const { root } = house();
    const at = (name: string): string => join(root, name);
    mkdirSync(at("dir"));
    writeFileSync(at("file"), "kept");
    symlinkSync(at("dir"), at("link"));
    const server = createServer().listen(at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const good: [string, string][] = [
      [at("dir"), "Directory"],
      [at("link"), "Directory"],
      [at("dir"), "DirectoryOrCreate"],
      [at("file"), "File"],
      [at("file"), "FileOrCreate"],
      [at("socket"), "Socket"],
      ["/dev/null", "CharDevice"],
      [at("new/deep"), "DirectoryOrCreate"],
      [at("new/file"), "FileOrCreate"],
      [at("nothing"), ""],
    ];
    for (const [path, type] of good) await check(path, type);
    expect(statSync(at("new/deep")).isDirectory()).toBe(true);
    expect(mode(at("new/file"))).toBe("644");
    expect(readFileSync(at("file"), "utf8")).toBe("kept");
    const bad: [string, string][] = [
      [at("file"), "Directory"],
      [at("dir"), "File"],
      [at("nothing"), "Directory"],
      [at("nothing/file"), "FileOrCreate"],
      [at("dir"), "Socket"],
      ["/dev/null", "BlockDevice"],
      [`${root}/dir/../dir`, ""],
      [at("dir"), "toString"],
    ];
    for (const [path, type] of bad) {
      await expect(check(path, type), `${path} as ${type}`).rejects.toMatchObject({ code: "VolumeFailed" });
    }
    server.close();
    expect(() => lstatSync(at("nothing"))).toThrow("ENOENT");
  });
});

describe("content volumes", () => {
  const configMap = (changes = {}) => ({ name: "v", configMap: { name: "cm", ...changes } });
  const directory = (root: string, plugin = "configmap"): string =>
    join(root, `state/pods/uid-1/volumes/kubernetes.io~${plugin}/v`);
  const tree = (path: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(path)
        .filter((name) => !name.startsWith(".."))
        .map((name) => [name, readFileSync(join(path, name), "utf8")]),
    );

  it("show the keys of a ConfigMap, and change from one moment to the next", async () => {
    const { files, root } = house();
    const pod = podOf({ volumes: [configMap()] });
    const set = (data: Record<string, string>) =>
      files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": data }), forever);
    await set({ a: "1", b: "2" });
    const path = directory(root);
    expect(tree(path)).toEqual({ a: "1", b: "2" });
    expect(readlinkSync(join(path, "a"))).toBe("..data/a");
    expect(mode(join(path, "a"))).toBe("644");
    const first = readlinkSync(join(path, "..data"));

    await set({ a: "1", b: "2" });
    expect(readlinkSync(join(path, "..data"))).toBe(first);

    await set({ a: "one", c: "3" });
    expect(tree(path)).toEqual({ a: "one", c: "3" });
    expect(readdirSync(path).filter((name) => name.startsWith("..2"))).toEqual([readlinkSync(join(path, "..data"))]);
  });

  it("survive a crash at any point of an update", async () => {
    const { files, root } = house();
    const pod = podOf({ volumes: [configMap()] });
    const set = (data: Record<string, string>) =>
      files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": data }), forever);
    await set({ a: "1" });
    const path = directory(root);
    symlinkSync("..2020_01_01_00_00_00.gone", join(path, "..data_tmp"));
    mkdirSync(join(path, "..2020_01_01_00_00_00.half"));
    symlinkSync("..data/stale", join(path, "stale"));
    await set({ a: "2" });
    expect(tree(path)).toEqual({ a: "2" });
    expect(readdirSync(path)).toHaveLength(3);
    rmSync(join(path, "..data"));
    await set({ a: "2" });
    expect(tree(path)).toEqual({ a: "2" });
  });

  it.skipIf(NOT_ROOT)("hold a Secret in memory, with its modes and the fsGroup", async () => {
    const { files, root } = house();
    const items = [{ key: "k", path: "deep/er/key", mode: 0o400 }];
    const pod = podOf({
      spec: { securityContext: { fsGroup: 4321 } },
      volumes: [{ name: "v", secret: { secretName: "s", items, defaultMode: 0o600 } }],
    });
    await files.setVolume(pod, "v", bodiesOf({ "Secret/default/s": { k: "word", other: "x" } }), forever);
    const path = directory(root, "secret");
    expect(optionsOf(path)).toContain("tmpfs");
    expect(readFileSync(join(path, "deep/er/key"), "utf8")).toBe("word");
    expect(mode(join(path, "deep/er/key"))).toBe("440");
    expect(statSync(join(path, "deep/er/key")).gid).toBe(4321);
    expect(mode(join(path, "deep/"))).toBe("2755");
  });

  it.skipIf(NOT_ROOT)("show the pod's own fields as the Go language quotes them (5.2)", async () => {
    const { files, root } = house();
    const field = (path: string, fieldPath: string) => ({ path, fieldRef: { fieldPath } });
    const items = [
      field("labels", "metadata.labels"),
      field("one", "metadata.labels['b/x']"),
      field("name", "metadata.name"),
      { path: "cpu", resourceFieldRef: { resource: "limits.cpu", containerName: "c0" } },
    ];
    const labels = { "b/x": 'quote " tab \t é \u0001 \u00a0 \u{1F600} \u{E0001}', a: "1" };
    const pod = podOf({ labels, volumes: [{ name: "v", downwardAPI: { items } }] });
    await files.setVolume(pod, "v", noBodies, forever);
    expect(tree(directory(root, "downward-api"))).toEqual({
      labels: 'a="1"\nb/x="quote \\" tab \\t é \\x01 \\u00a0 \u{1F600} \\U000e0001"',
      one: labels["b/x"],
      name: "web-node1",
      cpu: "2",
    });
  });

  it.skipIf(NOT_ROOT)("merge projected sources, the later one wins", async () => {
    const { files, root } = house();
    const sources = [
      { configMap: { name: "cm" } },
      { secret: { name: "s", items: [{ key: "k", path: "a" }] } },
      { configMap: { name: "absent", optional: true } },
    ];
    const pod = podOf({ volumes: [{ name: "v", projected: { sources } }] });
    await files.setVolume(
      pod,
      "v",
      bodiesOf({ "ConfigMap/default/cm": { a: "1", b: "2" }, "Secret/default/s": { k: "s" } }),
      forever,
    );
    expect(tree(directory(root, "projected"))).toEqual({ a: "s", b: "2" });
  });

  it("tell every missing thing at once, and no secret", async () => {
    const { files, root } = house();
    const sources = [{ configMap: { name: "gone" } }, { secret: { name: "s", items: [{ key: "z", path: "z" }] } }];
    const pod = podOf({ volumes: [{ name: "v", projected: { sources } }] });
    const set = files.setVolume(pod, "v", bodiesOf({ "Secret/default/s": { k: "hidden-word" } }), forever);
    await expect(set).rejects.toMatchObject({
      code: "VolumeFailed",
      message: 'configmap "gone" not found, secret "s" has no key "z"',
    });
    expect(() => lstatSync(directory(root, "projected"))).toThrow("ENOENT");
  });

  it.each([
    "../x",
    "/etc/passwd",
    "a/../../x",
    "..data",
    "..x/y",
    "./..x",
    ".",
    "n\0l",
    "l".repeat(256),
    `${"d/".repeat(2050)}f`,
  ])("refuse the path %j", async (path) => {
    const { files, root } = house();
    const pod = podOf({ volumes: [configMap({ items: [{ key: "k", path }] })] });
    const set = files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": { k: "1" } }), forever);
    await expect(set).rejects.toMatchObject({ code: "VolumeFailed" });
    expect(() => lstatSync(directory(root))).toThrow("ENOENT");
  });

  it.each([
    ["./app.conf", "app.conf"],
    ["a//b", "a/b"],
    ["a/./b/", "a/b"],
  ])("clean the path %j", async (path, shown) => {
    const { files, root } = house();
    const pod = podOf({ volumes: [configMap({ items: [{ key: "k", path }] })] });
    await files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": { k: "1" } }), forever);
    expect(readFileSync(join(directory(root), shown), "utf8")).toBe("1");
  });

  it("refuse a file below a file", async () => {
    const { files } = house();
    const items = ["a", "a/b"].map((path) => ({ key: "k", path }));
    const pod = podOf({ volumes: [configMap({ items })] });
    const set = files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": { k: "1" } }), forever);
    await expect(set).rejects.toThrow("lies below the file");
  });

  it("have directories for mounts that are nested in them (2.4)", async () => {
    const { files, root } = house();
    const volumeMounts = [
      { name: "v", mountPath: "/etc/app" },
      { name: "x", mountPath: "/etc/app/sub/dir/" },
      { name: "x", mountPath: "/etc/application" },
      { name: "x", mountPath: "/etc/app/key" },
    ];
    const pod = podOf({ containers: [{ volumeMounts }], volumes: [configMap(), { name: "x", emptyDir: {} }] });
    await files.setVolume(pod, "v", bodiesOf({ "ConfigMap/default/cm": { key: "1" } }), forever);
    const path = directory(root);
    expect(statSync(join(path, "sub/dir")).isDirectory()).toBe(true);
    expect(readdirSync(path).filter((name) => !name.startsWith(".."))).toEqual(["key", "sub"]);
  });
});
