import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod } from "../kit/sample-pods.ts";

const CANARY = "canary-b7d02a4e";
let host: Host;

beforeAll(async () => {
  host = await openHost();
});

afterAll(() => host?.close());

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const configMap = (name: string, data: Record<string, string>, more: object = {}): object => ({
  ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data, ...more },
});
const secret = (name: string, data: Record<string, string>): object => ({
  ...{ apiVersion: "v1", kind: "Secret", metadata: { name } },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});
const together = (...documents: object[]): string => documents.map((one) => JSON.stringify(one)).join("\n---\n");

/** A pod that sees its volumes under /v0, /v1, ... */
function mounting(name: string, sources: readonly Omit<v1.Volume, "name">[], more: Partial<v1.Container> = {}): v1.Pod {
  const volumes = sources.map((source, index) => ({ name: `v${index}`, ...source }));
  const volumeMounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` }));
  return pod(name, { volumes, containers: [{ ...container("main"), volumeMounts, ...more }] });
}

async function inside(name: string, script: string): Promise<string> {
  const finished = await host.berth("exec", name, "--", "sh", "-c", script);
  expect(finished, script).toMatchObject({ code: 0 });
  return finished.stdout.trim();
}

describe("documents seen from inside", () => {
  it("variables come from keys and from whole documents, with prefix", async () => {
    const env = [
      { name: "ONE", valueFrom: { configMapKeyRef: { name: "env", key: "a" } } },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "env", key: "k" } } },
      { name: "NONE", valueFrom: { secretKeyRef: { name: "nobody", key: "k", optional: true } } },
      { name: "BOTH", value: "$(ONE)/$(P_b)" },
    ];
    const envFrom = [{ prefix: "P_", configMapRef: { name: "env" } }];
    const reader = pod("env", { containers: [{ ...container("main"), env, envFrom }] });
    await host.manifests.drop(
      "env.yaml",
      together(configMap("env", { a: "1", b: "2" }), secret("env", { k: "key" }), reader),
    );
    await host.running("env");
    expect(await inside("env", "echo $ONE $KEY $P_a $P_b $BOTH; env | grep -c NONE || true")).toBe("1 key 1 2 1/2\n0");
  });

  it("files have their modes and places, secrets lie in memory", async () => {
    const items = [{ key: "k", path: "deep/key", mode: 0o400 }];
    const reader = mounting("files", [
      { configMap: { name: "files", defaultMode: 0o640 } },
      { secret: { secretName: "files", items } },
      {
        projected: {
          sources: [
            { configMap: { name: "files", items: [{ key: "a", path: "both/a" }] } },
            { secret: { name: "files", items: [{ key: "k", path: "both/k" }] } },
            { downwardAPI: { items: [{ path: "both/name", fieldRef: { fieldPath: "metadata.name" } }] } },
            { configMap: { name: "nobody", optional: true } },
          ],
        },
      },
    ]);
    const blob = { binaryData: { blob: base64("\u0000\u0001") } };
    await host.manifests.drop(
      "files.yaml",
      together(configMap("files", { a: "1" }, blob), secret("files", { k: "key" }), reader),
    );
    await host.running("files");
    expect(await inside("files", "cat /v0/a; stat -L -c %a /v0/a; wc -c < /v0/blob")).toBe("1640\n2");
    expect(await inside("files", "ls /v1 && cat /v1/deep/key; stat -L -c %a /v1/deep/key")).toBe("deep\nkey400");
    expect(await inside("files", "cd /v2/both && cat a k && cat name")).toBe(`1keyfiles-${host.node}`);
    expect(await inside("files", "grep -c ' /v[12] tmpfs ' /proc/mounts")).toBe("2");
    expect(await inside("files", "touch /v0/x 2>&1 || echo read-only")).toContain("read-only");
  });

  it("a change in the directory is soon seen, whole; a subPath keeps what it had", async () => {
    const volumeMounts = [
      { name: "v0", mountPath: "/v0" },
      { name: "v0", mountPath: "/one", subPath: "a" },
    ];
    await host.manifests.drop("live.yaml", mounting("live", [{ configMap: { name: "live" } }], { volumeMounts }));
    await host.manifests.drop("live-map.yaml", configMap("live", { a: "old", b: "old" }));
    await host.running("live");
    expect(await inside("live", "cat /v0/a /one")).toBe("oldold");
    await host.manifests.overwrite("live-map.yaml", configMap("live", { a: "new", c: "new" }));
    await host.eventually("the new version is there", async () =>
      expect(await inside("live", "cd /v0 && ls | tr '\\n' ' ' && cat a && cat /one")).toBe("a c newold"),
    );
    expect(await inside("live", "readlink /v0/..data | grep -c '^\\.\\.20'; ls -A /v0 | grep -c '^\\.\\.20'")).toBe(
      "1\n1",
    );
  });

  it("a pod waits for a missing document with a clear reason, and starts when it comes", async () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "late", key: "a" } } }];
    await host.manifests.drop("late.yaml", pod("late", { containers: [{ ...container("main"), env }] }));
    await host.eventually("it says why it waits", async () => {
      const { status } = await host.pod("late");
      expect(status?.containerStatuses?.[0]?.state?.waiting).toEqual({
        ...{ reason: "CreateContainerConfigError", message: 'configmap "late" not found' },
      });
    });
    await host.manifests.drop("late-map.yaml", configMap("late", { a: "1" }));
    await host.running("late");
    expect(await inside("late", "echo $A")).toBe("1");
  });
});

describe("a secret's value", () => {
  it("is nowhere but in the container and in memory", async () => {
    const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "hush", key: "k" } } }];
    const sources = [{ secret: { secretName: "hush" } }, { projected: { sources: [{ secret: { name: "hush" } }] } }];
    await host.manifests.drop("hush-secret.yaml", secret("hush", { k: CANARY }));
    await host.manifests.drop("hush.yaml", mounting("hush", sources, { env }));
    await host.running("hush");
    expect(await inside("hush", 'test "$KEY" = "$(cat /v0/k)" && test "$KEY" = "$(cat /v1/k)" && echo same')).toBe(
      "same",
    );
    // Broken on purpose: problems quote what they complain of.
    await host.manifests.drop("hush-bad.yaml", {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "bad" }, data: { k: `${CANARY}!` } },
      stringData: { k: [CANARY] },
    });
    await host.eventually("the broken one is told", async () =>
      expect((await host.problems()).map(({ file }) => file).join()).toContain("hush-bad.yaml"),
    );
    const told = await Promise.all(
      [
        ["get", "pods", "-A", "-o", "yaml"],
        ["get", "secrets", "-A", "-o", "yaml"],
        ["get", "secrets", "-A", "-o", "wide"],
        ["get", "events", "-A", "-o", "yaml"],
        ["get", "problems", "-o", "yaml"],
        ["describe", "pod", "hush"],
      ].map(async (words) => (await host.berth(...words)).stdout),
    );
    const metrics = await fetch(`http://127.0.0.1:${host.port}/metrics`).then((answer) => answer.text());
    const forms = [CANARY, base64(CANARY), Buffer.from(CANARY).toString("hex")];
    for (const text of [...told, metrics, await host.log()]) {
      for (const form of forms) expect(text).not.toContain(form);
    }
    expect(await filesWith(host.places.root, forms)).toEqual([]);
    // The search does find what is there: the name of the secret stands in the pod's record.
    expect(await filesWith(host.places.root, ["hush"])).not.toEqual([]);
  });
});

/** Files below a directory, on its own file system, that hold one of the texts. */
async function filesWith(root: string, texts: readonly string[]): Promise<string[]> {
  const { dev } = await stat(root);
  const found: string[] = [];
  const look = async (directory: string): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && (await stat(path)).dev === dev) await look(path);
      if (!entry.isFile()) continue;
      const content = (await readFile(path)).toString("latin1");
      if (texts.some((text) => content.includes(text))) found.push(path);
    }
  };
  await look(root);
  return found;
}
