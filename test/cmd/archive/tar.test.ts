import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { extractTo } from "../../../src/cmd/archive/extract.ts";
import { packTar } from "../../../src/cmd/archive/tar.ts";
import { archiveOf } from "../../../src/cmd/archive/write-tar.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LONG = "a-name-of-some-length/".repeat(9);

/** A tree with what archives are made of. */
function plant(): string {
  const source = join(folder, "source");
  mkdirSync(join(source, LONG), { recursive: true });
  mkdirSync(join(source, "empty"));
  writeFileSync(join(source, "small"), "small\n");
  writeFileSync(join(source, "large"), Buffer.alloc(300_000, "0123456789"));
  writeFileSync(join(source, LONG, "deep"), "deep\n", { mode: 0o750 });
  symlinkSync("small", join(source, "link"));
  return source;
}

/** The bytes in pieces that fit no block. */
async function* inPieces(bytes: Buffer, size = 1009): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("an archive", () => {
  it("is one that tar unpacks to the same tree", async () => {
    const archive = await gathered(archiveOf(plant(), "copy", () => {}));
    execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
    execFileSync("diff", ["-r", "--no-dereference", join(folder, "source"), join(folder, "copy")]);
    expect(lstatSync(join(folder, "copy", LONG, "deep")).mode & 0o777).toBe(0o750);
  });

  it.each(["gnu", "ustar", "pax"])(
    "that tar wrote in the form %s is unpacked to the same tree but for links",
    async (form) => {
      const source = plant();
      execFileSync("ln", [join(source, "small"), join(source, "twin")]);
      const archive = execFileSync("tar", ["-cf", "-", `--format=${form}`, "-C", folder, "./source"], {
        maxBuffer: 2 ** 24,
      });
      const leftOut: string[] = [];
      const files = await extractTo(inPieces(archive), "source", join(folder, "copy"), (path) => leftOut.push(path));
      expect({ files, leftOut }).toEqual({ files: 4, leftOut: ["./source/link"] });
      rmSync(join(source, "link"));
      execFileSync("diff", ["-r", source, join(folder, "copy")]);
    },
  );

  it("of one file becomes the goal itself", async () => {
    const archive = packTar([{ kind: "file", path: "./name", mode: 0o644, body: Buffer.from("text") }]);
    await extractTo(inPieces(archive), "name", join(folder, "other"), () => {});
    expect(readFileSync(join(folder, "other"), "utf8")).toBe("text");
  });
});

describe("a container that is not to be trusted", () => {
  const file = (path: string) => packTar([{ kind: "file", path, mode: 0o644, body: Buffer.from("bad") }]);

  it.each(["top/../../bad", "/bad", "../bad", "other/bad"])("may not write to %s", async (path) => {
    mkdirSync(join(folder, "goal"));
    await expect(extractTo(inPieces(file(path)), "top", join(folder, "goal"), () => {})).rejects.toThrow(
      "leads out of",
    );
    expect(existsSync(join(folder, "bad"))).toBe(false);
    expect(existsSync("/bad")).toBe(false);
  });

  it("may not write through a link on this side, nor over one", async () => {
    const goal = join(folder, "goal");
    mkdirSync(goal);
    mkdirSync(join(folder, "away"));
    symlinkSync(join(folder, "away"), join(goal, "out"));
    await expect(extractTo(inPieces(file("top/out/bad")), "top", goal, () => {})).rejects.toThrow("is in the way");
    await expect(extractTo(inPieces(file("top/out")), "top", goal, () => {})).rejects.toThrow();
    expect(existsSync(join(folder, "away", "bad"))).toBe(false);
  });

  it("may not make links at all", async () => {
    const goal = join(folder, "goal");
    const archive = packTar([
      { kind: "link", path: "top/out", target: "/" },
      { kind: "file", path: "top/out/bad", mode: 0o644, body: Buffer.from("bad") },
    ]);
    await extractTo(inPieces(archive), "top", goal, () => {});
    expect(lstatSync(join(goal, "out")).isDirectory()).toBe(true);
  });

  it.each([
    ["text", Buffer.alloc(1024, "no archive ")],
    ["a piece", file("top/bad").subarray(0, 514)],
  ])("that sends %s is told so", async (_, bytes) => {
    await expect(extractTo(inPieces(bytes), "top", join(folder, "goal"), () => {})).rejects.toThrow("archive");
  });
});
