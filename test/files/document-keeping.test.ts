import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { makeDocumentKeeping } from "../../src/files/document-keeping.ts";
import type { DocumentKeeping, KeptDocument } from "../../src/pod/document.ts";
import { forever, scratch } from "./kit.ts";

const CANARY = "canary-77f0";
const kept = (kind: "ConfigMap" | "Secret", name: string, value: string): KeptDocument => ({
  path: `/m/${name}.yaml`,
  content: {
    ...{ key: `${kind}/default/${name}`, version: `v-${value.length}`, immutable: false, seenWallMs: 7 },
    body: {
      type: kind === "Secret" ? "Opaque" : "",
      data: new Map([["k", new Uint8Array(Buffer.from(value))]]),
      binaryKeys: new Set(["k"]),
    },
  },
});
const both = [kept("ConfigMap", "c", "plain"), kept("Secret", "s", CANARY)];

/** A keeping in a folder; in /dev/shm a file system in memory is at hand without mounting one. */
function keepingIn(memoryDir: string | undefined, rootDir = scratch()): { keeping: DocumentKeeping; rootDir: string } {
  return { keeping: makeDocumentKeeping({ rootDir, memoryDir, ownerId: "0f", log: silentLog }), rootDir };
}

/** All that lies in a folder, as one text. */
const textsIn = (folder: string): string =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");

describe("documents kept for the next agent (D1, D2)", () => {
  it("ConfigMaps come back whole; Secrets are not kept where there is only a disk", async () => {
    const { keeping, rootDir } = keepingIn(undefined);
    await keeping.put(both, forever);
    expect(await keepingIn(undefined, rootDir).keeping.load(forever)).toEqual([both[0]]);
    expect(statSync(join(rootDir, "configmaps.json")).mode & 0o777).toBe(0o600);
    expect(textsIn(rootDir)).not.toContain(Buffer.from(CANARY).toString("base64"));
  });

  it.skipIf(!existsSync("/dev/shm"))(
    "Secrets come back out of memory, and never touch the root directory",
    async () => {
      const memory = scratch("/dev/shm");
      const { keeping, rootDir } = keepingIn(memory);
      await keeping.put(both, forever);
      expect(await keepingIn(memory, rootDir).keeping.load(forever)).toEqual(both);
      expect(textsIn(rootDir)).not.toContain(Buffer.from(CANARY).toString("base64"));
      expect(statSync(join(memory, "secrets-0f.json")).mode & 0o777).toBe(0o600);
      await keeping.put([], forever);
      expect(await keepingIn(memory, rootDir).keeping.load(forever)).toEqual([]);
      expect(textsIn(memory)).not.toContain(Buffer.from(CANARY).toString("base64"));
    },
  );

  it.each(["", "{", '{"version":2}', '{"version":1,"documents":[{}]}'])(
    "damage costs nothing else: %s",
    async (text) => {
      const { keeping, rootDir } = keepingIn(undefined);
      writeFileSync(join(rootDir, "configmaps.json"), text);
      expect(await keeping.load(forever)).toEqual([]);
      await keeping.put(both, forever);
      expect(await keeping.load(forever)).toEqual([both[0]]);
    },
  );

  it("what cannot be written is an error that does not repeat it", async () => {
    const { keeping, rootDir } = keepingIn(undefined);
    mkdirSync(join(rootDir, "configmaps.json"));
    await expect(keeping.put(both, forever)).rejects.toMatchObject({ code: "FileFailed" });
  });
});
