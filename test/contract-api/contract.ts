import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterChange, ClusterNode } from "../../src/pod/cluster.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { Cluster } from "../../src/ports.ts";

/** A server to hold the contract against, seen by the node of this name. */
export type Side = { readonly cluster: Cluster; readonly nodeName: string; close(): Promise<void> };

const NAMESPACE = "default";

/** What a node relies on, of any API server (node.md 1.5, 2, 3): runs unchanged against the test server and a real one. */
export function apiContract(title: string, open: () => Promise<Side>): void {
  describe(`an API server, ${title}`, () => {
    let side: Side;
    let node: ClusterNode;
    const ended = new AbortController();
    const { signal } = ended;
    const nodes = { kind: "nodes" } as const;
    const pods = { kind: "pods", namespace: NAMESPACE } as const;
    const ownNode = () => ({ ...nodes, name: side.nodeName });
    const ownPods = () => ({ kind: "pods", fieldSelector: `spec.nodeName=${side.nodeName}` }) as const;
    const mirror = (name: string, hash: string): v1.Pod => ({
      metadata: {
        name,
        namespace: NAMESPACE,
        annotations: { "kubernetes.io/config.mirror": hash, "kubernetes.io/config.source": "file" },
        ownerReferences: [
          { apiVersion: "v1", kind: "Node", name: side.nodeName, uid: node.metadata.uid ?? "", controller: true },
        ],
      },
      spec: {
        nodeName: side.nodeName,
        containers: [{ name: "c", image: "example.org/a:1" }],
        tolerations: [{ operator: "Exists", effect: "NoExecute" }],
      },
    });
    const removeAtOnce = (name: string, uid?: string) =>
      side.cluster.remove({ ...pods, name }, { graceSeconds: 0, ...(uid === undefined ? {} : { uid }) }, signal);

    beforeAll(async () => {
      side = await open();
      node = await side.cluster.create(nodes, { metadata: { name: side.nodeName } }, signal);
    }, 300_000); // a real one is started
    afterAll(async () => {
      ended.abort();
      await side?.close();
    });

    it("keeps one object of a name", async () => {
      await expect(side.cluster.create(nodes, { metadata: { name: side.nodeName } }, signal)).rejects.toMatchObject({
        code: "ApiExists",
      });
      await expect(side.cluster.get({ ...pods, name: "nobody" }, signal)).rejects.toMatchObject({
        code: expect.stringMatching(/^Api(NotFound|Forbidden)$/),
      });
    });

    it("merges a patch of a status item by item, and gives it a new version", async () => {
      const patch = (conditions: object[]) => ({ status: { conditions } });
      const at = { ...ownNode(), subresource: "status" } as const;
      await side.cluster.patch(
        at,
        patch([
          { type: "A", status: "True" },
          { type: "B", status: "False" },
        ]),
        signal,
      );
      const after = await side.cluster.patch(at, patch([{ type: "B", status: "True" }]), signal);
      const told = after.status?.conditions?.map(({ type, status }) => `${type}=${status}`);
      expect(told?.filter((one) => /^[AB]=/.test(one)).sort()).toEqual(["A=True", "B=True"]);
      expect(after.metadata.resourceVersion).not.toBe(node.metadata.resourceVersion);
    });

    it("writes amounts of a node in its own way", async () => {
      const sent = { cpu: "3000m", memory: "1048576Ki", pods: "1000", "ephemeral-storage": "8833669000" };
      const at = { ...ownNode(), subresource: "status" } as const;
      const { status } = await side.cluster.patch(at, { status: { capacity: sent, allocatable: sent } }, signal);
      const kept = { cpu: "3", memory: "1Gi", pods: "1k", "ephemeral-storage": "8833669k" };
      expect([status?.capacity, status?.allocatable]).toEqual([kept, kept]);
    });

    it("refuses an object of an older version", async () => {
      const leases = { kind: "leases", namespace: "kube-node-lease" } as const;
      const lease = { metadata: { name: side.nodeName }, spec: { holderIdentity: side.nodeName } };
      const made = await side.cluster.create(leases, lease, signal);
      const at = { ...leases, name: side.nodeName };
      await side.cluster.replace(at, { ...made, spec: { ...made.spec, leaseDurationSeconds: 40 } }, signal);
      await expect(
        side.cluster.replace(at, { ...made, spec: { ...made.spec, leaseDurationSeconds: 50 } }, signal),
      ).rejects.toMatchObject({ code: "ApiConflict", effect: "none" });
    });

    it("lists the pods of a node by its name", async () => {
      await expect(side.cluster.list(ownPods(), "any", signal)).resolves.toMatchObject({ items: [] });
    });

    it("takes mirror pods from a node, and no other", async () => {
      const plain = mirror("plain", "h");
      delete plain.metadata?.annotations?.["kubernetes.io/config.mirror"];
      await expect(side.cluster.create(pods, plain, signal)).rejects.toMatchObject({ code: "ApiForbidden" });
      const referring = mirror("referring", "h");
      referring.spec = {
        ...mirror("x", "h").spec,
        containers: [{ name: "c", image: "i", envFrom: [{ secretRef: { name: "s" } }] }],
      };
      await expect(side.cluster.create(pods, referring, signal)).rejects.toMatchObject({ code: "ApiForbidden" });
    });

    it("removes a mirror pod at once, and only the one of the uid that was meant", async () => {
      const made = await side.cluster.create(pods, mirror("one", "h"), signal);
      await expect(removeAtOnce("one", "00000000-0000-4000-8000-00000000ffff")).rejects.toMatchObject({
        code: "ApiConflict",
      });
      await removeAtOnce("one", made.metadata?.uid);
      const { items } = await side.cluster.list(ownPods(), "newest", signal);
      expect(items).toEqual([]);
    });

    it("keeps the status of a pod apart from its spec", async () => {
      const made = await side.cluster.create(pods, mirror("two", "h"), signal);
      const patch = {
        metadata: { uid: made.metadata?.uid },
        status: { phase: "Running" },
        spec: { hostname: "other" },
      };
      const after = await side.cluster.patch({ ...pods, name: "two", subresource: "status" }, patch, signal);
      expect(after.status?.phase).toBe("Running");
      expect(after.spec?.hostname).toBeUndefined();
      await removeAtOnce("two");
    });

    it("tells on a watch what happened after a version", async () => {
      const { version } = await side.cluster.list(ownPods(), "newest", signal);
      const made = await side.cluster.create(pods, mirror("three", "h"), signal);
      await removeAtOnce("three", made.metadata?.uid);
      const heard: string[] = [];
      for await (const change of side.cluster.watch(ownPods(), { version, timeoutSeconds: 30 }, signal)) {
        if (change.kind === "put" || change.kind === "gone") heard.push(word(change));
        if (change.kind === "gone") break;
      }
      expect(heard[0]).toBe("put three");
      expect(heard.at(-1)).toBe("gone three");
    });
  });
}

const word = (change: ClusterChange<v1.Pod> & { kind: "put" | "gone" }): string =>
  `${change.kind} ${change.object.metadata?.name}`;
