import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bodiesOf, forever, type House, house } from "./kit.ts";
import { type PodWish, podOf, requestOf } from "./pods.ts";

/** The whole tree below a directory with the contents of its files, to see that nothing changed. */
const treeOf = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path} ${readFileSync(path, "utf8")}` : path;
    })
    .toSorted();

/** Everything that the agent does on disk for a pod, from its home to the start of its container, and back. */
async function live({ files }: House, wish: PodWish): Promise<void> {
  const pod = podOf(wish);
  await files.makeHome(pod, forever);
  const bodies = bodiesOf({ "ConfigMap/default/c": { k: "one" } });
  for (const { name } of pod.volumes) await files.setVolume(pod, name, bodies, forever);
  await files.prepareContainer(requestOf(pod), forever);
}

const mounted = (name: string, change: object = {}) => [{ volumeMounts: [{ name, mountPath: "/v", ...change }] }];
const item = (path: string) => ({
  name: "v",
  configMap: { name: "c", items: [{ key: "k", path }], defaultMode: 0o644 },
});

/** Pods as only a broken door would let them through: every name that becomes a path is held once more where it does. */
const ESCAPES: readonly [string, PodWish][] = [
  ["a uid with a way up", { uid: "../../outside/x" }],
  ["a uid of dots", { uid: ".." }],
  ["an empty uid", { uid: "" }],
  ["a pod's name with a way up", { name: "../../../outside/x" }],
  ["a container's name with a way up", { containers: [{ name: "../../../outside" }] }],
  ["a container's name with a NUL", { containers: [{ name: "a\0b" }] }],
  ["a volume's name with a way up", { volumes: [{ name: "../../../../outside", emptyDir: {} }] }],
  ["a volume's name of one dot", { volumes: [{ name: ".", emptyDir: {} }] }],
  ["a volume's name longer than a file's", { volumes: [{ name: "v".repeat(300), emptyDir: {} }] }],
  ["a key's path with a way up", { containers: mounted("v"), volumes: [item("../../../../../outside/x")] }],
  ["a key's path from the root", { containers: mounted("v"), volumes: [item("/outside/x")] }],
  ["a key's path over the atomic link", { containers: mounted("v"), volumes: [item("..data/x")] }],
  ["a key's path with a part of 300 letters", { containers: mounted("v"), volumes: [item("x".repeat(300))] }],
  [
    "a subPath with a way up",
    { containers: mounted("v", { subPath: "../../outside" }), volumes: [{ name: "v", emptyDir: {} }] },
  ],
  [
    "a subPath from the root",
    { containers: mounted("v", { subPath: "/outside" }), volumes: [{ name: "v", emptyDir: {} }] },
  ],
  ["a host path with a way up", { containers: mounted("v"), volumes: [{ name: "v", hostPath: { path: "/a/../b" } }] }],
];

describe("a name that leads out of the agent's directories", () => {
  it.each(ESCAPES)("%s is refused, and nothing outside changes", async (_what, wish) => {
    const built = house();
    const outside = join(built.root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "as it was");
    const before = treeOf(outside);
    await expect(live(built, wish)).rejects.toThrow();
    expect(treeOf(outside)).toEqual(before);
    expect(
      readdirSync(built.root).filter((name) => !["state", "logs", "outside", "node-hosts"].includes(name)),
    ).toEqual([]);
  });

  it("a host path of the wrong kind is not made into the right one", async () => {
    const built = house();
    const target = join(built.root, "target");
    writeFileSync(target, "as it was");
    symlinkSync(target, join(built.root, "link"));
    for (const [path, type] of [
      [target, "DirectoryOrCreate"],
      [join(built.root, "link"), "Directory"],
      [join(built.root, "link"), "Socket"],
      [join(built.root, "absent"), "Directory"],
      [join(built.root, "absent/below"), "FileOrCreate"],
    ] as const) {
      const wish = { containers: mounted("v"), volumes: [{ name: "v", hostPath: { path, type } }] };
      await expect(live(built, wish), `${path} ${type}`).rejects.toThrow();
    }
    expect(readFileSync(target, "utf8")).toBe("as it was");
    expect(readdirSync(built.root)).not.toContain("absent");
  });
});
