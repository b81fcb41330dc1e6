import { describe, expect, it } from "vitest";
import { memoryVolumeBytes } from "../../src/files/memory-size.ts";
import { mountsWithin, parseMountTable } from "../../src/files/mount-table.ts";
import { makeMounts } from "../../src/files/mounts.ts";
import { makeUserPaths } from "../../src/files/user-paths.ts";
import { podHostName } from "../../src/pod/host-name.ts";
import { podOf } from "./pods.ts";

describe("the table of mounts", () => {
  it("is read with its escapes and optional fields", () => {
    const text = [
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue",
      "37 35 0:44 / /a\\040b\\134c\\011d rw - tmpfs none rw",
      "nonsense",
      "",
    ].join("\n");
    expect(parseMountTable(text)).toEqual([
      { path: "/mnt2", fileSystem: "ext3", device: "98:0" },
      { path: "/a b\\c\td", fileSystem: "tmpfs", device: "0:44" },
    ]);
  });

  it("tells what is below a directory, and not what only begins alike", () => {
    const table = ["/a", "/ab", "/a/b", "/"].map((path) => ({ path, fileSystem: "x", device: "0:1" }));
    expect(mountsWithin(table, "/a").map(({ path }) => path)).toEqual(["/a", "/a/b"]);
  });
});

describe("mount calls", () => {
  it("end with their signal", async () => {
    const stop = AbortSignal.abort(new Error("withdrawn"));
    await expect(makeMounts().unmount(["/nowhere"], stop)).rejects.toThrow("withdrawn");
  });

  it("fail with the program's own words", async () => {
    const signal = new AbortController().signal;
    await expect(makeMounts().unmount(["/no/such/place"], signal)).rejects.toMatchObject({
      code: "VolumeFailed",
      message: expect.stringContaining("/no/such/place"),
    });
  });
});

describe("paths that users control", () => {
  it("never get more than half of the threads, even when their callers have gone", async () => {
    const userPaths = makeUserPaths(4);
    const leaving = new AbortController();
    let begun = 0;
    const hang = (): Promise<void> => {
      begun += 1;
      return new Promise(() => {});
    };
    const calls = [1, 2, 3].map(() => userPaths(hang, leaving.signal));
    const ends = Promise.allSettled(calls);
    await Promise.resolve();
    leaving.abort(new Error("gone"));
    expect((await ends).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(begun).toBe(2);
    const late = userPaths(hang, AbortSignal.timeout(20));
    await expect(late).rejects.toThrow();
    expect(begun).toBe(2);
  });

  it("give their place back when the work fails", async () => {
    const userPaths = makeUserPaths(2);
    const signal = new AbortController().signal;
    const fail = async (): Promise<void> => {
      throw new Error("broken");
    };
    await expect(userPaths(fail, signal)).rejects.toThrow("broken");
    expect(await userPaths(async () => "next", signal)).toBe("next");
  });
});

describe("a pod's host name (1.2)", () => {
  const named = (spec: Record<string, string>, name = "web-node1") =>
    podHostName(podOf({ spec, name }), "cluster.local");
  it.each([
    [{}, "web-node1", "web-node1", ""],
    [{ hostname: "h" }, "web-node1", "h", ""],
    [{ subdomain: "s" }, "a.b-node1", "a.b-node1", "s.default.svc.cluster.local"],
    [{ hostnameOverride: "own.name", subdomain: "s" }, "web-node1", "own.name", ""],
    [{}, `${"a".repeat(60)}.-.bcd`, "a".repeat(60), ""],
  ])("with %j and the name %s is %s, domain %s", (spec, name, host, domain) => {
    expect(named(spec, name)).toEqual({ kind: "named", host, domain });
  });

  it.each([{ hostname: "a.b" }, { subdomain: "-x" }, { hostnameOverride: "A" }, { hostname: "a".repeat(64) }])(
    "cannot be had from %j",
    (spec) => {
      expect(named(spec).kind).toBe("invalid");
    },
  );
});

describe("a memory-backed volume (5.2)", () => {
  const MI = 2 ** 20;
  it.each([
    ["the node", "", undefined, 64 * MI, 64 * MI],
    ["the pod's cgroup", "32Mi", undefined, 64 * MI, 32 * MI],
    ["its own limit", "32Mi", "16Mi", 64 * MI, 16 * MI],
    ["nothing at all", "", undefined, 0, undefined],
    ["the node, where its own limit is nothing", "", "0", 64 * MI, 64 * MI],
  ])("is as large as %s allows", (_, memory, sizeLimit, memoryBytes, expected) => {
    const resources = memory === "" ? {} : { limits: { memory }, requests: { memory } };
    const pod = podOf({ containers: [{ resources }] });
    expect(memoryVolumeBytes(pod, sizeLimit, { cpuMillis: 0, memoryBytes })).toBe(expected);
  });
});
