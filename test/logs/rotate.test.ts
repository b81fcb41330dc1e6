import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { compressRotated, logSize, rotateLog } from "../../src/logs/rotate.ts";

const forever = new AbortController().signal;
const MAX_FILES = 4;

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-rotate-"));
  path = join(directory, "0.log");
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

const reopen = async (): Promise<void> => appendFileSync(path, "", { mode: 0o640 });
const at = (second: number): Date => new Date(2030, 0, 1, 0, 0, second);
const names = (): string[] => readdirSync(directory).sort();
const rotate = (second: number, opening = reopen) => rotateLog(path, MAX_FILES, opening, at(second));
const compress = () => compressRotated(path, forever);

describe("rotation of a log (4.4)", () => {
  it("keeps the current file, one rotated and the others compressed, and never more than the limit", async () => {
    for (let round = 0; round < 6; round += 1) {
      writeFileSync(path, `round ${round} ....`, { mode: 0o640 });
      await rotate(round);
      expect(names().length).toBeLessThanOrEqual(MAX_FILES);
      await compress();
    }
    expect(names()).toEqual(["0.log", "0.log.20300101-000003.gz", "0.log.20300101-000004.gz", "0.log.20300101-000005"]);
    expect(readFileSync(join(directory, "0.log.20300101-000005"), "utf8")).toBe("round 5 ....");
    const compressed = join(directory, "0.log.20300101-000003.gz");
    expect(gunzipSync(readFileSync(compressed)).toString()).toBe("round 3 ....");
    expect((statSync(compressed).mode & 0o777).toString(8)).toBe("640");
    expect(readFileSync(path, "utf8")).toBe("");
  });

  it("loses nothing when it happens more than once in a second", async () => {
    for (const text of ["first.....", "second....", "third....."]) {
      writeFileSync(path, text);
      await rotate(0);
    }
    await compress();
    expect(names()).toEqual([
      "0.log",
      "0.log.20300101-000000-01.gz",
      "0.log.20300101-000000-02",
      "0.log.20300101-000000.gz",
    ]);
    writeFileSync(path, "fourth....");
    await rotate(1);
    expect(names()).not.toContain("0.log.20300101-000000.gz");
  });

  it("gives the name back when the runtime cannot open the log again", async () => {
    writeFileSync(path, "0123456789");
    const broken = async (): Promise<void> => {
      throw new Error("runtime is down");
    };
    await expect(rotate(0, broken)).rejects.toThrow("runtime is down");
    expect(names()).toEqual(["0.log"]);
    expect(readFileSync(path, "utf8")).toBe("0123456789");
  });

  it("keeps both files when the runtime opened a new one and only its answer was lost", async () => {
    writeFileSync(path, "0123456789");
    const late = async (): Promise<void> => {
      writeFileSync(path, "new");
      throw new Error("too late");
    };
    await expect(rotate(0, late)).rejects.toThrow("too late");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readFileSync(join(directory, "0.log.20300101-000000"), "utf8")).toBe("0123456789");
  });

  it("says that a missing log is missing", async () => {
    expect(await logSize(path)).toBeUndefined();
    writeFileSync(path, "12345");
    expect(await logSize(path)).toBe(5);
  });

  it("leaves a file alone that was removed while it was compressed", async () => {
    for (const second of [0, 1]) {
      writeFileSync(path, "x".repeat(8 * 1024 * 1024));
      await rotate(second);
    }
    const compressing = compress();
    rmSync(join(directory, "0.log.20300101-000000"));
    await compressing.catch(() => {});
    expect(names()).toEqual(["0.log", "0.log.20300101-000001"]);
  });

  it("takes away what a crash left of a compression, and touches no other instance's files", async () => {
    writeFileSync(path, "0123456789");
    for (const name of ["0.log.0", "0.log.0.gz", "0.log.1.tmp", "1.log", "1.log.x.tmp", "10.log.y"]) {
      writeFileSync(join(directory, name), "");
    }
    await rotate(0);
    await compress();
    expect(names()).toEqual(["0.log", "0.log.0.gz", "0.log.20300101-000000", "1.log", "1.log.x.tmp", "10.log.y"]);
  });
});
