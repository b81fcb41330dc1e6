import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../dev/run-command.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";
import { HARMLESS, REFUSED } from "../manifest/hostile-manifests.ts";

// Manifests and containers that try to get out, on a real runtime (issue 5, hostile set): each gets its problem or stays in
// its place, and nothing on the host changes. In full length only (make e2e-all).

/** What an escape would leave behind. */
const MARK = "berth-escaped";
/** Directories of the host that nothing here may touch, looked at with all that is in them. */
const WATCHED = ["/etc", "/root"];
/** Where programs of whoever works on this machine keep what they fetched. */
const CACHES = ["/root/.cache", "/root/.npm"];

let host: Host;
/** A directory of the host that is in no pod: links of containers point at it. */
let outside: string;
let before: readonly string[];

beforeAll(async () => {
  if (!thorough) return;
  host = await openHost();
  outside = join(host.places.folder, "outside");
  await mkdir(join(outside, "leaf"), { recursive: true });
  await writeFile(join(outside, "secret.env"), "WORD='of the host'\n");
  await chmod(outside, 0o777);
  await chmod(join(outside, "leaf"), 0o777);
  before = await witness();
});

afterAll(() => host?.close());

/** Everything of the watched directories and of the one outside: mode, owner, size, time of change, inode, target; and mounts in it. */
async function witness(): Promise<readonly string[]> {
  const folders = [...WATCHED, outside];
  const leaveOut = CACHES.flatMap((path) => ["-path", path, "-prune", "-o"]);
  const found = await runCommand("find", [...folders, ...leaveOut, "-printf", "%p %M %U %G %s %C@ %i %l\\0"]);
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").flatMap((line) => {
    const [, , , , path = ""] = line.split(" ");
    return folders.some((folder) => path.startsWith(`${folder}/`)) ? [`mounted: ${path}`] : [];
  });
  const kernel = await Promise.all(
    SETTINGS.map((name) => readFile(`/proc/sys/kernel/${name}`, "utf8").catch(() => "")),
  );
  return [...found.split("\0").toSorted(), ...mounts, ...kernel];
}

/** Settings of the kernel that a container could reach for. */
const SETTINGS = ["core_pattern", "hostname", "modprobe", "sysrq"];

/** Nobody else changes these directories while this file runs; an escape would leave its mark at one of the usual places too. */
async function expectUntouched(): Promise<void> {
  expect(await witness()).toEqual(before);
  const places = ["/", "/tmp", "/var", "/var/lib", "/usr", "/home", outside, join(outside, "leaf"), host.places.folder];
  const found = await Promise.all(places.map((place) => readdir(place)));
  expect(found.flat()).not.toContain(MARK);
}

/** The states of a pod's containers in one word each: running, the exit code, or the reason to wait. */
function states({ status }: v1.Pod): Record<string, string | number | undefined> {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return Object.fromEntries(
    all.map(({ name, state }) => [
      name,
      state?.running ? "running" : (state?.terminated?.exitCode ?? state?.waiting?.reason),
    ]),
  );
}
const BEFORE_START = ["ContainerCreating", "PodInitializing", undefined];
/** Waits until every container of a pod has come to something. */
const settled = (name: string): Promise<v1.Pod> =>
  host.eventually(
    `${name} has come to something`,
    async () => {
      const seen = await host.pod(name);
      const told = Object.values(states(seen));
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter((state) => BEFORE_START.includes(state as string | undefined))).toEqual([]);
      return seen;
    },
    { withinMs: 60_000 },
  );

it.runIf(thorough)(
  `${REFUSED.length} manifests that try to escape are problems with their place, and no pod comes of them`,
  async () => {
    for (const [index, [, manifest]] of REFUSED.entries()) await host.manifests.drop(`refused-${index}.json`, manifest);
    await host.eventually("each has its problem", async () => {
      const problems = await host.problems();
      const without = REFUSED.filter(
        ([, , path, words], index) =>
          !problems.some(
            (one) =>
              one.file.endsWith(`/refused-${index}.json`) &&
              one.severity === "error" &&
              one.path === path &&
              one.message.includes(words),
          ),
      );
      expect(without.map(([what]) => what)).toEqual([]);
    });
    expect((await host.pods()).map(({ metadata }) => metadata?.name)).toEqual([]);
    expect(await host.cri.sandboxes()).toEqual([]);
    await expectUntouched();
  },
);

it.runIf(thorough)(`${HARMLESS.length} strange manifests stay in their place`, async () => {
  const pods = HARMLESS.map(([, manifest], index): v1.Pod => {
    const { metadata, spec, ...rest } = manifest as v1.Pod;
    return {
      ...rest,
      metadata: { ...metadata, name: `strange-${index}` },
      spec: { ...(spec as v1.PodSpec), restartPolicy: "Never", terminationGracePeriodSeconds: 1 },
    };
  });
  for (const [index, one] of pods.entries()) await host.manifests.drop(`strange-${index}.json`, one);
  for (const index of HARMLESS.keys()) {
    await settled(`strange-${index}`);
  }
  await expectUntouched();
  for (const index of HARMLESS.keys()) await host.manifests.remove(`strange-${index}.json`);
});

describe.runIf(thorough)("a container that prepares its volume against the agent", () => {
  const volumes = [{ name: "w", emptyDir: {} }];
  const whole = [{ name: "w", mountPath: "/w" }];

  it("swaps the subPath of its siblings with a link to the host, in a loop: none of them gets out", async () => {
    const swap = `cd /w; while :; do rm -rf d; ln -s ${outside} d; rm d; mkdir -p d/leaf; done`;
    const siblings = Array.from({ length: 8 }, (_, at) =>
      container(`s${at}`, {
        command: sh(`touch /v/${MARK}; exec sleep 1000`),
        volumeMounts: [{ name: "w", mountPath: "/v", subPath: "d/leaf" }],
      }),
    );
    const swapper = container("swaps", {
      command: sh(swap),
      restartPolicy: "Always",
      volumeMounts: whole,
      resources: { limits: { cpu: "500m" } },
    });
    await host.manifests.drop("swaps.json", pod("swaps", { volumes, initContainers: [swapper], containers: siblings }));
    const { status } = await settled("swaps");
    // What it was refused for says nothing of the host.
    expect(JSON.stringify(status)).not.toContain(outside);
    await expectUntouched();
    await host.manifests.remove("swaps.json");
  });

  it("leaves a link, a pipe, a device and a giant as files of variables: each is refused, and nothing hangs", async () => {
    const make = [
      `cd /w; ln -s ${join(outside, "secret.env")} link; mkfifo pipe; mknod device c 1 5`,
      "dd if=/dev/zero of=giant bs=1M count=64 2>/dev/null; ln -s /w/chain chain",
    ].join("; ");
    const reads = (path: string): v1.Container =>
      container(path, {
        command: sh("env; exec sleep 1000"),
        env: [{ name: "WORD", valueFrom: { fileKeyRef: { volumeName: "w", path, key: "WORD" } } }],
      });
    const names = ["link", "pipe", "device", "giant", "chain"];
    const init = container("makes", { command: sh(make), volumeMounts: whole });
    await host.manifests.drop(
      "reads.json",
      pod("reads", { volumes, initContainers: [init], containers: names.map(reads) }),
    );
    const seen = await settled("reads");
    const waits = names.map((name) => [name, "CreateContainerConfigError"]);
    expect(states(seen)).toEqual({ makes: 0, ...Object.fromEntries(waits) });
    expect(JSON.stringify(seen.status)).not.toContain(outside);
    expect(JSON.stringify(seen.status)).not.toContain("of the host");
    await expectUntouched();
    await host.manifests.remove("reads.json");
  });

  it("leaves what is hard to remove: all of it goes with the pod, and nothing that its links point at", async () => {
    const make = [
      `cd /w; ln -s ${outside} out; ln -s / root; mkfifo pipe; mkdir shut; touch shut/x; chmod 0 shut`,
      "touch \"$(printf 'no\\377text')\" \"$(printf 'two\\nlines')\" -- -rf '*' \"$(printf '\\033[2J')\"",
      "i=0; while [ $i -lt 600 ]; do mkdir deeper-and-deeper; cd deeper-and-deeper; i=$((i+1)); done",
      "exec sleep 1000",
    ].join("; ");
    const main = container("main", { command: sh(make), volumeMounts: whole });
    await host.manifests.drop("untidy.json", pod("untidy", { volumes, containers: [main] }));
    const { uid } = await host.running("untidy");
    const volume = join(host.places.root, "pods", uid, "volumes/kubernetes.io~empty-dir/w");
    await host.eventually("it is as deep as it gets", async () =>
      expect(await readdir(volume)).toContain("deeper-and-deeper"),
    );
    await host.manifests.remove("untidy.json");
    await host.gone("untidy");
    await host.eventually("its home is gone", async () =>
      expect(await readdir(join(host.places.root, "pods"))).not.toContain(uid),
    );
    await expectUntouched();
  });
});

it.runIf(thorough)("what a container says to whoever reads it does not steer a terminal", async () => {
  const words = "\\033[2J\\033]0;owned\\007\\r\\nREADY   Running";
  const main = container("main", { command: sh(`printf '${words}' > /dev/termination-log; exit 3`) });
  await host.manifests.drop("speaks.json", pod("speaks", { restartPolicy: "Never", containers: [main] }));
  await settled("speaks");
  for (const args of [
    ["get", "pods", "-o", "wide"],
    ["describe", "pod", "speaks"],
    ["explain", "speaks"],
    ["get", "events"],
  ]) {
    const { stdout } = await host.berth(...args);
    expect(
      [...stdout].filter((letter) => letter < " " && letter !== "\n"),
      args.join(" "),
    ).toEqual([]);
  }
});
