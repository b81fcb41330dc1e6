import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeRecordWriter } from "../../src/files/records.ts";
import type { StoredPod } from "../../src/ports.ts";
import { forever, house, NOT_ROOT } from "./kit.ts";

const stored = (uid: string, changes: Partial<StoredPod> = {}): StoredPod => ({
  uid,
  namespace: "default",
  name: "web-node1",
  path: "/etc/berth/manifests/web.yaml",
  document: 0,
  seenWallMs: 1_900_000_000_000,
  manifest: { metadata: { name: "web" }, spec: { containers: [{ name: "c", image: "i" }] } },
  record: {
    version: 1,
    initialized: true,
    startedWallMs: 5,
    instances: {
      abc: { started: true, postStart: "done" },
      def: { postStart: "due", stopCause: "podEnding", stopByWallMs: 9, preStop: "done" },
    },
    decidedWallMs: { c: 7 },
    conditions: [],
  },
  ...changes,
});

describe("records of pods", () => {
  it("come back as they were saved, for the agent's eyes only", async () => {
    const { files, options } = house();
    await files.saveRecord(stored("u1"), forever);
    await files.saveRecord(stored("u2", { document: 3 }), forever);
    expect(await files.loadRecords(forever)).toEqual({
      pods: [stored("u1"), stored("u2", { document: 3 })],
      problems: [],
      unrecorded: [],
    });
    const path = join(options.settings.rootDir, "pods/u1/berth.json");
    expect((statSync(path).mode & 0o7777).toString(8)).toBe("600");
    expect(readdirSync(join(path, ".."))).toEqual(["berth.json"]);
  });

  it("keep the last of many that were saved at once", async () => {
    const { files } = house();
    await Promise.all(Array.from({ length: 20 }, (_, n) => files.saveRecord(stored("u1", { document: n }), forever)));
    expect((await files.loadRecords(forever)).pods).toMatchObject([{ document: 19 }]);
  });

  it("are written a few at a time, however many pods there are", async () => {
    let most = 0;
    let now = 0;
    const save = makeRecordWriter({ root: "/nowhere" } as never, async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    });
    await Promise.all(Array.from({ length: 500 }, (_, n) => save(stored(`u${n}`))));
    expect([most, now]).toEqual([16, 0]);
  });

  it("are none before the first start", async () => {
    const { files } = house();
    expect(await files.loadRecords(forever)).toEqual({ pods: [], problems: [], unrecorded: [] });
  });

  const good = JSON.stringify({ version: 1, ...stored("bad") });
  it.each([
    ["torn", good.slice(0, 200)],
    ["empty", ""],
    ["garbage", "\0\0\0\0"],
    ["a list", "[]"],
    ["null", "null"],
    ["of a later version", good.replace('"version":1', '"version":2')],
    ["of another pod", good.replace('"uid":"bad"', '"uid":"else"')],
    ["without manifest", good.replace('"manifest"', '"manifesto"')],
    ["with a strange instance", good.replace('"started":true', '"started":"yes"')],
    [
      "with a cause of its end that there is none",
      good.replace('"record"', '"ending":{"cause":"x","graceSeconds":1},"record"'),
    ],
    ["with a grace below nothing", good.replace('"record"', '"ending":{"cause":"removed","graceSeconds":-1},"record"')],
    ["with a cause of a stop that there is none", good.replace('"started":true', '"stopCause":"x"')],
    ["with half an attempt", good.replace('"decidedWallMs"', '"attempts":{"c":1.5},"decidedWallMs"')],
    ["with a strange condition", good.replace('"conditions":[]', '"conditions":[{"type":"Ready","status":[]}]')],
    ["with a strange learnt part", good.replace('"initialized":true', '"initialized":null')],
  ])("that are %s are a problem, and cost no other", async (_, text) => {
    const { files, options } = house();
    await files.saveRecord(stored("u1"), forever);
    const directory = join(options.settings.rootDir, "pods/bad");
    mkdirSync(directory);
    writeFileSync(join(directory, "berth.json"), text);
    const { pods, problems } = await files.loadRecords(forever);
    expect(pods.map(({ uid }) => uid)).toEqual(["u1"]);
    expect(problems).toMatchObject([{ code: "RecordTorn", file: join(directory, "berth.json") }]);
    await files.saveRecord(stored("bad"), forever);
    expect((await files.loadRecords(forever)).pods).toHaveLength(2);
  });

  it("that are not there, or make no sense, leave a home whose UID is told", async () => {
    const { files, options } = house();
    const [bare, torn, unread, other] = ["1", "2", "3", "x"].map((digit) => digit.repeat(32)) as [string, ...string[]];
    const at = (name: string): string => join(options.settings.rootDir, "pods", name);
    for (const name of [bare, torn, unread, other]) mkdirSync(at(`${name}`), { recursive: true });
    writeFileSync(at(`${torn}/berth.json`), "{");
    mkdirSync(at(`${unread}/berth.json`));
    writeFileSync(at("4".repeat(32)), "");
    expect((await files.loadRecords(forever)).unrecorded).toEqual([bare, torn]);
  });

  it("that are huge, links, directories or strangers stop nothing", async () => {
    const { files, options } = house();
    await files.saveRecord(stored("u1"), forever);
    const at = (name: string): string => join(options.settings.rootDir, "pods", name);
    for (const name of ["huge", "link", "directory", "none"]) mkdirSync(at(name));
    writeFileSync(at("huge/berth.json"), "");
    truncateSync(at("huge/berth.json"), 1 << 30);
    symlinkSync("/dev/zero", at("link/berth.json"));
    mkdirSync(at("directory/berth.json"));
    writeFileSync(at("a-file"), "");
    const { pods, problems } = await files.loadRecords(forever);
    expect(pods.map(({ uid }) => uid)).toEqual(["u1"]);
    expect(problems.map(({ file }) => file).sort()).toEqual(
      ["directory", "huge", "link"].map((name) => at(`${name}/berth.json`)),
    );
  });

  it.skipIf(NOT_ROOT)("are kept in their last form when the disk is full", async () => {
    const { files, options, root } = house();
    mkdirSync(options.settings.rootDir);
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", options.settings.rootDir]);
    await files.saveRecord(stored("u1"), forever);
    spawnSync("dd", ["if=/dev/zero", `of=${join(options.settings.rootDir, "filler")}`, "bs=4k"]);
    const annotations = { big: "x".repeat(50_000) };
    const save = files.saveRecord(
      stored("u1", { manifest: { metadata: { annotations }, spec: { containers: [] } } }),
      forever,
    );
    await expect(save).rejects.toMatchObject({ code: "FileFailed", message: expect.stringContaining("ENOSPC") });
    expect((await files.loadRecords(forever)).pods).toEqual([stored("u1")]);
    chmodSync(root, 0o755);
    expect(readFileSync(join(options.settings.rootDir, "pods/u1/berth.json"), "utf8")).toContain('"version":1');
  });
});
