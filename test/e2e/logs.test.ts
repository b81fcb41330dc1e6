import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";

const MIB = 1024 * 1024;

/** A shell writes its lines one by one. */
const SLOW = { withinMs: 90_000 };

let host: Host;

beforeAll(async () => {
  host = await openHost({ kubelet: { containerLogMaxSize: "10Mi", containerLogMaxFiles: 3 } });
});

afterAll(() => host?.close());

/** Sizes of a container's log files in bytes, by name. */
async function sizes(folder: string): Promise<Map<string, number>> {
  const names = await readdir(folder);
  const found = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return new Map(names.flatMap((name, at) => (found[at] === undefined ? [] : [[name, found[at].size]])));
}

it("a fast writer's log is rotated in time, and its follower misses no line", async () => {
  // 60000 lines of 1000 bytes, six times the limit, at up to 50 MiB/s, for which the limit is promised; it waits for its follower.
  const line = "x".repeat(993);
  const script = `until [ -e /go ]; do sleep 0.1; done; i=100000; while [ $i -lt 160000 ]; do echo "$i ${line}"; i=$((i+1)); [ $((i%500)) != 0 ] || sleep 0.01; done; echo end; touch /done; sleep 1000`;
  await host.manifests.drop("fast.yaml", pod("fast", { containers: [container("main", { command: sh(script) })] }));
  const { uid } = await host.running("fast");
  const following = host.berth("logs", "-f", "fast");
  expect(await host.berth("exec", "fast", "--", "touch", "/go")).toMatchObject({ code: 0 });

  const folder = join(host.places.podLogs, `default_fast-${host.node}_${uid}`, "main");
  let most = 0;
  await host.eventually(
    "older files are compressed",
    async () => {
      const now = await sizes(folder);
      most = Math.max(most, now.get("0.log") ?? 0);
      expect([...now.keys()].filter((name) => name.endsWith(".gz"))).toHaveLength(1);
      expect(await host.berth("exec", "fast", "--", "test", "-e", "/done")).toMatchObject({ code: 0 });
    },
    SLOW,
  );
  console.log(`largest log seen: ${(most / MIB).toFixed(1)} MiB`);
  const rotated = [...(await sizes(folder))].filter(([name]) => /^0\.log\.[-\d]+$/.test(name));
  for (const [, bytes] of rotated) expect(bytes).toBeLessThan(20 * MIB);
  expect(most).toBeLessThan(20 * MIB);

  await host.manifests.remove("fast.yaml");
  const told = (await following).stdout.split("\n");
  expect(told.length).toBe(60_002);
  expect(told.slice(0, -2).findIndex((text, at) => !text.startsWith(`${100_000 + at} `))).toBe(-1);
});

it.runIf(thorough)("a log that has rested is rotated in time, too", { timeout: 120_000 }, async () => {
  // Long enough for berthd to have taken all logs for quiet; then 60 MiB, each MiB in a fiftieth of a second.
  const script = `sleep 40; i=0; while [ $i -lt 60 ]; do head -c 1048576 /dev/zero | tr '\\0' x | fold -w 4000; echo; sleep 0.02; i=$((i+1)); done; touch /done; sleep 1000`;
  await host.manifests.drop("late.yaml", pod("late", { containers: [container("main", { command: sh(script) })] }));
  const { uid } = await host.running("late");
  const folder = join(host.places.podLogs, `default_late-${host.node}_${uid}`, "main");
  let most = 0;
  await host.eventually(
    "all is written",
    async () => {
      const now = await sizes(folder);
      most = Math.max(most, ...now.values());
      expect(await host.berth("exec", "late", "--", "test", "-e", "/done")).toMatchObject({ code: 0 });
    },
    SLOW,
  );
  console.log(`largest log seen: ${(most / MIB).toFixed(1)} MiB`);
  // A file more is there while one is rotated, and while one is compressed.
  await host.eventually("as many files are left as there may be", async () => {
    expect([...(await sizes(folder)).keys()]).toHaveLength(3);
  });
  expect(most).toBeLessThan(20 * MIB);
  await host.manifests.remove("late.yaml");
});
