import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { makeManifestSource } from "../../src/manifest/source.ts";
import type { DirectorySighting, FileSighting } from "../../src/pod/source.ts";
import { aManifest } from "./kit.ts";

let work: string;
let path: string;
let watching: Watching;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "berth-source-"));
  path = join(work, "manifests");
  mkdirSync(path);
});
afterEach(async () => {
  await watching?.stop();
  rmSync(work, { recursive: true, force: true });
});

type Watching = {
  /** The first sighting, told or to come, that fits. */
  until(what: string, fits: (sighting: DirectorySighting) => boolean): Promise<DirectorySighting>;
  readonly told: DirectorySighting[];
  rescan(): void;
  stop(): Promise<void>;
};

/** Follows the source; the safety net is far away unless the test brings it near, so that events have to do. */
function follow(at = path, fileCheckMs = 600_000): Watching {
  const source = makeManifestSource({ path: at, fileCheckMs, log: silentLog, nodeName: "n", unknownFields: "error" });
  const leave = new AbortController();
  const told: DirectorySighting[] = [];
  const news = new EventTarget();
  const running = (async () => {
    for await (const sighting of source.sightings(leave.signal)) {
      told.push(sighting);
      news.dispatchEvent(new Event("told"));
    }
  })();
  return {
    told,
    rescan: () => source.rescan(),
    async until(what, fits) {
      const late = AbortSignal.timeout(10_000);
      for (;;) {
        const last = told.at(-1);
        if (last !== undefined && fits(last)) return last;
        try {
          await once(news, "told", { signal: late });
        } catch (cause) {
          throw new Error(`not seen: ${what}; last: ${JSON.stringify(last && summary(last))}`, { cause });
        }
      }
    },
    async stop() {
      leave.abort();
      await running;
    },
  };
}

const summary = ({ files }: DirectorySighting): string[] =>
  files.map(
    ({ path: file, reading, settled, documents }) =>
      `${basename(file)} ${reading} ${settled} ${documents.map(({ kind }) => kind)}`,
  );

const file = (sighting: DirectorySighting, name: string): FileSighting | undefined =>
  sighting.files.find((one) => basename(one.path) === name);
const podIn = (sighting: DirectorySighting, name: string): string | undefined => {
  const [document] = file(sighting, name)?.documents ?? [];
  return document?.kind === "pod" ? document.pod.manifestName : undefined;
};
const settledPod = (name: string, pod: string) => (sighting: DirectorySighting) =>
  podIn(sighting, name) === pod && file(sighting, name)?.settled === true;

const manifest = (name: string): string => JSON.stringify(aManifest({}, {}, { name }));
const put = (name: string, content: string): void => writeFileSync(join(path, name), content);
/** Puts a file into its place by renaming it: what tools do. */
function drop(name: string, content: string): void {
  writeFileSync(join(work, "beside"), content);
  renameSync(join(work, "beside"), join(path, name));
}

/** A source whose watch stands: what happens from now on has to be told by events. */
async function watched(at = path): Promise<void> {
  watching = follow(at);
  drop("probe.yaml", manifest("probe"));
  await watching.until("the probe", (sighting) => podIn(sighting, "probe.yaml") === "probe");
  // The first look happens before the watch stands; a second event proves that it does.
  drop("probe.yaml", manifest("again"));
  await watching.until("the probe again", (sighting) => podIn(sighting, "probe.yaml") === "again");
}

describe("the manifest directory", () => {
  it("tells all files at once, in byte-wise order", async () => {
    for (const name of ["b.yaml", "a.yml", "B.json", "a-b.yaml"]) put(name, manifest(name[0]?.toLowerCase() ?? "x"));
    const old = new Date(Date.now() - 60_000);
    for (const name of ["b.yaml", "a.yml", "B.json", "a-b.yaml"]) utimesSync(join(path, name), old, old);
    watching = follow();
    const sighting = await watching.until("a sighting", () => true);
    expect(summary(sighting)).toEqual([
      "B.json whole true pod",
      "a-b.yaml whole true pod",
      "a.yml whole true pod",
      "b.yaml whole true pod",
    ]);
  });

  it("ignores other names and tells them once each, dot files not at all", async () => {
    for (const name of ["README", "a.yaml~", "a.YAML", ".hidden.yaml", "a.yaml"]) put(name, manifest("a"));
    mkdirSync(join(path, "sub"));
    watching = follow();
    const { files, ignored } = await watching.until("a sighting", (sighting) => podIn(sighting, "a.yaml") === "a");
    expect(files.map((one) => basename(one.path))).toEqual(["a.yaml"]);
    expect(ignored.map((one) => `${basename(one.file)} ${one.code} ${one.severity}`)).toEqual(
      ["README", "a.YAML", "a.yaml~", "sub"].map((name) => `${name} FileIgnored warning`),
    );
  });

  it("believes a file that a rename put in place at once", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    const sighting = await watching.until("a.yaml", (one) => podIn(one, "a.yaml") === "a");
    expect(file(sighting, "a.yaml")?.settled).toBe(true);
    drop("a.yaml", manifest("b"));
    const replaced = await watching.until("the replacement", (one) => podIn(one, "a.yaml") === "b");
    expect(file(replaced, "a.yaml")?.settled).toBe(true);
  });

  it("believes a change in place only when it stood still", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    const before = watching.told.length;
    put("a.yaml", manifest("b"));
    await watching.until("the change", settledPod("a.yaml", "b"));
    const unsettled = watching.told.slice(before, -1).filter((one) => podIn(one, "a.yaml") === "b");
    expect(unsettled.every((one) => file(one, "a.yaml")?.settled === false)).toBe(true);
  });

  it("never shows an emptied file as settled while its writer goes on", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    put("a.yaml", "");
    await watching.until("the empty file", (one) => file(one, "a.yaml")?.documents.length === 0);
    put("a.yaml", manifest("b"));
    await watching.until("the new content", settledPod("a.yaml", "b"));
    const empty = watching.told.filter((one) => file(one, "a.yaml")?.documents.length === 0);
    expect(empty.every((one) => file(one, "a.yaml")?.settled === false)).toBe(true);
  });

  it("gives a file that went away the time in which editors put it back", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    const before = watching.told.length;
    renameSync(join(path, "a.yaml"), join(path, "a.yaml~"));
    put("a.yaml", manifest("b"));
    unlinkSync(join(path, "a.yaml~"));
    await watching.until("the new content", settledPod("a.yaml", "b"));
    expect(watching.told.slice(before).every((one) => file(one, "a.yaml") !== undefined)).toBe(true);
  });

  it("tells a removal, after having shown the file as one that proves nothing", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    unlinkSync(join(path, "a.yaml"));
    await watching.until("its silence", (one) => file(one, "a.yaml")?.reading === "unread");
    await watching.until("its end", (one) => file(one, "a.yaml") === undefined);
  });

  it("says nothing about a file that was touched only", async () => {
    await watched();
    drop("a.yaml", manifest("a"));
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    const before = watching.told.length;
    const shown = file(watching.told.at(-1) as DirectorySighting, "a.yaml");
    utimesSync(join(path, "a.yaml"), new Date(), new Date());
    drop("b.yaml", manifest("b"));
    await watching.until("b.yaml", settledPod("b.yaml", "b"));
    expect(watching.told.slice(before).every((one) => file(one, "a.yaml") === shown)).toBe(true);
  });

  it("keeps the documents of files that did not change the same objects", async () => {
    await watched();
    const before = file(watching.told.at(-1) as DirectorySighting, "probe.yaml");
    drop("b.yaml", manifest("b"));
    const sighting = await watching.until("b.yaml", (one) => podIn(one, "b.yaml") === "b");
    expect(file(sighting, "probe.yaml")?.documents).toBe(before?.documents);
  });

  it("takes a thousand files in one go", async () => {
    await watched();
    for (let at = 0; at < 1_000; at += 1) drop(`p${at}.yaml`, manifest(`p${at}`));
    await watching.until(
      "all of them",
      ({ files }) => files.length === 1_001 && files.every(({ documents }) => documents.length === 1),
    );
    expect(watching.told.length).toBeLessThan(300);
  }, 20_000);

  it("refuses files of 10 MiB and more without reading them", async () => {
    put("big.yaml", "#".repeat(10 * 1024 * 1024));
    put("fits.yaml", `${manifest("fits")}\n${"#".repeat(1_000)}`);
    watching = follow();
    const sighting = await watching.until("both", (one) => podIn(one, "fits.yaml") === "fits");
    expect(file(sighting, "big.yaml")).toMatchObject({
      reading: "unread",
      settled: true,
      problems: [{ code: "FileTooLarge" }],
    });
  });

  it("shows what has a manifest's name but cannot be read", async () => {
    mkdirSync(join(path, "dir.yaml"));
    symlinkSync(join(work, "nowhere"), join(path, "link.yaml"));
    symlinkSync(join(path, "loop.yaml"), join(path, "loop.yaml"));
    execFileSync("mkfifo", [join(path, "pipe.yaml")]);
    watching = follow();
    const { files } = await watching.until("them", (one) => one.files.length === 4);
    expect(files.map(({ reading, problems }) => `${reading} ${problems[0]?.code}`)).toEqual(
      Array(4).fill("unread FileUnreadable"),
    );
  });

  it("finds changes without events by its safety net", async () => {
    put("a.yaml", manifest("a"));
    symlinkSync(join(work, "target"), join(path, "later.yaml"));
    watching = follow(path, 50);
    await watching.until("a.yaml", settledPod("a.yaml", "a"));
    // A link whose target comes to be: nothing happens inside the directory.
    writeFileSync(join(work, "target"), manifest("later"));
    await watching.until("the target", (one) => podIn(one, "later.yaml") === "later");
  });

  it("looks again when asked to", async () => {
    symlinkSync(join(work, "target"), join(path, "later.yaml"));
    await watched();
    writeFileSync(join(work, "target"), manifest("later"));
    watching.rescan();
    await watching.until("the target", (one) => podIn(one, "later.yaml") === "later");
  });
});

describe("links", () => {
  it("sees a changed and a replaced target", async () => {
    await watched();
    writeFileSync(join(work, "target.yaml"), manifest("a"));
    symlinkSync(join(work, "target.yaml"), join(path, "link.yaml"));
    await watching.until("the link", settledPod("link.yaml", "a"));
    writeFileSync(join(work, "target.yaml"), manifest("b"));
    await watching.until("the changed target", settledPod("link.yaml", "b"));
    writeFileSync(join(work, "beside"), manifest("c"));
    renameSync(join(work, "beside"), join(work, "target.yaml"));
    await watching.until("the replaced target", settledPod("link.yaml", "c"));
  });

  it("sees a swap of the directory that links go through", async () => {
    for (const [version, name] of [
      ["..1", "a"],
      ["..2", "b"],
    ] as const) {
      mkdirSync(join(path, version));
      writeFileSync(join(path, version, "pod.yaml"), manifest(name));
    }
    symlinkSync("..1", join(path, "..data"));
    symlinkSync("..data/pod.yaml", join(path, "pod.yaml"));
    await watched();
    await watching.until("the first", settledPod("pod.yaml", "a"));
    symlinkSync("..2", join(path, "..data_tmp"));
    renameSync(join(path, "..data_tmp"), join(path, "..data"));
    await watching.until("the second", settledPod("pod.yaml", "b"));
  });

  it("follows a directory that is a link, and its new target", async () => {
    const link = join(work, "link");
    symlinkSync(path, link);
    await watched(link);
    mkdirSync(join(work, "other"));
    writeFileSync(join(work, "other", "o.yaml"), manifest("o"));
    symlinkSync(join(work, "other"), join(work, "new"));
    renameSync(join(work, "new"), link);
    const sighting = await watching.until("the other directory", (one) => podIn(one, "o.yaml") === "o");
    expect(sighting.files.every((one) => one.path.startsWith(link))).toBe(true);
    writeFileSync(join(work, "other", "o.yaml"), manifest("changed"));
    await watching.until("a change in it", settledPod("o.yaml", "changed"));
  });
});

describe("a directory that proves nothing (D1)", () => {
  const failed = ({ listing }: DirectorySighting): boolean => listing.kind === "failed";
  const problem = ({ listing }: DirectorySighting): unknown =>
    listing.kind === "failed" ? listing.problem : undefined;

  it("on another device has not lost the files that it lacks (D1)", async (context) => {
    const elsewhere = mkdtempSync("/dev/shm/berth-source-");
    try {
      if (statSync(elsewhere).dev === statSync(path).dev) context.skip();
      const link = join(work, "link");
      symlinkSync(path, link);
      writeFileSync(join(path, "web.yaml"), JSON.stringify(aManifest()));
      watching = follow(link, 100);
      await watching.until("the pod", settledPod("web.yaml", "web"));
      symlinkSync(elsewhere, `${link}.new`);
      renameSync(`${link}.new`, link);
      const { device } = (watching.told.at(-1) as { listing: { device?: string } }).listing;
      const isOther = ({ listing }: DirectorySighting) => listing.kind === "whole" && listing.device !== device;
      await watching.until("the other device", isOther);
      // Not even for the time in which editors put a file back: that would pass the other device off as the same.
      expect(watching.told.filter(isOther).flatMap(({ files }) => files)).toEqual([]);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it("that is missing, and comes back", async () => {
    await watched();
    renameSync(path, join(work, "away"));
    const gone = await watching.until("its absence", failed);
    expect(gone.files).toEqual([]);
    expect(problem(gone)).toMatchObject({
      code: "SourceUnreadable",
      file: path,
      message: expect.stringContaining("it does not exist"),
    });
    renameSync(join(work, "away"), path);
    await watching.until("its return", (one) => podIn(one, "probe.yaml") === "again");
    drop("late.yaml", manifest("late"));
    await watching.until("a file after that", (one) => podIn(one, "late.yaml") === "late");
  });

  it("that a file replaced", async () => {
    await watched();
    renameSync(path, join(work, "away"));
    writeFileSync(path, manifest("no"));
    const sighting = await watching.until(
      "the file",
      (one) => JSON.stringify(problem(one))?.includes("not a directory") === true,
    );
    expect(failed(sighting)).toBe(true);
  });

  it("that was made anew is watched again", async () => {
    await watched();
    rmSync(path, { recursive: true });
    await watching.until("its absence", failed);
    mkdirSync(path);
    await watching.until("the new one", (one) => !failed(one) && one.files.length === 0);
    drop("a.yaml", manifest("a"));
    await watching.until("a file in it", (one) => podIn(one, "a.yaml") === "a");
  });

  it("is missing from the start", async () => {
    rmSync(path, { recursive: true });
    watching = follow();
    await watching.until("its absence", failed);
    mkdirSync(path);
    await watching.until("its coming", (one) => !failed(one));
  });

  it.runIf(canMount())(
    "that something is mounted over is on another device, and on the first again afterwards",
    async () => {
      const device = ({ listing }: DirectorySighting): string => (listing.kind === "whole" ? listing.device : "");
      mkdirSync(join(work, "bound"));
      put("a.yaml", manifest("a"));
      watching = follow(path, 50);
      const first = device(await watching.until("a.yaml", settledPod("a.yaml", "a")));
      // A bind mount has the device number of what is below it.
      execFileSync("mount", ["--bind", join(work, "bound"), path]);
      try {
        const over = await watching.until("the mount", (one) => device(one) !== first);
        expect(over.listing.kind).toBe("whole");
      } finally {
        execFileSync("umount", [path]);
      }
      await watching.until("the first device", (one) => device(one) === first && podIn(one, "a.yaml") === "a");
    },
  );
});

function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), "berth-mount-"));
  try {
    execFileSync("mount", ["--bind", at, at], { stdio: "ignore" });
    execFileSync("umount", [at], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

describe("a single file", () => {
  it("is read like a directory of one", async () => {
    put("one.yaml", manifest("one"));
    watching = follow(join(path, "one.yaml"));
    const sighting = await watching.until("it", settledPod("one.yaml", "one"));
    expect(sighting.listing).toMatchObject({ kind: "whole", device: expect.stringMatching(/^file /) });
    writeFileSync(join(path, "one.yaml"), manifest("two"));
    await watching.until("its change", settledPod("one.yaml", "two"));
    drop("one.yaml", manifest("three"));
    await watching.until("its replacement", settledPod("one.yaml", "three"));
  });
});

it("without a directory shows at once that there is none, once, and opens nothing (node.md 3.2)", async () => {
  watching = follow("", 5);
  const sighting = await watching.until("no directory", () => true);
  expect(sighting).toEqual({ listing: { kind: "none" }, files: [], ignored: [] });
  watching.rescan();
  await watching.stop();
  expect(watching.told).toEqual([sighting]);
});
