import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMountTable } from "../../src/files/mount-table.ts";
import { makeMounts } from "../../src/files/mounts.ts";
import { mountSubPath } from "../../src/files/sub-path.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { forever, house, NOT_ROOT, noBodies, scratch } from "./kit.ts";
import { podOf, requestOf } from "./pods.ts";

describe.skipIf(NOT_ROOT)("subPath", () => {
  async function prepared(mount: Partial<v1.VolumeMount>, environment: { name: string; value: string }[] = []) {
    const built = house();
    const volume = join(built.root, "volume");
    mkdirSync(volume);
    const pod = podOf({
      containers: [{ volumeMounts: [{ name: "v", mountPath: "/data", ...mount }] }],
      volumes: [{ name: "v", hostPath: { path: volume } }],
    });
    await built.files.makeHome(pod, forever);
    const prepare = () => built.files.prepareContainer(requestOf(pod, { environment }), forever);
    return { ...built, volume, pod, prepare };
  }

  it("mounts a directory or a file of the volume, and does it once", async () => {
    const { prepare, volume, root } = await prepared({ subPath: "a/b" });
    mkdirSync(join(volume, "a"));
    writeFileSync(join(volume, "a/b"), "inside");
    const [first] = await prepare();
    const [second] = await prepare();
    const target = join(root, "state/pods/uid-1/volume-subpaths/v/c0/0");
    expect([first?.hostPath, second?.hostPath]).toEqual([target, target]);
    expect(readFileSync(target, "utf8")).toBe("inside");
    expect((await readMountTable()).filter((mount) => mount.path === target)).toHaveLength(1);
  });

  it("is mounted anew when the object behind the name changed, without touching what was there", async () => {
    const { prepare, volume } = await prepared({ subPath: "f" });
    writeFileSync(join(volume, "f"), "old");
    await prepare();
    renameSync(join(volume, "f"), join(volume, "old"));
    mkdirSync(join(volume, "f"));
    writeFileSync(join(volume, "f/x"), "new");
    const [mount] = await prepare();
    expect(readdirSync(mount?.hostPath ?? "")).toEqual(["x"]);
    expect(readFileSync(join(volume, "old"), "utf8")).toBe("old");
  });

  it("makes what is missing, with the volume root's mode", async () => {
    const { prepare, volume } = await prepared({ subPath: "x/y" });
    chmodSync(volume, 0o2771);
    await prepare();
    const modes = ["x", "x/y"].map((path) => (statSync(join(volume, path)).mode & 0o7777).toString(8));
    expect(modes).toEqual(["2771", "2771"]);
  });

  it("follows links that stay inside", async () => {
    const { prepare, volume } = await prepared({ subPath: "link/f" });
    mkdirSync(join(volume, "real"));
    writeFileSync(join(volume, "real/f"), "here");
    symlinkSync("real", join(volume, "link"));
    const [mount] = await prepare();
    expect(readFileSync(mount?.hostPath ?? "", "utf8")).toBe("here");
  });

  it.each([
    ["a link out", "link/passwd", (volume: string) => symlinkSync("/etc", join(volume, "link"))],
    ["a link to the parent", "link", (volume: string) => symlinkSync("..", join(volume, "link"))],
    ["a link that leads nowhere", "link/x", (volume: string) => symlinkSync("/nothing/here", join(volume, "link"))],
    ["a link to itself", "link", (volume: string) => symlinkSync("link", join(volume, "link"))],
    ["a file as a directory", "f/x", (volume: string) => writeFileSync(join(volume, "f"), "")],
    ["climbing", "a/../..", () => {}],
    ["an absolute path", "/etc", () => {}],
  ])("refuses %s, without naming a host path", async (_, subPath, set) => {
    const { prepare, volume, root } = await prepared({ subPath });
    set(volume);
    const error = await prepare().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ContainerConfigInvalid" });
    expect(String(error)).not.toContain(root);
    expect((await readMountTable()).filter((mount) => mount.path.startsWith(root))).toEqual([]);
  });

  it("expands an expression; unknown and empty variables are errors (2.2)", async () => {
    const values = [
      { name: "A", value: "one" },
      { name: "E", value: "" },
    ];
    const { prepare, volume } = await prepared({ subPathExpr: "$(A)-$$(A)" }, values);
    await prepare();
    expect(readdirSync(volume)).toEqual(["one-$(A)"]);
    for (const subPathExpr of ["$(NOPE)", "x$(E)"]) {
      const other = await prepared({ subPathExpr }, values);
      await expect(other.prepare()).rejects.toThrow("missing value for");
    }
  });

  it("never leads out of the volume, however links are swapped meanwhile", { timeout: 60_000 }, async () => {
    const root = scratch();
    const volume = join(root, "volume");
    const outside = join(root, "outside");
    mkdirSync(join(outside, "d"), { recursive: true });
    writeFileSync(join(outside, "d/f"), "outside");
    mkdirSync(join(volume, "x"), { recursive: true });
    writeFileSync(join(volume, "x/f"), "inside");

    const script = join(import.meta.dirname, "swap-links.ts");
    const places = [join(volume, "x"), join(volume, "real"), join(outside, "d")];
    const swapping = spawn(process.execPath, [script, ...places], { stdio: ["ignore", "pipe", "inherit"] });
    await once(swapping.stdout, "data");
    const mounts = makeMounts();
    const seen = new Map<string, number>();
    for (let round = 0; round < 150; round += 1) {
      const target = join(root, `target-${round}`);
      const what = await mountSubPath({ volume, subPath: "x/f", target }, mounts, forever).then(
        // Between two swaps the directory is missing for a moment: then an empty one was made, inside the volume.
        () => (statSync(target).isDirectory() ? "made" : readFileSync(target, "utf8")),
        () => "refused",
      );
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    swapping.kill("SIGKILL");
    await once(swapping, "exit");
    expect(seen.get("outside")).toBeUndefined();
    // Both sides of the swap were met, or the rounds proved nothing.
    expect(seen.get("inside")).toBeGreaterThan(0);
    expect(seen.get("refused")).toBeGreaterThan(0);
  });

  it("of an emptyDir is unmounted before the pod's home goes", async () => {
    const { files, options } = house();
    const pod = podOf({
      containers: [{ volumeMounts: [{ name: "v", mountPath: "/d", subPath: "s" }] }],
      volumes: [{ name: "v", emptyDir: {} }],
    });
    await files.makeHome(pod, forever);
    await files.setVolume(pod, "v", noBodies, forever);
    await files.prepareContainer(requestOf(pod), forever);
    await files.clearHome(pod, "nothing", forever);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual([]);
    rmSync(options.settings.rootDir, { recursive: true });
  });
});
