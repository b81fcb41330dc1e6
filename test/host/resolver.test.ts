import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeHostResolver } from "../../src/host/resolver.ts";

const FIRST = { servers: [], searches: [], options: [] };

describe("the host's resolver file (cri-mapping 1.3)", () => {
  let folder: string;
  let path: string;
  const warnings: string[] = [];
  const made = () => makeHostResolver(path, FIRST, { warn: (words) => void warnings.push(words) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-resolver-"));
    path = join(folder, "resolv.conf");
    warnings.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("says what it said at start until it is looked at, and then what it says now", async () => {
    await writeFile(path, "nameserver 192.0.2.1\n");
    const resolver = made();
    expect(resolver.now()).toEqual(FIRST);
    await resolver.refresh();
    expect(resolver.now()).toEqual({ servers: ["192.0.2.1"], searches: [], options: [] });
    await writeFile(`${path}.new`, "nameserver 192.0.2.2\nsearch lab.example\n");
    await rename(`${path}.new`, path);
    await resolver.refresh();
    expect(resolver.now()).toEqual({ servers: ["192.0.2.2"], searches: ["lab.example"], options: [] });
    expect(warnings).toEqual([]);
  });

  it("is not read again while nothing has touched it", async () => {
    await writeFile(path, "nameserver 192.0.2.1\n");
    const resolver = made();
    await resolver.refresh();
    const before = resolver.now();
    await resolver.refresh();
    expect(resolver.now()).toBe(before);
  });

  it("that cannot be read goes on to say what it said, with one warning for each trouble", async () => {
    await writeFile(path, "nameserver 192.0.2.1\n");
    const resolver = made();
    await resolver.refresh();
    const before = resolver.now();
    await rm(path);
    for (let count = 0; count < 3; count += 1) await resolver.refresh();
    expect(resolver.now()).toBe(before);
    expect(warnings).toEqual([expect.stringContaining(`cannot read the resolver file ${path}: ENOENT`)]);
    await writeFile(path, "nameserver\n");
    for (let count = 0; count < 3; count += 1) await resolver.refresh();
    expect(resolver.now()).toBe(before);
    expect(warnings.slice(1)).toEqual([expect.stringContaining("has a nameserver without an address")]);
    await writeFile(path, "nameserver 192.0.2.3\n# mended\n");
    await resolver.refresh();
    expect(resolver.now().servers).toEqual(["192.0.2.3"]);
    await rm(path);
    await resolver.refresh();
    expect(warnings).toHaveLength(3);
  });

  it("is nothing to look at where there is none", async () => {
    const resolver = makeHostResolver("", FIRST, { warn: (words) => void warnings.push(words) });
    await resolver.refresh();
    expect([resolver.now(), warnings]).toEqual([FIRST, []]);
  });
});
