import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePod } from "../house.ts";
import { closed, type NodeHouse, openNodeHouse } from "./node-house.ts";

let house: NodeHouse;
beforeEach(async () => {
  house = await openNodeHouse();
  house.admit();
  house.house.put(makePod("web"));
  const waiting = makePod("waiting");
  house.house.put({ ...waiting, status: { phase: "Pending" } });
  house.house.state.hostUsage = () => ({ atWallMs: 5000, cpuCoreNanoSeconds: 7e9, memoryBytes: 2 ** 30 });
  house.house.state.containerUsage = () => [
    {
      podUid: "uid-web",
      container: "main",
      id: "c1",
      atWallMs: 6000,
      cpuCoreNanoSeconds: 3e9,
      workingSetBytes: 4096,
      more: { cpuNanoCores: 250, memoryBytes: 8192, availableBytes: 0, residentBytes: 1024, writtenBytes: 77 },
    },
  ];
});
afterEach(() => house.close());

const page = async (path: string): Promise<string> => (await house.ask(path, { token: "good" })).text;
const json = async (path: string): Promise<Record<string, unknown>> => JSON.parse(await page(path));

describe("health", () => {
  it("is ok, or tells which check has failed without its reasons", async () => {
    expect(await page("/healthz")).toBe("ok");
    house.house.state.health = { live: false, ready: true, reasons: ["the secret of it"] };
    const failed = await house.ask("/healthz", { token: "good" });
    expect(failed).toMatchObject({ status: 500 });
    expect(failed.text).toBe("[+]ping ok\n[+]log ok\n[-]syncloop failed: reason withheld\nhealthz check failed");
    expect((await house.ask("/healthz/ping", { token: "good" })).status).toBe(200);
    expect((await house.ask("/healthz/syncloop", { token: "good" })).status).toBe(500);
    expect((await house.ask("/healthz/constructor", { token: "good" })).status).toBe(404);
    expect(await page("/healthz?exclude=syncloop&verbose")).toBe("[+]ping ok\n[+]log ok\nhealthz check passed");
  });
});

describe("pods", () => {
  it("/pods lists all, with their status", async () => {
    const { kind, apiVersion, items } = await json("/pods");
    expect({ kind, apiVersion }).toEqual({ kind: "PodList", apiVersion: "v1" });
    expect(items).toMatchObject([{ metadata: { name: "web-node1" }, status: { phase: "Running" } }, {}]);
  });

  it("/runningpods lists those that run, with little more than their names", async () => {
    const { items } = await json("/runningpods/");
    expect(items).toEqual([
      {
        metadata: { name: "web-node1", namespace: "default", uid: "uid-web" },
        spec: { containers: [{ name: "main", image: "busybox" }] },
      },
    ]);
  });
});

describe("what is used", () => {
  it("/stats/summary tells node, pods and containers", async () => {
    const { node, pods } = await json("/stats/summary");
    expect(node).toMatchObject({
      nodeName: "node1",
      cpu: { time: "1970-01-01T00:00:05.000Z", usageCoreNanoSeconds: 7e9 },
      memory: { workingSetBytes: 2 ** 30, availableBytes: 7 * 2 ** 30 },
      fs: { capacityBytes: expect.any(Number) },
    });
    expect(pods).toEqual([
      {
        podRef: { name: "web-node1", namespace: "default", uid: "uid-web" },
        cpu: { time: "1970-01-01T00:00:06.000Z", usageNanoCores: 250, usageCoreNanoSeconds: 3e9 },
        memory: { time: "1970-01-01T00:00:06.000Z", usageBytes: 8192, workingSetBytes: 4096, rssBytes: 1024 },
        containers: [
          {
            name: "main",
            startTime: "2026-01-02T03:04:06Z",
            cpu: { time: "1970-01-01T00:00:06.000Z", usageNanoCores: 250, usageCoreNanoSeconds: 3e9 },
            memory: { time: "1970-01-01T00:00:06.000Z", usageBytes: 8192, workingSetBytes: 4096, rssBytes: 1024 },
            rootfs: { time: "1970-01-01T00:00:06.000Z", usedBytes: 77 },
          },
        ],
      },
    ]);
  });

  it("swap, pressure, page faults and tasks are told where the runtime and the kernel know them", async () => {
    const part = (total: number) => ({ total, avg10: 1, avg60: 2, avg300: 3 });
    const { containerUsage, hostUsage } = house.house.state;
    house.house.state.containerUsage = () =>
      containerUsage().map((usage) => ({
        ...usage,
        more: {
          ...usage.more,
          pageFaults: 7,
          majorPageFaults: 2,
          swapUsageBytes: 512,
          pressure: { cpu: { some: part(3e9), full: part(1e9) } },
        },
      }));
    house.house.state.hostUsage = () => ({
      ...hostUsage(),
      swap: { usedBytes: 100, freeBytes: 900 },
      tasks: { most: 4096, now: 321 },
    });
    const { node, pods } = await json("/stats/summary");
    expect(node).toMatchObject({
      swap: { swapUsageBytes: 100, swapAvailableBytes: 900 },
      rlimit: { maxpid: 4096, curproc: 321 },
    });
    expect(pods).toMatchObject([
      {
        swap: { swapUsageBytes: 512 },
        containers: [{ swap: { swapUsageBytes: 512 }, cpu: { psi: { some: part(3e9), full: part(1e9) } } }],
      },
    ]);
    const resources = await page("/metrics/resource");
    expect(resources).toContain("node_swap_usage_bytes 100 5000\n");
    expect(resources).toContain('pod_swap_usage_bytes{pod="web-node1",namespace="default"} 512 6000');
    const cadvisor = await page("/metrics/cadvisor");
    expect(cadvisor).toMatch(/container_memory_failures_total\{.*failure_type="pgmajfault",scope="container"\} 2 6000/);
    expect(cadvisor).toMatch(/container_pressure_cpu_waiting_seconds_total\{.*\} 3 6000/);
    expect(cadvisor).toMatch(/container_pressure_cpu_stalled_seconds_total\{.*\} 1 6000/);
    expect(cadvisor).not.toContain("container_pressure_io");
  });

  it("only_cpu_and_memory leaves out the rest", async () => {
    const { node, pods } = await json("/stats/summary?only_cpu_and_memory=true");
    expect(node).not.toHaveProperty("fs");
    expect(JSON.stringify(pods)).not.toContain("rootfs");
  });

  it("/metrics/resource and /metrics/cadvisor tell the same of the container", async () => {
    expect(await page("/metrics/resource")).toContain(
      'container_cpu_usage_seconds_total{container="main",pod="web-node1",namespace="default"} 3 6000',
    );
    const text = await page("/metrics/cadvisor");
    const labels = 'id="",name="c1",image="busybox",pod="web-node1",namespace="default",container="main"';
    expect(text).toContain(`container_cpu_usage_seconds_total{${labels},cpu="total"} 3 6000`);
    expect(text).toContain(`container_memory_working_set_bytes{${labels}} 4096 6000`);
    expect(text).toContain('machine_cpu_cores{boot_id="b"} 2');
  });

  it("many who ask at once cost the runtime one count", async () => {
    let counts = 0;
    const { containerUsage } = house.house.state;
    house.house.state.containerUsage = () => {
      counts += 1;
      return containerUsage();
    };
    await Promise.all(Array.from({ length: 20 }, () => house.ask("/metrics/resource", { token: "good" })));
    expect(counts).toBeLessThan(20);
  });

  it("a runtime that does not answer is an error, and the next one asks anew", async () => {
    const { containerUsage } = house.house.state;
    house.house.state.containerUsage = () => {
      throw new Error("no runtime");
    };
    const failed = await house.ask("/stats/summary", { token: "good" });
    expect(failed).toMatchObject({ status: 500, text: expect.stringMatching(/^Internal Error: /) });
    house.house.state.containerUsage = containerUsage;
    expect((await house.ask("/stats/summary", { token: "good" })).status).toBe(200);
  });
});

describe("the rest", () => {
  it("/configz tells the configuration in effect", async () => {
    expect(await json("/configz")).toEqual({ kubeletconfig: { kind: "KubeletConfiguration", maxPods: 250 } });
  });

  it("/metrics counts requests by a few words only", async () => {
    await page("/nothing/at/all");
    await page("/healthz/ping");
    const text = await page("/metrics");
    expect(text).toMatch(/kubelet_http_requests_total\{method="GET",path="healthz",server_type="readwrite",.*\} 1/);
    expect(text).toMatch(/kubelet_http_requests_total\{method="GET",path="other",.*\} 1/);
  });

  it("without enableDebuggingHandlers, what needs them is refused", async () => {
    const shut = await openNodeHouse({ debugging: false });
    try {
      shut.admit();
      for (const path of [
        "/containerLogs/a/b/c",
        "/exec/a/b/c",
        "/runningpods/",
        "/logs/",
        "/debug/pprof/",
        "/configz",
      ])
        expect(await shut.ask(path, { token: "good" })).toMatchObject({
          status: 405,
          text: "Debug endpoints are disabled.\n",
        });
      expect((await shut.ask("/pods", { token: "good" })).status).toBe(200);
    } finally {
      await shut.close();
    }
  });
});

describe("the port that is open to readers", () => {
  it("tells health, pods and numbers, and refuses all else", async () => {
    for (const path of ["/healthz", "/pods", "/stats/summary", "/metrics", "/metrics/resource", "/metrics/cadvisor"])
      expect((await house.askReadOnly(path)).status).toBe(200);
    for (const path of ["/exec/a/b/c", "/attach/a/b/c", "/portForward/a/b", "/containerLogs/a/b/c", "/configz"])
      expect((await house.askReadOnly(path)).status).toBe(405);
    expect((await house.askReadOnly("/run/a/b/c", "POST")).status).toBe(405);
    expect((await house.askReadOnly("/pods", "DELETE")).status).toBe(405);
  });
});

describe("clients that mean no good", () => {
  /** Speaks to the port behind TLS as written, and gives what came until the connection was closed. */
  const speak = async (...words: (string | Buffer)[]): Promise<string> => {
    const socket = connectTls({ host: "127.0.0.1", port: house.api.ports.secure, rejectUnauthorized: false });
    const over = closed(socket);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    for (const each of words) socket.write(each);
    await over;
    return Buffer.concat(chunks).toString();
  };

  it("a head that is too long ends the connection", async () => {
    expect(await speak(`GET /pods HTTP/1.1\r\nHost: n\r\nX: ${"x".repeat(70_000)}\r\n\r\n`)).not.toContain("200");
  });

  it("a body that is too long ends the connection", async () => {
    const head =
      "POST /stats/summary HTTP/1.1\r\nHost: n\r\nAuthorization: Bearer good\r\nContent-Length: 999999\r\n\r\n";
    await speak(head, Buffer.alloc(200_000));
  });

  it("what is no HTTP ends the connection, and so does what is no TLS", async () => {
    await speak("\0\0\0\0\0\0\0\0\r\n\r\n");
    const plain = connect({ host: "127.0.0.1", port: house.api.ports.secure ?? 0 });
    plain.end("GET /pods HTTP/1.1\r\n\r\n");
    await closed(plain);
  });

  it("who is not let in keeps no connection", async () => {
    expect(await speak("GET /pods HTTP/1.1\r\nHost: n\r\n\r\n")).toContain("401 Unauthorized");
  });
});
