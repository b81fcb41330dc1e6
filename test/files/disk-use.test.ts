import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { diskUse } from "../../src/files/disk-use.ts";
import { makeLocalStorage } from "../../src/files/local-storage.ts";
import { forever, house, noBodies, scratch } from "./kit.ts";
import { podOf, requestOf } from "./pods.ts";

const du = (path: string, ...options: string[]): number =>
  Number(execFileSync("du", ["-s", ...options, path], { encoding: "utf8" }).split("\t")[0]);

it("counts as du does: files with several names once, links for themselves, holes for nothing", async () => {
  const root = scratch();
  const volume = join(root, "volume");
  mkdirSync(join(volume, "a/b/c"), { recursive: true });
  writeFileSync(join(volume, "a/one"), Buffer.alloc(300_000, 1));
  linkSync(join(volume, "a/one"), join(volume, "a/b/again"));
  writeFileSync(join(volume, "a/b/c/two"), "small");
  writeFileSync(join(volume, "hole"), "");
  truncateSync(join(volume, "hole"), 1 << 30);
  writeFileSync(join(root, "outside"), Buffer.alloc(900_000, 1));
  symlinkSync(root, join(volume, "out"));
  symlinkSync("out", join(volume, "loop"));
  writeFileSync(Buffer.concat([Buffer.from(`${volume}/no`), Buffer.from([0xff, 0x0a])]), "no text");
  const found = await diskUse(volume, forever);
  expect(found).toEqual({ bytes: du(volume, "--block-size=1"), inodes: du(volume, "--inodes") });
  expect(found.bytes).toBeLessThan(500_000);
});

it("is nothing where nothing is, and ends with the signal", async () => {
  const root = scratch();
  expect(await diskUse(join(root, "absent"), forever)).toEqual({ bytes: 0, inodes: 0 });
  mkdirSync(join(root, "volume/x"), { recursive: true });
  await expect(diskUse(join(root, "volume"), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});

it("does not follow a container that nests directories without end", async () => {
  const volume = join(scratch(), "volume");
  mkdirSync(join(volume, "d/".repeat(400)), { recursive: true });
  expect((await diskUse(volume, forever)).inodes).toBe(258);
});

it("a pod has volumes and logs on disk; what lies in memory or on the host is not its own", async () => {
  const { files, options } = house();
  const pod = podOf({
    volumes: [
      { name: "v", emptyDir: {} },
      { name: "host", hostPath: { path: "/etc" } },
    ],
  });
  await files.makeHome(pod, forever);
  await files.setVolume(pod, "v", noBodies, forever);
  await files.prepareContainer(requestOf(pod), forever);
  writeFileSync(files.logPath(pod, "c0", 0), Buffer.alloc(70_000, 1));
  writeFileSync(`${files.logPath(pod, "c0", 0)}.20260101-000000`, Buffer.alloc(70_000, 1));
  const { volumes, logs } = await makeLocalStorage(options.settings).use(pod, forever);
  expect([...volumes.keys()]).toEqual(["v"]);
  expect(logs.get("c0")?.bytes).toBeGreaterThan(140_000);
});
