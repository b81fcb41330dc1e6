import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { Rpc } from "../../src/cri/calls.ts";
import { type Connection, type CriClient, makeCriClient } from "../../src/cri/client.ts";
import { CriError } from "../../src/cri/failure.ts";
import { CriFault, type CriHandlers, serveCri } from "../kit/cri-server.ts";

const LIVE = new AbortController().signal;
type Seen = { rpc: Rpc; durationMs: number; failure: ErrorCode | undefined };

/** A runtime with these handlers, and a client of it that is connected. */
async function connect(handlers: CriHandlers, requestTimeoutMs = 5_000) {
  const server = await serveCri(handlers);
  const seen: Seen[] = [];
  const failed = Promise.withResolvers<ErrorCode>();
  const client = makeCriClient({
    endpoint: server.endpoint,
    requestTimeoutMs,
    observe(rpc, durationMs, failure) {
      seen.push({ rpc, durationMs, failure });
      if (failure !== undefined) failed.resolve(failure);
    },
  });
  onTestFinished(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });
  await until(client, "ready");
  return { server, client, seen, failed: failed.promise };
}

function until(client: CriClient, wanted: Connection): Promise<void> {
  return new Promise((resolve) => {
    let stop = (): void => {};
    stop = client.onConnection((connection) => {
      if (connection !== wanted) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

async function failureOf(call: Promise<unknown>): Promise<CriError> {
  const error = await call.then(
    () => new Error("the call did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CriError);
  return error as CriError;
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

/** Accepts connections and never answers. */
async function serveMute() {
  const directory = mkdtempSync(join(tmpdir(), "mute-"));
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  const path = `${directory}/mute.sock`;
  await once(listener.listen(path), "listening");
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await once(listener.close(), "close");
      rmSync(directory, { recursive: true });
    },
  };
}

const never = (): Promise<never> => new Promise(() => {});

describe("a call", () => {
  it("carries request and answer, and 64-bit numbers exactly", async () => {
    const created = 1_790_000_000_123_456_789n;
    const { client, seen } = await connect({
      ListContainers: (request) => ({
        containers: [{ id: request.filter?.id ?? "", created_at: created, labels: { a: "b" }, state: 77 }],
      }),
    });
    const answer = await client.call("ListContainers", { filter: { id: "c1" } }, LIVE);
    expect(answer.containers[0]).toMatchObject({ id: "c1", created_at: created, labels: { a: "b" }, state: 77 });
    expect(answer.containers[0]?.metadata).toBeUndefined();
    expect(seen).toEqual([{ rpc: "ListContainers", durationMs: expect.any(Number), failure: undefined }]);
  });

  it("calls the runtime localhost and tells it the deadline", async () => {
    let told = { authority: "", deadlineWallMs: 0 };
    const { client } = await connect({
      StopContainer: (_, call) => {
        told = call;
        return {};
      },
    });
    const before = Date.now();
    await client.call("StopContainer", { container_id: "c1", timeout: 30n }, LIVE);
    expect(told.authority).toBe("localhost");
    expect(told.deadlineWallMs - before).toBeGreaterThan(34_000);
    expect(told.deadlineWallMs - before).toBeLessThan(37_000);
  });

  it("has no deadline while it pulls", async () => {
    let deadlineWallMs = 0;
    const { client } = await connect({
      PullImage: (_, call) => {
        deadlineWallMs = call.deadlineWallMs;
        return { image_ref: "sha256:1" };
      },
    });
    await client.call("PullImage", { image: { image: "busybox" } }, LIVE);
    expect(deadlineWallMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("ends at its deadline with unknown effect", async () => {
    const { client, seen } = await connect({ CreateContainer: never }, 60);
    const failure = await failureOf(client.call("CreateContainer", { pod_sandbox_id: "s1" }, LIVE));
    expect(failure).toMatchObject({ code: "RuntimeTimeout", effect: "unknown", rpc: "CreateContainer" });
    expect(seen[0]?.failure).toBe("RuntimeTimeout");
  });

  it("is taken back from the runtime when its signal aborts", async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { client } = await connect({
      PullImage: (_, call) => {
        call.signal.addEventListener("abort", () => gone.resolve());
        begun.resolve();
        return never();
      },
    });
    const leaving = new AbortController();
    const call = client.call("PullImage", { image: { image: "busybox" } }, leaving.signal);
    await begun.promise;
    leaving.abort();
    expect(await failureOf(call)).toMatchObject({ code: "RuntimeCancelled", effect: "unknown" });
    await gone.promise;
  });

  it("is not sent when its signal has aborted before", async () => {
    let calls = 0;
    const { client } = await connect({
      StartContainer: () => {
        calls += 1;
        return {};
      },
      Version: () => ({ version: "0.1.0" }),
    });
    const failure = await failureOf(client.call("StartContainer", { container_id: "c1" }, AbortSignal.abort()));
    expect(failure).toMatchObject({ code: "RuntimeCancelled", effect: "none" });
    await client.call("Version", {}, LIVE);
    expect(calls).toBe(0);
  });

  it("that the runtime refuses keeps its words", async () => {
    const { client } = await connect({
      RemoveContainer: () => {
        throw new CriFault(9, "container is running");
      },
    });
    const failure = await failureOf(client.call("RemoveContainer", { container_id: "c1" }, LIVE));
    expect(failure.message).toBe("RemoveContainer of container c1: container is running");
    expect(failure).toMatchObject({ code: "RuntimeRefused", effect: "none", details: "container is running" });
  });

  it("that the runtime lacks is remembered until the next connection", async () => {
    const { client, server } = await connect({});
    expect(client.lacks("RuntimeConfig")).toBe(false);
    expect(await failureOf(client.call("RuntimeConfig", {}, LIVE))).toMatchObject({ code: "RuntimeUnsupported" });
    expect(client.lacks("RuntimeConfig")).toBe(true);
    const down = until(client, "down");
    await server.stop();
    await down;
    await server.start({ RuntimeConfig: () => ({ linux: { cgroup_driver: 1 } }) });
    await until(client, "ready");
    expect(client.lacks("RuntimeConfig")).toBe(false);
    expect((await client.call("RuntimeConfig", {}, LIVE)).linux?.cgroup_driver).toBe(1);
  });

  it("takes an answer of nearly 16 MiB and refuses a larger one", async () => {
    const { client } = await connect({
      ExecSync: (request) => ({ stdout: Buffer.alloc(Number(request.cmd[0]), 120), exit_code: 3 }),
    });
    const exec = (bytes: number) => client.call("ExecSync", { container_id: "c1", cmd: [String(bytes)] }, LIVE);
    const fits = await exec(16 * 2 ** 20 - 100);
    expect([fits.stdout.length, fits.exit_code]).toEqual([16 * 2 ** 20 - 100, 3]);
    expect(await failureOf(exec(16 * 2 ** 20 + 100))).toMatchObject({ code: "RuntimeExhausted", effect: "unknown" });
  });

  it("sends a request of several MiB", async () => {
    const { client } = await connect({
      CreateContainer: (request) => ({ container_id: String(request.config?.envs[0]?.value.length) }),
    });
    const envs = [{ key: "BIG", value: Buffer.alloc(6 * 2 ** 20) }];
    expect(await client.call("CreateContainer", { config: { envs } }, LIVE)).toEqual({ container_id: "6291456" });
  });
});

describe("without a runtime", () => {
  it("a call fails at once, with no effect", async () => {
    const { client, server } = await connect({});
    const down = until(client, "down");
    await server.stop();
    await down;
    const failure = await failureOf(client.call("RunPodSandbox", {}, LIVE));
    expect(failure).toMatchObject({ code: "RuntimeUnavailable", effect: "none" });
  });

  it("a call whose answer is lost has an unknown effect", async () => {
    const begun = Promise.withResolvers<void>();
    const { client, server } = await connect({
      RunPodSandbox: () => {
        begun.resolve();
        return never();
      },
    });
    const call = client.call("RunPodSandbox", {}, LIVE);
    await begun.promise;
    await server.stop();
    expect(await failureOf(call)).toMatchObject({ code: "RuntimeUnavailable", effect: "unknown" });
  });

  it("the client connects again by itself, soon, and tells so", async () => {
    const { client, server } = await connect({ Version: () => ({ version: "0.1.0" }) });
    const heard: Connection[] = [];
    client.onConnection((connection) => heard.push(connection));
    const down = until(client, "down");
    await server.stop();
    await down;
    await server.start();
    const beganMs = performance.now();
    await until(client, "ready");
    expect(performance.now() - beganMs).toBeLessThan(3_500);
    expect(heard.at(0)).toBe("ready");
    expect(heard).toContain("down");
    expect(heard.at(-1)).toBe("ready");
    await client.call("Version", {}, LIVE);
  });

  it("a call waits no longer for a runtime that accepts and says nothing", async () => {
    await using mute = await serveMute();
    const client = makeCriClient({ endpoint: mute.path, requestTimeoutMs: 100 });
    expect((await failureOf(client.call("StartContainer", {}, LIVE))).code).toBe("RuntimeTimeout");
    client.close();
  });

  it.each(["tcp://127.0.0.1:1", "http://x", "relative.sock", `unix:///${"x".repeat(107)}`])(
    "%s is no endpoint",
    (endpoint) => {
      expect(() => makeCriClient({ endpoint, requestTimeoutMs: 1 })).toThrow(/runtime endpoint/);
    },
  );
});

describe("a stream", () => {
  it("hands over what comes, in order, and ends without error when its signal aborts", async () => {
    const left = Promise.withResolvers<void>();
    const { client, seen } = await connect({
      GetContainerEvents: (_, stream) => {
        stream.signal.addEventListener("abort", () => left.resolve());
        for (const id of ["a", "b", "c"]) stream.send({ container_id: id, created_at: 2n ** 62n });
      },
    });
    const leaving = new AbortController();
    const ids: string[] = [];
    for await (const event of client.stream("GetContainerEvents", {}, leaving.signal)) {
      expect(event.created_at).toBe(2n ** 62n);
      ids.push(event.container_id);
      if (ids.length === 3) leaving.abort();
    }
    expect(ids).toEqual(["a", "b", "c"]);
    await left.promise;
    expect(seen).toMatchObject([{ rpc: "GetContainerEvents", failure: undefined }]);
  });

  it("is closed towards the runtime when its reader leaves", async () => {
    const left = Promise.withResolvers<void>();
    const { client } = await connect({
      GetContainerEvents: (_, stream) => {
        stream.signal.addEventListener("abort", () => left.resolve());
        stream.send({ container_id: "a" });
      },
    });
    for await (const event of client.stream("GetContainerEvents", {}, LIVE)) {
      expect(event.container_id).toBe("a");
      break;
    }
    await left.promise;
  });

  it("breaks with the connection, after what was received", async () => {
    const { client, server } = await connect({ GetContainerEvents: (_, stream) => stream.send({ container_id: "a" }) });
    const ids: string[] = [];
    const read = async (): Promise<void> => {
      for await (const event of client.stream("GetContainerEvents", {}, LIVE)) {
        ids.push(event.container_id);
        await server.stop();
      }
    };
    expect(await failureOf(read())).toMatchObject({ code: "RuntimeUnavailable", rpc: "GetContainerEvents" });
    expect(ids).toEqual(["a"]);
  });

  it("that the runtime ends, ends", async () => {
    const { client } = await connect({
      StreamContainers: (_, stream) => {
        stream.send({ containers: [{ id: "a" }] });
        stream.end();
      },
    });
    const parts = await collect(client.stream("StreamContainers", {}, LIVE));
    expect(parts.map((part) => part.containers[0]?.id)).toEqual(["a"]);
  });

  it("that the runtime lacks fails and is remembered", async () => {
    const { client } = await connect({});
    const failure = await failureOf(collect(client.stream("GetContainerEvents", {}, LIVE)));
    expect(failure.code).toBe("RuntimeUnsupported");
    expect(client.lacks("GetContainerEvents")).toBe(true);
  });

  it("never holds the runtime up: a reader that sleeps loses it", async () => {
    const { client, failed } = await connect({
      GetContainerEvents: (_, stream) => {
        for (let number = 0; number < 6000; number++) stream.send({ container_id: String(number) });
      },
    });
    const events = client.stream("GetContainerEvents", {}, LIVE);
    const iterator = events[Symbol.asyncIterator]();
    await iterator.next();
    expect(await failed).toBe("RuntimeExhausted");
    const failure = await failureOf(collect({ [Symbol.asyncIterator]: () => iterator }));
    expect(failure.code).toBe("RuntimeExhausted");
  });

  it("and a call that go on end when the client closes", async () => {
    const begun = Promise.withResolvers<void>();
    const { client } = await connect({
      PullImage: () => {
        begun.resolve();
        return never();
      },
      GetContainerEvents: () => {},
    });
    const events = collect(client.stream("GetContainerEvents", {}, LIVE));
    const call = client.call("PullImage", {}, LIVE);
    await begun.promise;
    client.close();
    expect(await failureOf(call)).toMatchObject({ code: "RuntimeCancelled" });
    expect(await events).toEqual([]);
    expect(client.connection()).toBe("closed");
  });
});
