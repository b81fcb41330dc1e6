import { afterAll, beforeAll, expect, it } from "vitest";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod } from "../kit/sample-pods.ts";

let host: Host;

beforeAll(async () => {
  // What is counted is the starts alone: the slow relist is put off, and the three lists of a start are waited for.
  host = await openHost({ agent: { relistPeriod: "10m" } });
  await host.eventually("the lists of the start are over", async () =>
    expect((await operations()).get("list_containers")).toBeGreaterThanOrEqual(3),
  );
});

afterAll(() => host?.close());

/** Calls that are made on a beat, whatever the pods do. */
const BEATS = ["status", "version", "runtime_config", "image_fs_info", "get_container_events"];
const WRITES = ["run_podsandbox", "create_container", "start_container"];

/** Calls since an earlier count, by operation. */
async function operations(): Promise<Map<string, number>> {
  const counted = (await host.metrics()).by("kubelet_runtime_operations_total", "operation_type");
  return new Map([...counted].filter(([operation]) => !BEATS.includes(operation)));
}

function since(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const grown = [...after].map(([operation, count]): [string, number] => [
    operation,
    count - (before.get(operation) ?? 0),
  ]);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

// Without an event stream the relist reads every second.
const withEvents = it.skipIf(process.env.BERTH_E2E_RUNTIME === "distro");

withEvents.each([
  { kind: "alone", count: 1, containers: 1 },
  { kind: "ten at once", count: 10, containers: 1 },
  { kind: "with three containers", count: 1, containers: 3 },
])("a pod start takes its writes and at most one read: $kind", async ({ count, containers }) => {
  const before = await operations();
  const names = Array.from({ length: count }, (_, index) => `p${count}-${containers}-${index}`);
  const spec = { containers: Array.from({ length: containers }, (_, index) => container(`c${index}`)) };
  for (const name of names) await host.manifests.drop(`${name}.yaml`, pod(name, spec));
  for (const name of names) await host.running(name, `c${containers - 1}`);
  await host.eventually("all are shown as running", async () => {
    for (const name of names) expect((await host.pod(name)).status?.phase).toBe("Running");
  });
  const writes = { run_podsandbox: count, create_container: count * containers, start_container: count * containers };
  // a container is seen running by its event, at times before the call that started it is answered and counted
  const calls = await host.eventually("all writes are counted", async () => {
    const calls = since(before, await operations());
    expect(calls).toMatchObject(writes);
    return calls;
  });
  console.log(`calls for ${count} x ${containers}: ${JSON.stringify(calls)}`);
  const reads = Object.entries(calls).filter(([operation]) => !WRITES.includes(operation));
  expect(reads.reduce((sum, [, number]) => sum + number, 0)).toBeLessThanOrEqual(count);
});

withEvents("pods at rest cost no calls but the list of each minute", async () => {
  const before = await operations();
  await host.steadily(10_000, () => undefined);
  const {
    list_podsandbox: sandboxes = 0,
    list_containers: containers = 0,
    ...more
  } = since(before, await operations());
  expect(more).toEqual({});
  expect(Math.max(sandboxes, containers)).toBeLessThanOrEqual(1);
});
