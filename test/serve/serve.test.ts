import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { startServing } from "../../src/serve/server.ts";
import { type House, makePod, openHouse } from "./house.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

type Answer = { status: number; text: string };

function ask(socketPath: string, path: string, method = "GET"): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ socketPath, path, method }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}

describe("requests that make no sense", () => {
  it.each(["//", "http://["])("%s is not a path", async (path) => {
    expect((await ask(house.socket, path)).status).toBe(400);
  });

  it("a refused upgrade leaves no half of a connection open", async () => {
    const client = connect({ path: house.socket, allowHalfOpen: true });
    client.write("POST /v1/pods HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: no\r\n\r\n");
    await once(client.resume(), "end");
    // Only now is it certain that the other side takes nothing more.
    const failed = once(client, "error");
    client.write("more");
    expect(await failed).toMatchObject([{ code: "EPIPE" }]);
  });
});

describe("the sockets", () => {
  it("are open to nobody but their owner where there is no group", () => {
    expect(statSync(house.socket).mode & 0o777).toBe(0o600);
  });

  const bare = (path: string) =>
    startServing({
      ...({} as Parameters<typeof startServing>[0]),
      doors: [{ door: { kind: "socket", path, group: "" }, serves: "operator" }],
      log: silentLog,
    });

  it("replace a socket file that nobody answers at", async () => {
    const path = join(house.dir, "stale.sock");
    const left = createServer().listen(path);
    await new Promise((resolve) => left.once("listening", resolve));
    // an agent that is killed leaves its file: closing by the handle alone does the same
    const { _handle: handle } = left as unknown as { _handle: { close(): void } };
    handle.close();
    writeFileSync(join(house.dir, "note"), "");
    const serving = await bare(path);
    expect(existsSync(path)).toBe(true);
    await serving.close();
    expect(existsSync(path)).toBe(false);
  });

  it("leave a socket alone at which somebody answers, and a file that is none", async () => {
    await expect(bare(house.socket)).rejects.toMatchObject({ code: "SocketTaken" });
    writeFileSync(join(house.dir, "file"), "mine");
    await expect(bare(join(house.dir, "file"))).rejects.toMatchObject({ code: "SocketTaken" });
    expect((await ask(house.socket, "/v1/version")).status).toBe(200);
  });
});

describe("roles", () => {
  it("readers get pods without values of variables, operators with them", async () => {
    house.put(makePod("web"));
    expect((await ask(house.socket, "/v1/pods")).text).toContain("hunter2");
    const seen = await ask(house.viewSocket, "/v1/pods");
    expect(seen.text).toContain("PASSWORD");
    expect(seen.text).not.toContain("hunter2");
    expect((await ask(house.viewSocket, "/v1/pods/default/web")).text).not.toContain("hunter2");
  });

  it("readers see as little of ephemeral containers", async () => {
    const web = makePod("web");
    const debug: v1.EphemeralContainer = {
      ...{ name: "debug", image: "tools", terminationMessagePolicy: "FallbackToLogsOnError" },
      env: [{ name: "WORD", value: "swordfish" }],
    };
    const terminated = { exitCode: 1, message: "the last line of its log" };
    const ended = { name: "debug", ready: false, restartCount: 0, image: "tools", imageID: "", state: { terminated } };
    const { spec = { containers: [] }, status } = web;
    house.put({
      ...web,
      spec: { ...spec, ephemeralContainers: [debug] },
      status: { ...status, ephemeralContainerStatuses: [ended] },
    });
    expect((await ask(house.socket, "/v1/pods")).text).toMatch(/swordfish.*the last line/);
    const seen = await ask(house.viewSocket, "/v1/pods");
    expect(seen.text).toContain("WORD");
    expect(seen.text).not.toMatch(/swordfish|the last line/);
  });

  it.each([
    ["GET", "/v1/pods/default/web/log"],
    ["POST", "/v1/pods/default/web/restart"],
    ["POST", "/v1/pods/default/web/exec?command=ls"],
  ])("readers may not %s %s", async (method, path) => {
    house.put(makePod("web"));
    expect(await ask(house.viewSocket, path, method)).toMatchObject({
      status: 400,
      text: expect.stringContaining("operators"),
    });
    expect(house.state.restarts).toEqual([]);
    expect(house.state.logReads).toEqual([]);
  });

  it("readers do not see the end of a log in a termination message", async () => {
    const pod = makePod("web");
    const [container] = pod.spec?.containers ?? [];
    const [status] = pod.status?.containerStatuses ?? [];
    if (container === undefined || status === undefined) throw new Error("no container");
    container.terminationMessagePolicy = "FallbackToLogsOnError";
    status.lastState = { terminated: { exitCode: 1, message: "token=abc" } };
    house.put(pod);
    expect((await ask(house.viewSocket, "/v1/pods")).text).not.toContain("token=abc");
    expect((await ask(house.socket, "/v1/pods")).text).toContain("token=abc");
  });
});

describe("answers", () => {
  it("say what is not there and what makes no sense", async () => {
    expect((await ask(house.socket, "/v1/nothing")).status).toBe(404);
    expect((await ask(house.socket, "/v1/pods", "POST")).status).toBe(404);
    expect((await ask(house.socket, "/v1/pods/default/web")).status).toBe(404);
    expect((await ask(house.socket, "/v1/pods?nonsense=1")).status).toBe(400);
    expect((await ask(house.socket, "/v1/pods/default/%zz")).status).toBe(400);
    house.put(makePod("web"));
    expect((await ask(house.socket, "/v1/pods/default/web/log?tailLines=x")).status).toBe(400);
  });

  it("a name that fits two pods is ambiguous", async () => {
    house.put(makePod("a"));
    house.put(makePod("a-node1"));
    const answer = await ask(house.socket, "/v1/pods/default/a-node1");
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("a-node1, a-node1-node1");
  });

  it("a list of a thousand pods arrives whole", async () => {
    for (let index = 0; index < 1000; index += 1) house.put(makePod(`p${index}`));
    const { items } = JSON.parse((await ask(house.socket, "/v1/pods")).text);
    expect(items).toHaveLength(1000);
  });

  it("health and readiness follow the agent, with reasons", async () => {
    expect(await ask(house.healthSocket, "/healthz")).toEqual({ status: 200, text: "ok" });
    house.state.health = { live: true, ready: false, reasons: ["the runtime does not answer"] };
    expect((await ask(house.healthSocket, "/livez")).status).toBe(200);
    expect(await ask(house.healthSocket, "/readyz")).toEqual({
      status: 503,
      text: "not ok\n- the runtime does not answer\n",
    });
    expect((await ask(house.healthSocket, "/v1/pods")).status).toBe(404);
  });

  it("metrics hold what was reported and the numbers of the process", async () => {
    house.metrics.meter.add("kubelet_started_pods_total", {}, 2);
    house.metrics.meter.observe("kubelet_runtime_operations_duration_seconds", { operation_type: "version" }, 0.02);
    const { text } = await ask(house.healthSocket, "/metrics");
    expect(text).toContain("kubelet_started_pods_total 2\n");
    expect(text).toContain(
      'kubelet_runtime_operations_duration_seconds_bucket{le="0.03125",operation_type="version"} 1\n',
    );
    expect(text).toContain(`berth_build_info{version="1.2.3",node_version="${process.version}"} 1\n`);
    for (const name of [
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "process_open_fds",
      "process_start_time_seconds",
      "berth_event_loop_delay_seconds",
    ]) {
      expect(text).toMatch(new RegExp(`^${name} [0-9.e+-]+$`, "m"));
    }
  });
});

describe("watching", () => {
  it("tells the full list first, then only what changed, and ends with its reader", async () => {
    const [one, two] = [makePod("one"), makePod("two")];
    house.put(one);
    const lines: string[] = [];
    const { promise: leave, resolve: left } = Promise.withResolvers<void>();
    const asked = request({ socketPath: house.socket, path: "/v1/pods?watch=true&namespace=default" }, (answer) => {
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        for (const line of chunk.trim().split("\n")) {
          const change = JSON.parse(line) as { kind: string; pod?: { metadata: { name: string } }; key?: string };
          lines.push(`${change.kind} ${change.pod?.metadata.name ?? change.key ?? ""}`.trim());
        }
        if (lines.length === 2) {
          house.put(makePod("elsewhere", { namespace: "other" }));
          house.put(two);
        }
        if (lines.length === 3) house.remove(one);
        if (lines.length === 4) {
          asked.destroy();
          left();
        }
      });
      answer.on("error", () => {});
    });
    asked.end();
    await leave;
    expect(lines).toEqual(["put one-node1", "synced", "put two-node1", "gone default/one-node1"]);
    await expect.poll(() => house.state.watchers).toBe(0);
  });
});
