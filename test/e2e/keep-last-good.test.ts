import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProblemCode } from "../../src/pod/problem.ts";
import { coverWithErrors, coverWithFolder, coverWithNothing, type Uncover } from "../kit/cover.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";

/** How long nothing may happen; the directory is read again every second. */
const HOLD_MS = thorough ? 60_000 : 8_000;

let host: Host;

beforeEach(async () => {
  host = await openHost();
});

afterEach(() => host.close());

/** Five ways in which people break a manifest of a pod that runs. */
const BREAKAGES: Record<string, { readonly content: (name: string) => string; readonly code: ProblemCode }> = {
  "cut off in the middle": {
    content: (name) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n  - name: "mai`,
    code: "YamlInvalid",
  },
  "with a field that does not exist": {
    content: (name) => JSON.stringify(pod(name, { contaners: [] } as object)),
    code: "FieldUnknown",
  },
  "with a value that does not fit": {
    content: (name) => JSON.stringify(pod(name, { containers: [container("Not A Name")] })),
    code: "ValueInvalid",
  },
  "as a Deployment": {
    content: (name) =>
      JSON.stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec: { template: pod(name) } }),
    code: "KindHasTemplate",
  },
  "with bytes that are no text": { content: () => "\u0000\u0001\ufffd: [", code: "FileNotText" },
};

const names = Object.keys(BREAKAGES).map((_, index) => `pod-${index}`);

describe("broken manifests", () => {
  it("five ways to break one leave all pods alone, are seen in three places, and mending applies", async () => {
    await startAll();
    const before = await host.runningIds();
    await breakAll();
    await problemsAreSeen();
    await host.steadily(HOLD_MS, async () => expect(await host.runningIds()).toEqual(before));
    await mendAll(before);
  });

  it("broken, then berthd killed and started: adopted as they are", async () => {
    await startAll();
    const before = await host.runningIds();
    await breakAll();
    await problemsAreSeen();
    await host.crash();
    await host.start();
    await problemsAreSeen();
    await host.steadily(HOLD_MS, async () => expect(await host.runningIds()).toEqual(before));
    await mendAll(before);
  });

  it("broken while berthd is down: adopted as they are; removed while it is down: ended", async () => {
    await startAll();
    const before = await host.runningIds();
    const gone = await host.running("pod-0");
    await host.crash();
    await breakAll();
    await host.manifests.remove("pod-0.yaml");
    await host.start();
    await host.gone("pod-0");
    await host.steadily(HOLD_MS, async () => {
      expect(await host.runningIds()).toEqual(before.filter((id) => id !== gone.id));
    });
  });
});

describe("a directory that tells nothing", () => {
  it("unreadable, or another file system without the files: nothing changes until it is back", async () => {
    await startAll();
    const before = await host.runningIds();
    for (const cover of [coverWithErrors, coverWithNothing]) {
      const uncover = await cover(host.manifests.path);
      try {
        await sourceProblemIsSeen();
        await host.crash();
        await host.start({ ready: false });
        await host.steadily(HOLD_MS / 2, async () => expect(await host.runningIds()).toEqual(before));
        await sourceProblemIsSeen();
      } finally {
        await uncover();
      }
      await noProblemIsLeft();
      expect(await host.runningIds()).toEqual(before);
    }
    await host.manifests.remove("pod-0.yaml");
    await host.gone("pod-0");
  });

  it("unmounted, missing, or a file in its place: nothing changes until it is back", async () => {
    const elsewhere = join(host.places.folder, "elsewhere");
    await mkdir(elsewhere);
    let unmount: Uncover = await onOtherDevice(elsewhere);
    await host.leave();
    await host.start();
    await startAll();
    const before = await host.runningIds();

    await unmount();
    await sourceProblemIsSeen();
    await host.steadily(HOLD_MS / 3, async () => expect(await host.runningIds()).toEqual(before));
    unmount = await coverWithFolder(elsewhere, host.manifests.path);
    await noProblemIsLeft();
    await unmount();

    await rename(host.manifests.path, `${host.manifests.path}.away`);
    await sourceProblemIsSeen();
    await host.steadily(HOLD_MS / 3, async () => expect(await host.runningIds()).toEqual(before));

    await writeFile(host.manifests.path, "not a directory\n");
    await host.eventually("the file is a problem", async () => expect(await host.problems()).not.toEqual([]));
    await host.steadily(HOLD_MS / 3, async () => expect(await host.runningIds()).toEqual(before));

    await rm(host.manifests.path);
    await mkdir(host.manifests.path);
    unmount = await coverWithFolder(elsewhere, host.manifests.path);
    await noProblemIsLeft();
    expect(await host.runningIds()).toEqual(before);
    await unmount();
  });
});

/** Mounts a file system of its own at `place` and lays it over the manifest directory as well. */
async function onOtherDevice(place: string): Promise<Uncover> {
  await coverWithNothing(place);
  return coverWithFolder(place, host.manifests.path);
}

async function startAll(): Promise<void> {
  for (const name of names) await host.manifests.overwrite(`${name}.yaml`, pod(name));
  for (const name of names) await host.running(name);
}

async function breakAll(): Promise<void> {
  for (const [index, { content }] of Object.values(BREAKAGES).entries()) {
    await host.manifests.overwrite(`pod-${index}.yaml`, content(`pod-${index}`));
  }
}

/** In `berth get problems` with the expected code, in /metrics, and in the log. */
async function problemsAreSeen(): Promise<void> {
  await host.eventually("all problems are told", async () => {
    const problems = await host.problems();
    for (const [index, { code }] of Object.values(BREAKAGES).entries()) {
      const file = join(host.manifests.path, `pod-${index}.yaml`);
      expect(problems).toContainEqual(expect.objectContaining({ file, code, severity: "error" }));
    }
  });
  await host.eventually("they are counted", async () => {
    const metrics = await host.metrics();
    expect(metrics.sum("berth_manifest_problems", { severity: "error" })).toBeGreaterThanOrEqual(names.length);
  });
  const log = await host.log();
  for (const name of names) expect(log).toContain(`${name}.yaml`);
}

async function sourceProblemIsSeen(): Promise<void> {
  await host.eventually("the directory is a problem", async () => {
    expect(await host.problems()).toContainEqual(expect.objectContaining({ code: "SourceUnreadable" }));
  });
  const metrics = await host.metrics();
  expect(metrics.sum("berth_manifest_problems", { severity: "error" })).toBeGreaterThan(0);
  expect(await host.log()).toContain("SourceUnreadable");
}

async function noProblemIsLeft(): Promise<void> {
  await host.eventually("no problem is left", async () => expect(await host.problems()).toEqual([]));
}

/** Mends all five with a new word in them: each pod is replaced by the mended one. */
async function mendAll(before: readonly string[]): Promise<void> {
  for (const name of names) {
    await host.manifests.overwrite(`${name}.yaml`, pod(name, {}, { labels: { mended: "yes" } }));
  }
  await host.eventually("all pods are the mended ones", async () => {
    const sandboxes = (await host.cri.sandboxes()).filter((it) => it.ready);
    expect(sandboxes.map((it) => it.labels.mended)).toEqual(names.map(() => "yes"));
    const ids = await host.runningIds();
    expect(ids).toHaveLength(names.length);
    expect(ids.filter((id) => before.includes(id))).toEqual([]);
  });
  await noProblemIsLeft();
}
