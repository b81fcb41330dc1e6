import { copyFile, mkdir, readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { runCommand } from "../../dev/run-command.ts";
import type { Problem } from "../../src/pod/problem.ts";
import { type NameServer, startNameServer } from "../kit/dns.ts";
import { type Host, openHost } from "../kit/host.ts";
import { type Table, watchPods } from "../kit/table.ts";

/** Manifests in general use, and broken ones as people paste them: all of them lie in one directory. */
const GOOD = join(import.meta.dirname, "../manifests");
const BROKEN = join(GOOD, "broken");
/** two-containers.yaml shares this directory of the host between its containers. */
const SHARED = "/data";

let host: Host;
let names: NameServer;
let table: Table;
let takeAwayShared: () => Promise<void>;

beforeAll(async () => {
  takeAwayShared = await coverShared();
  host = await openHost({ started: false, flags: ["--node-labels", "env=test"], kubelet: dns() });
  names = await startNameServer(host.runtime.gateway);
  for (const folder of [GOOD, BROKEN]) {
    for (const file of await yamlFiles(folder)) await copyFile(join(folder, file), join(host.manifests.path, file));
  }
  await host.start();
  table = watchPods(host);
});

afterAll(async () => {
  await table?.close();
  await names?.close();
  await host?.close();
  await takeAwayShared?.();
});

describe("seven good and five broken manifests in one directory", () => {
  it("two-containers: a page written by one container is served by the other; the writer is not started again", async () => {
    const nginx = await host.running("two-containers", "nginx-container");
    const row = await table.shows("two-containers", "NotReady");
    expect(row.READY).toBe("1/2");
    await host.eventually("the page is served", async () => {
      expect(await page(`http://${await addressOf("two-containers")}/index.html`)).toBe(
        "Hello from the debian container\n",
      );
    });
    const pod = await host.pod("two-containers");
    expect(pod.status?.phase).toBe("Running");
    const writer = pod.status?.containerStatuses?.find(({ name }) => name === "debian-container");
    expect(writer).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } });
    expect((await host.cri.containers()).filter((it) => it.sandboxId === nginx.sandboxId)).toHaveLength(2);
  });

  it("javaweb-2: the init container's file is there when tomcat starts, and the host port answers", async () => {
    await table.shows("javaweb-2", "Running");
    const war = (await host.cri.containers()).find((it) => it.pod === "javaweb-2" && it.name === "war");
    const tomcat = await host.running("javaweb-2", "tomcat");
    const [before, after] = [await host.cri.status(String(war?.id)), await host.cri.status(tomcat.id)];
    expect(before.finishedAtMs).toBeLessThanOrEqual(after.startedAtMs);
    const listing = await host.berth("exec", "javaweb-2", "--", "ls", "/root/apache-tomcat-7.0.42-v2/webapps");
    expect(listing.stdout).toContain("sample.war");
    await host.eventually("the host port answers", async () => {
      expect(await page(`http://${host.runtime.gateway}:8001/sample/`)).toContain("Hello from the sample war");
    });
  });

  it("twocontainers: two containers reach each other on localhost", async () => {
    const row = await table.shows("twocontainers", "Running");
    expect(row.READY).toBe("2/2");
    const command = ["-c", "shell", "--", "wget", "-qO-", "localhost:9876/info"];
    const answer = await host.eventually("localhost answers", async () => {
      const finished = await host.berth("exec", "twocontainers", ...command);
      expect(finished).toMatchObject({ code: 0 });
      return finished.stdout;
    });
    expect(JSON.parse(answer)).toMatchObject({ version: "0.5.0" });
  });

  it("probe-demo and lifecycle-demo run", async () => {
    await host.running("probe-demo", "sise");
    await host.running("lifecycle-demo", "lifecycle-demo-container");
  });

  it("myapp-pod: its init containers wait in turn for two names, and the states are seen in order", async () => {
    await table.shows("myapp-pod", "Init:0/2");
    await host.eventually("it asks for the first name", () => {
      expect(names.asked().some((name) => name.startsWith("myservice"))).toBe(true);
    });
    names.add("myservice", "10.0.0.10");
    await table.shows("myapp-pod", "Init:1/2");
    names.add("mydb", "10.0.0.11");
    await table.shows("myapp-pod", "Running");
    const seen = table.statuses("myapp-pod").filter((status) => status !== "Pending");
    expect(seen).toEqual(["Init:0/2", "Init:1/2", "PodInitializing", "Running"]);
  });

  it("node-selector runs on a node with the label", async () => {
    await table.shows("test", "Running");
  });

  it("each broken file has a problem that says where and what to do", async () => {
    const problems = await host.problems();
    const of = (file: string) => problems.filter((problem) => problem.file.endsWith(`/${file}`));
    for (const file of await yamlFiles(BROKEN)) {
      expect(of(file), file).not.toEqual([]);
      for (const { line, column, message, advice } of of(file)) {
        expect(line, file).toBeGreaterThan(0);
        expect(column, file).toBeGreaterThan(0);
        expect([message, advice], file).not.toContain("");
      }
    }
    const found = (file: string, part: Partial<Problem>) =>
      expect(of(file)).toContainEqual(expect.objectContaining(part));
    found("two-containers-one-line.yaml", { code: "NotAMapping", severity: "error", line: 1 });
    found("javaweb-2-ports-in-spec.yaml", { code: "FieldUnknown", path: "spec.ports", line: 20, column: 3 });
    found("myapp-pod-smart-quotes.yaml", { code: "QuoteSuspicious", severity: "warning" });
    found("myapp-pod-smart-quotes.yaml", { code: "NameTaken", pod: "demo/myapp-pod" });
    const ports = of("javaweb-2-ports-in-spec.yaml").find(({ path }) => path === "spec.ports");
    expect(ports?.advice).toContain("spec.containers[0].ports");
    const quotes = of("myapp-pod-smart-quotes.yaml").find(({ code }) => code === "QuoteSuspicious");
    expect(quotes?.message).toMatch(/[‘“]|U\+2018/);
  });

  it("the good files have no problem, and the holders of contested names are the good ones", async () => {
    const problems = await host.problems();
    for (const file of await yamlFiles(GOOD)) {
      expect(problems.filter((problem) => problem.file.endsWith(`/${file}`))).toEqual([]);
    }
    expect((await host.pods()).length).toBe(7);
  });

  it("berth get ends with a notice on stderr while problems wait", async () => {
    const finished = await host.berth("get", "pods");
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/problem/);
  });
});

describe("one manifest alone", () => {
  it("the smart-quotes file runs into a start error that is shown", async () => {
    const alone = await openHost({ kubelet: dns() });
    try {
      names.add("myservice", "10.0.0.10");
      names.add("mydb", "10.0.0.11");
      await alone.manifests.drop("a.yaml", await readFile(join(BROKEN, "myapp-pod-smart-quotes.yaml"), "utf8"));
      const reason = await alone.eventually("a start error is shown", async () => {
        const [status] = (await alone.pod("demo/myapp-pod")).status?.containerStatuses ?? [];
        expect(status?.state?.waiting?.reason).toMatch(/^(RunContainerError|CrashLoopBackOff)$/);
        return status;
      });
      expect(reason?.lastState?.terminated ?? { exitCode: 128 }).toMatchObject({ exitCode: 128 });
      expect(await alone.problems()).toContainEqual(expect.objectContaining({ code: "QuoteSuspicious" }));
    } finally {
      await alone.close();
    }
  });

  it("node-selector is refused on a node without the label", async () => {
    const bare = await openHost();
    try {
      await bare.manifests.drop("n.yaml", await readFile(join(GOOD, "node-selector.yaml"), "utf8"));
      await bare.eventually("it is refused", async () => {
        expect((await bare.pod("test")).status).toMatchObject({ phase: "Failed", reason: "NodeAffinity" });
      });
      expect((await bare.pod("test")).status?.message).toMatch(/^Pod was rejected: /);
      expect(await bare.cri.sandboxes()).toEqual([]);
    } finally {
      await bare.close();
    }
  });
});

function dns(): Record<string, unknown> {
  return { clusterDNS: [inject("runtime").gateway], clusterDomain: "cluster.local" };
}

async function yamlFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith(".yaml"));
}

async function addressOf(name: string): Promise<string> {
  const { status } = await host.pod(name);
  if (!status?.podIP) throw new Error(`${name} has no address`);
  return status.podIP;
}

async function page(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text();
}

/** Lays an empty file system over the shared directory, so that nothing of the host is changed; hands back how to take it away. */
async function coverShared(): Promise<() => Promise<void>> {
  const made = (await mkdir(SHARED, { recursive: true })) !== undefined;
  await runCommand("mount", ["-t", "tmpfs", "-o", "size=1m", "berth-e2e", SHARED]);
  return async () => {
    await runCommand("umount", ["--lazy", SHARED]);
    // Another run on this host may have laid its own over it.
    if (made) await rmdir(SHARED).catch(unlessBusy);
  };
}

function unlessBusy(error: NodeJS.ErrnoException): void {
  if (error.code !== "EBUSY") throw error;
}
