import { describe, expect, it } from "vitest";
import { boundsItsStorage, overuseEnding, overuseOf } from "../../src/decide/local-storage.ts";
import type { DesiredPod, DesiredVolume } from "../../src/pod/desired.ts";
import type { LocalUse } from "../../src/pod/local-storage.ts";
import type { ContainerUsage } from "../../src/pod/usage.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { aContainer, aPod } from "../kit/pods.ts";

const MIB = 1024 * 1024;
const emptyDir = (name: string, source: v1.EmptyDirVolumeSource): DesiredVolume => ({
  name,
  spec: { name, emptyDir: source },
  documents: [],
});
/** Containers by name, each with its limit on storage. */
function podOf(limits: Record<string, string | undefined>, volumes: DesiredVolume[] = []): DesiredPod {
  const containers = Object.entries(limits).map(([name, storage]) =>
    aContainer({ name, spec: storage ? { resources: { limits: { "ephemeral-storage": storage } } } : {} }),
  );
  const pod = aPod({ uid: "u", containers, volumes });
  return { ...pod, spec: { ...pod.spec, containers: containers.map(({ name, spec }) => ({ ...spec, name })) } };
}
const use = (mib: number) => ({ bytes: mib * MIB, inodes: 1 });
const local = (volumes: Record<string, number>, logs: Record<string, number> = {}): LocalUse => ({
  volumes: new Map(Object.entries(volumes).map(([name, mib]) => [name, use(mib)])),
  logs: new Map(Object.entries(logs).map(([name, mib]) => [name, use(mib)])),
});
const wrote = (container: string, mib: number): ContainerUsage => ({
  ...{ podUid: "u", container, id: container, atWallMs: 0 },
  more: { writtenBytes: mib * MIB },
});

describe("a pod's own bounds on disk (node.md 5.1, step 1)", () => {
  const cache = emptyDir("cache", { sizeLimit: "4Mi" });
  it.each<[string, DesiredPod, LocalUse, readonly ContainerUsage[], string | undefined, string | undefined]>([
    ["a volume as large as it may be", podOf({ a: undefined }, [cache]), local({ cache: 4 }), [], undefined, undefined],
    [
      "a volume that is larger",
      podOf({ a: undefined }, [cache]),
      local({ cache: 5 }),
      ...([[], "emptydirfs.limit", 'Usage of EmptyDir volume "cache" exceeds the limit "4Mi". '] as const),
    ],
    [
      "a volume in memory bounds itself",
      podOf({ a: undefined }, [emptyDir("cache", { medium: "Memory", sizeLimit: "4Mi" })]),
      ...([local({ cache: 5 }), [], undefined, undefined] as const),
    ],
    [
      "layers, logs and volumes together are more than the containers may have together",
      podOf({ a: "3Mi", b: "3Mi" }, [emptyDir("v", {})]),
      local({ v: 3 }, { a: 1, b: 1 }),
      [wrote("a", 1), wrote("b", 1)],
      "ephemeralpodfs.limit",
      "Pod ephemeral local storage usage exceeds the total limit of containers 6Mi. ",
    ],
    [
      "a container's layer and logs are more than it may have",
      podOf({ a: "3Mi", b: "3Mi" }),
      local({}, { a: 1, b: 2 }),
      [wrote("b", 2)],
      "ephemeralcontainerfs.limit",
      'Container b exceeded its local ephemeral storage limit "3Mi". ',
    ],
    ["what nobody has counted is nothing", podOf({ a: "1Mi" }), local({}), [], undefined, undefined],
  ])("%s", (_what, pod, files, usage, signal, message) => {
    expect(overuseOf(pod, files, usage)).toEqual(signal && { signal, message });
  });

  it("only pods that bound their storage are measured", () => {
    const volumes = [
      emptyDir("a", {}),
      emptyDir("b", { sizeLimit: "0" }),
      emptyDir("c", { medium: "Memory", sizeLimit: "1" }),
    ];
    expect(
      [podOf({ a: undefined }, volumes), podOf({ a: "1" }), podOf({ a: undefined }, [cache])].map(boundsItsStorage),
    ).toEqual([false, true, true]);
  });

  it("who is over has a second, and was not disturbed by anybody", () => {
    const message = "too much. ";
    expect(overuseEnding({ signal: "emptydirfs.limit", message })).toEqual({
      cause: "overused",
      graceSeconds: 1,
      result: { phase: "Failed", reason: "Evicted", message },
    });
  });
});
