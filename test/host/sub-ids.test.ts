import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readUserBlock } from "../../src/host/sub-ids.ts";

function read(users: string | undefined, groups = users): ReturnType<typeof readUserBlock> {
  const folder = mkdtempSync(join(tmpdir(), "berth-sub-ids-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { users: join(folder, "subuid"), groups: join(folder, "subgid") };
  if (users !== undefined) writeFileSync(files.users, users);
  if (groups !== undefined) writeFileSync(files.groups, groups);
  return readUserBlock(110, files);
}

it.each([
  ["without the files", undefined, { firstHostId: 65_536, ranges: 110 }],
  ["without a line for kubelet", "me:100000:65536\n", { firstHostId: 65_536, ranges: 110 }],
  ["with a line for kubelet", "me:1:2\nkubelet:131072:655360\n", { firstHostId: 131_072, ranges: 10 }],
])("the ids of pods %s (cri-mapping 1.7)", async (_what, text, expected) => {
  expect(await read(text)).toEqual(expected);
});

it.each([
  ["groups that differ", "kubelet:131072:65536", "kubelet:196608:65536"],
  ["users alone", "kubelet:131072:65536", ""],
  ["two lines", "kubelet:131072:65536\nkubelet:196608:65536", undefined],
  ["a part of a range", "kubelet:131072:65000", undefined],
  ["a start within a range", "kubelet:100000:65536", undefined],
  ["the host's own ids", "kubelet:0:65536", undefined],
  ["ids beyond the last", "kubelet:4294901760:131072", undefined],
  ["no numbers", "kubelet:x:y", undefined],
])("%s are refused", async (_what, users, groups) => {
  await expect(read(users, groups ?? users)).rejects.toMatchObject({ code: "ConfigInvalid" });
});
