import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openShutdownDiary } from "../../src/files/shutdown-diary.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-diary-"));
});
afterEach(() => rm(root, { recursive: true }));

const FILE = "graceful_node_shutdown_state";
const times = { startWallMs: Date.parse("2030-01-02T03:04:05.678Z"), endWallMs: Date.parse("2030-01-02T03:04:15Z") };

it("shows the next agent what was kept, and leaves nothing else behind", async () => {
  const diary = await openShutdownDiary(root);
  expect(diary.last).toBeUndefined();
  await diary.keep({ startWallMs: times.startWallMs });
  expect((await openShutdownDiary(root)).last).toEqual({ startWallMs: times.startWallMs });
  await diary.keep(times);
  expect((await openShutdownDiary(root)).last).toEqual(times);
  expect(await readdir(root)).toEqual([FILE]);
});

it("is in the kubelet's form", async () => {
  await (await openShutdownDiary(root)).keep(times);
  expect(JSON.parse(await readFile(join(root, FILE), "utf8"))).toEqual({
    startTime: "2030-01-02T03:04:05.678000Z",
    endTime: "2030-01-02T03:04:15.000000Z",
  });
});

it.each(["", "{", "null", "[]", '{"startTime":7}', '{"endTime":"2030-01-02T03:04:05Z"}', "x".repeat(9000)])(
  "a damaged file is an empty diary: %.20s",
  async (text) => {
    await writeFile(join(root, FILE), text);
    expect((await openShutdownDiary(root)).last).toBeUndefined();
  },
);

it("says what it could not do where there is no room for it", async () => {
  const diary = await openShutdownDiary(join(root, "gone"));
  await expect(diary.keep(times)).rejects.toMatchObject({ code: "FileFailed" });
});
