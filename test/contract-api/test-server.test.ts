import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClusterDoors } from "../../src/kube/connect.ts";
import { openDoors } from "../kit/api-server/door.ts";
import { type ApiServer, startApiServer } from "../kit/api-server/server.ts";
import { apiContract, type Side } from "./contract.ts";

const LIVE = new AbortController().signal;

async function openSide(): Promise<Side & { readonly server: ApiServer }> {
  const folder = await mkdtemp(join(tmpdir(), "berth-api-"));
  const server = await startApiServer();
  const doors: ClusterDoors = await openDoors(server.url, join(folder, "kubeconfig"));
  return {
    server,
    cluster: doors.general,
    nodeName: "n1",
    async close() {
      doors.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

apiContract("the test server", openSide);

describe("the test server's own means", () => {
  let side: Awaited<ReturnType<typeof openSide>>;
  beforeEach(async () => {
    side = await openSide();
  });
  afterEach(() => side.close());
  const server = () => side.server;
  const patch = async (path: string, body: object): Promise<number> => {
    const url = `${side.server.url}/api/v1/namespaces/default/pods/${path}`;
    return (await fetch(url, { method: "PATCH", body: JSON.stringify(body) })).status;
  };
  const own = { kind: "pods", fieldSelector: "spec.nodeName=n1" } as const;
  const pod = (name: string) => ({
    metadata: { name, namespace: "default" },
    spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }], terminationGracePeriodSeconds: 20 },
  });

  it("lists pods for a node only by its name, as servers do since 1.32", async () => {
    await expect(side.cluster.list({ kind: "pods" }, "newest", LIVE)).rejects.toMatchObject({ code: "ApiForbidden" });
  });

  it("fails as it is told to", async () => {
    const at = { ...own, namespace: "default", name: "a" };
    side.server.place("pods", pod("a"));
    side.server.trouble(() => ({ kind: "status", status: 429, retryAfterSeconds: 3 }));
    await expect(side.cluster.get(at, LIVE)).rejects.toMatchObject({ code: "ApiBusy", retryAfterMs: 3000 });
    side.server.trouble(() => ({ kind: "status", status: 500 }));
    await expect(side.cluster.get(at, LIVE)).rejects.toMatchObject({ code: "ApiFailed" });
    side.server.trouble(() => ({ kind: "half" }));
    await expect(side.cluster.get(at, LIVE)).rejects.toMatchObject({ code: "ApiUnreachable" });
    side.server.trouble(undefined);
    await expect(side.cluster.get(at, LIVE)).resolves.toMatchObject({ metadata: { name: "a" } });
  });

  it("has forgotten versions before it was compacted", async () => {
    const { version } = await side.cluster.list(own, "newest", LIVE);
    side.server.place("pods", pod("a"));
    side.server.shelf.compact();
    const stream = side.cluster.watch(own, { version, timeoutSeconds: 30 }, LIVE)[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code: "ApiGone" });
  });

  it("ends a watch in its time with a bookmark", async () => {
    const { version } = await side.cluster.list(own, "newest", LIVE);
    const heard: unknown[] = [];
    for await (const change of side.cluster.watch(own, { version, timeoutSeconds: 0 }, LIVE)) heard.push(change);
    expect(heard).toEqual([{ kind: "open" }, { kind: "bookmark", version }]);
  });

  it("lets a watch break in the middle of an event", async () => {
    const { version } = await side.cluster.list(own, "newest", LIVE);
    const stream = side.cluster.watch(own, { version, timeoutSeconds: 30 }, LIVE)[Symbol.asyncIterator]();
    side.server.place("pods", pod("a"));
    await expect(stream.next()).resolves.toMatchObject({ value: { kind: "open" } });
    await expect(stream.next()).resolves.toMatchObject({ value: { kind: "put" } });
    side.server.breakWatches();
    await expect(stream.next()).rejects.toMatchObject({ code: "ApiUnreachable" });
  });

  it("deletes a bound pod with grace, which only shrinks, until the node confirms it", async () => {
    side.server.place("pods", pod("a"));
    const at = { kind: "pods", namespace: "default", name: "a" } as const;
    side.server.remove("pods", "default", "a");
    const first = await side.cluster.get(at, LIVE);
    expect(first.metadata).toMatchObject({ deletionGracePeriodSeconds: 20, generation: 2 });
    side.server.remove("pods", "default", "a", { gracePeriodSeconds: 25 });
    expect((await side.cluster.get(at, LIVE)).metadata?.deletionGracePeriodSeconds).toBe(20);
    side.server.remove("pods", "default", "a", { gracePeriodSeconds: 5 });
    expect((await side.cluster.get(at, LIVE)).metadata?.deletionGracePeriodSeconds).toBe(5);
    await side.cluster.remove(
      at,
      { graceSeconds: 0, ...(first.metadata?.uid ? { uid: first.metadata.uid } : {}) },
      LIVE,
    );
    await expect(side.cluster.get(at, LIVE)).rejects.toMatchObject({ code: "ApiNotFound" });
  });

  it("adds ephemeral containers to a pod by their own subresource, and takes none away", async () => {
    server().place("pods", pod("a"));
    const debug = (more: object = {}) => ({
      spec: { ephemeralContainers: [{ name: "d", image: "i", targetContainerName: "c", ...more }] },
    });
    expect(await patch("a/ephemeralcontainers", debug())).toBe(200);
    expect(server().shelf.get("pods", "default", "a")).toMatchObject({ metadata: { generation: 2 }, ...debug() });
    expect(await patch("a/ephemeralcontainers", debug({ image: "other" }))).toBe(422);
    expect(await patch("a/ephemeralcontainers", { spec: { ephemeralContainers: null } })).toBe(422);
    expect(await patch("a/ephemeralcontainers", { spec: { hostname: "other" } })).toBe(422);
    const second = { name: "e", image: "i" };
    expect(await patch("a", { spec: { ephemeralContainers: [second] } })).toBe(422);
    const probed = { ...second, livenessProbe: { exec: { command: ["true"] } } };
    expect(await patch("a/ephemeralcontainers", { spec: { ephemeralContainers: [probed] } })).toBe(422);
    const stray = { ...second, targetContainerName: "none" };
    expect(await patch("a/ephemeralcontainers", { spec: { ephemeralContainers: [stray] } })).toBe(422);
    expect(await patch("a/ephemeralcontainers", { spec: { ephemeralContainers: [second] } })).toBe(200);
    expect(server().shelf.get("pods", "default", "a").spec).toMatchObject({
      ephemeralContainers: [{ name: "d" }, { name: "e" }],
    });
  });

  it("gives tokens only for a pod that there is", async () => {
    const { metadata } = side.server.place("pods", pod("a"));
    const wish = { namespace: "default", serviceAccount: "default", audiences: [], expirationSeconds: 3607 };
    await expect(side.cluster.token({ ...wish, pod: { name: "a", uid: metadata.uid } }, LIVE)).resolves.toMatchObject({
      token: expect.stringContaining("default"),
    });
    await expect(side.cluster.token({ ...wish, pod: { name: "a", uid: "other" } }, LIVE)).rejects.toMatchObject({
      code: "ApiForbidden",
    });
  });
});
