import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeRootDir } from "../../src/files/root-dir.ts";
import { forever, scratch } from "./kit.ts";

const placesIn = (root: string) => ({
  rootDir: join(root, "state"),
  podLogsDir: join(root, "logs/pods"),
  containerLogsDir: join(root, "logs/containers"),
});

describe("the root directory", () => {
  it("gets an owner id once", async () => {
    const root = scratch();
    const first = await takeRootDir(placesIn(root), forever);
    first.release();
    const second = await takeRootDir(placesIn(root), forever);
    second.release();
    expect(first.ownerId).toMatch(/^[0-9a-f]{16}$/);
    expect(second.ownerId).toBe(first.ownerId);
    expect(readFileSync(join(root, "state/owner"), "utf8")).toBe(`${first.ownerId}\n`);
    expect((statSync(join(root, "state/owner")).mode & 0o777).toString(8)).toBe("600");
  });

  it("is not taken with a damaged owner id", async () => {
    const root = scratch();
    mkdirSync(join(root, "state"));
    writeFileSync(join(root, "state/owner"), "");
    await expect(takeRootDir(placesIn(root), forever)).rejects.toMatchObject({ code: "RecordTorn" });
    writeFileSync(join(root, "state/owner"), "0123456789abcdef\n");
    (await takeRootDir(placesIn(root), forever)).release();
  });

  it("is shown without links", async () => {
    const root = scratch();
    mkdirSync(join(root, "real"));
    symlinkSync(join(root, "real"), join(root, "state"));
    const taken = await takeRootDir(placesIn(root), forever);
    taken.release();
    expect(taken.places.rootDir).toBe(join(root, "real"));
  });

  it("belongs to one agent at a time, and is free when that one is killed", async () => {
    const root = scratch();
    const places = placesIn(root);
    const other = spawn(process.execPath, [join(import.meta.dirname, "hold-root-dir.ts"), JSON.stringify(places)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(other.stdout, "data");
    await expect(takeRootDir(places, forever)).rejects.toMatchObject({ code: "RootDirTaken" });
    other.kill("SIGKILL");
    await once(other, "exit");
    const taken = await takeRootDir(places, forever);
    await expect(takeRootDir(places, forever)).rejects.toMatchObject({ code: "RootDirTaken" });
    taken.release();
  });
});
