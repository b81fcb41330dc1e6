import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { mountsWithin, readMountTable } from "../../src/files/mount-table.ts";
import type { PodFilesOptions } from "../../src/files/options.ts";
import { makePodFiles } from "../../src/files/pod-files.ts";
import type { DocumentBodies, DocumentBody } from "../../src/pod/document.ts";
import type { PodFiles } from "../../src/ports.ts";

/** Why tests that mount are left out, if they are. */
export const NOT_ROOT = process.getuid?.() === 0 ? undefined : "mounting needs root";

export const forever: AbortSignal = new AbortController().signal;

/** A directory of its own, gone with its mounts when the test ends. */
export function scratch(parent = tmpdir()): string {
  const path = realpathSync(mkdtempSync(join(parent, "berth-files-")));
  onTestFinished(async () => {
    const left = mountsWithin(await readMountTable(), path).map((mount) => mount.path);
    for (const target of left.reverse()) spawnSync("umount", ["--lazy", target]);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

export type House = { readonly root: string; readonly files: PodFiles; readonly options: PodFilesOptions };

/** Pod files in a directory of their own. */
export function house(changes: Partial<PodFilesOptions> = {}): House {
  const root = scratch();
  const options: PodFilesOptions = {
    settings: {
      rootDir: join(root, "state"),
      podLogsDir: join(root, "logs/pods"),
      containerLogsDir: join(root, "logs/containers"),
      clusterDomain: "cluster.local",
    },
    log: silentLog,
    allocatable: { cpuMillis: 2000, memoryBytes: 1 << 20 },
    recursiveReadOnly: () => false,
    hostsFile: join(root, "node-hosts"),
    threadPoolSize: 4,
    ...changes,
  };
  return { root, files: makePodFiles(options), options };
}

export function bodiesOf(
  documents: Record<`${"ConfigMap" | "Secret"}/${string}/${string}`, Record<string, string>>,
): DocumentBodies {
  return new Map(
    Object.entries(documents).map(([key, data]) => [
      key as keyof typeof documents,
      {
        type: "Opaque",
        binaryKeys: new Set<string>(),
        data: new Map(Object.entries(data).map(([name, text]) => [name, Buffer.from(text)])),
      },
    ]),
  ) satisfies ReadonlyMap<string, DocumentBody>;
}

export const noBodies: DocumentBodies = new Map();
