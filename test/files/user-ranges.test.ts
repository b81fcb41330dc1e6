import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openUserRanges } from "../../src/files/user-ranges.ts";
import { forever, house } from "./kit.ts";
import { podOf } from "./pods.ts";

const BLOCK = { firstHostId: 131_072, ranges: 2 };

/** Files with ids to share out; `again` is the next agent's. */
async function building() {
  const built = house();
  const again = async (block = BLOCK) => openUserRanges(built.options.settings, block, silentLog);
  const users = await again();
  const files = (one = users) => house({ ...built.options, users: one }).files;
  const file = (uid: string): string => join(built.options.settings.rootDir, "pods", uid, "userns");
  return { ...built, users, again, files, file };
}

const own = (uid: string) => podOf({ uid, spec: { hostUsers: false } });

describe("user ids of pods with hostUsers false (cri-mapping 1.7)", () => {
  it("are one range of 65536 for each, the lowest that is free, kept in the pod's home", async () => {
    const { users, files, file } = await building();
    const made = files();
    await made.makeHome(own("a"), forever);
    await Promise.all([made.makeHome(own("b"), forever), made.makeHome(own("a"), forever)]);
    await made.makeHome(podOf({ uid: "plain" }), forever);
    expect(users.of("a")).toEqual({ firstHostId: 131_072, length: 65_536 });
    expect(users.of("b")).toEqual({ firstHostId: 196_608, length: 65_536 });
    expect(users.of("plain")).toBeUndefined();
    const mappings = [{ hostId: 131_072, containerId: 0, length: 65_536 }];
    expect(JSON.parse(readFileSync(file("a"), "utf8"))).toEqual({ uidMappings: mappings, gidMappings: mappings });
  });

  it("are the same for the next agent, which gives them to nobody else", async () => {
    const { again, files } = await building();
    await files().makeHome(own("a"), forever);
    await files().makeHome(own("b"), forever);
    await files().clearHome(own("a"), "nothing", forever);
    const next = await again();
    expect(next.of("b")).toEqual({ firstHostId: 196_608, length: 65_536 });
    await files(next).makeHome(own("c"), forever);
    expect(next.of("c")).toEqual({ firstHostId: 131_072, length: 65_536 });
  });

  it("stay with their pod when the node's block is another one", async () => {
    const { again, files } = await building();
    await files().makeHome(own("a"), forever);
    const next = await again({ firstHostId: 65_536, ranges: 2 });
    await files(next).makeHome(own("b"), forever);
    await files(next).makeHome(own("a"), forever);
    expect([next.of("a")?.firstHostId, next.of("b")?.firstHostId]).toEqual([131_072, 65_536]);
    await expect(files(next).makeHome(own("c"), forever)).rejects.toMatchObject({ code: "FileFailed" });
  });

  it("are kept while the pod is asked for, free when its home has gone, and then none is left over", async () => {
    const { users, files } = await building();
    const made = files();
    await made.makeHome(own("a"), forever);
    await made.makeHome(own("b"), forever);
    await expect(made.makeHome(own("c"), forever)).rejects.toThrow("all 2 ranges of user ids");
    await made.clearHome(own("a"), "logs", forever);
    await expect(made.makeHome(own("c"), forever)).rejects.toThrow("all 2 ranges of user ids");
    await made.clearHome(own("a"), "nothing", forever);
    await made.makeHome(own("c"), forever);
    expect(users.of("c")?.firstHostId).toBe(131_072);
  });

  it.each([
    ["torn", '{"uidMappings":[{"hostId":13'],
    ["of other things", "[]"],
    ["the host's own ids", '{"uidMappings":[{"hostId":0,"containerId":0,"length":65536}]}'],
    ["longer than a range", '{"uidMappings":[{"hostId":131072,"containerId":0,"length":999999}]}'],
  ])("a file that is %s counts as none", async (_what, text) => {
    const { again, file, root } = await building();
    mkdirSync(join(root, "state/pods/a"), { recursive: true });
    writeFileSync(file("a"), text);
    expect((await again()).of("a")).toBeUndefined();
  });

  it("no link is followed to them", async () => {
    const { again, file, root } = await building();
    mkdirSync(join(root, "state/pods/a"), { recursive: true });
    writeFileSync(join(root, "elsewhere"), '{"uidMappings":[{"hostId":131072,"containerId":0,"length":65536}]}');
    symlinkSync(join(root, "elsewhere"), file("a"));
    expect((await again()).of("a")).toBeUndefined();
    expect(existsSync(file("a"))).toBe(true);
  });
});
