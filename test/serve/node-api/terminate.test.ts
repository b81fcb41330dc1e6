import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startStreaming } from "../fake-streaming.ts";
import { makePod } from "../house.ts";
import { closed, type NodeHouse, openNodeHouse } from "./node-house.ts";
import { ACCEPTED, clientFrame, serverFrames, WEB_SOCKET_HEADERS } from "./web-socket-client.ts";

let house: NodeHouse;
beforeEach(async () => {
  house = await openNodeHouse();
  house.admit();
  house.house.put(makePod("web"));
});
afterEach(() => house.close());

const EXEC = "/exec/default/web-node1/main?command=sh&input=1&output=1&error=1";
const PORTS = "/portForward/default/web-node1";
const TUNNEL = "SPDY/3.1+portforward.k8s.io";

/** A WebSocket as it is asked for; `more` is sent along with the request. */
function open(path: string, protocols: string, more: Uint8Array = Buffer.alloc(0)) {
  const socket: TLSSocket = connect({ host: "127.0.0.1", port: house.api.ports.secure, rejectUnauthorized: false });
  const over = closed(socket);
  const seen = serverFrames(socket);
  const lines = [`GET ${path} HTTP/1.1`, "Host: n", "Connection: Upgrade", "Authorization: Bearer good"];
  const head = [...lines, ...WEB_SOCKET_HEADERS, `Sec-WebSocket-Protocol: ${protocols}`].join("\r\n");
  socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), more]));
  return {
    socket,
    over,
    ...seen,
    send: (...bytes: (number | string)[]) =>
      socket.write(
        clientFrame(
          2,
          Buffer.concat(bytes.map((each) => (typeof each === "number" ? Buffer.of(each) : Buffer.from(each)))),
        ),
      ),
  };
}

const isClosed =
  ({ frames }: ReturnType<typeof open>) =>
  (): boolean =>
    frames.at(-1)?.opcode === 8;

describe("v5.channel.k8s.io ends at the node", () => {
  it.each([
    [0, { status: "Success" }],
    [3, { status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: "3" }] } }],
  ])("stdin to its end, both outputs, the exit code %i, a normal close", async (code, status) => {
    const runtime = await startStreaming(code);
    house.house.state.execUrl = runtime.url;
    const session = open(EXEC, "v5.channel.k8s.io, v4.channel.k8s.io");
    await session.until(() => session.frames.length > 0);
    expect(session.head()).toContain("HTTP/1.1 101 ");
    expect(session.head()).toContain(`Sec-WebSocket-Accept: ${ACCEPTED}`);
    expect(session.head()).toContain("Sec-WebSocket-Protocol: v5.channel.k8s.io");
    expect(session.frames).toEqual([{ opcode: 2, payload: Buffer.of(1) }]);
    session.send(0, "hello ");
    session.send(0, "there");
    await session.until(() => session.channel(1) === "hello there");
    session.send(255, 0);
    await session.until(isClosed(session));
    expect(session.channel(2)).toBe("bye\n");
    expect(JSON.parse(session.channel(3))).toMatchObject(status);
    expect(session.frames.at(-1)?.payload.readUInt16BE()).toBe(1000);
    session.socket.destroy();
    expect(runtime.seen).toEqual([
      "POST SPDY/3.1 v4.channel.k8s.io",
      "open error",
      "open stdin",
      "open stdout",
      "open stderr",
    ]);
    await runtime.close();
  });

  it("what came with the request counts, pings are answered, and a close is returned", async () => {
    const runtime = await startStreaming(0);
    house.house.state.execUrl = runtime.url;
    const session = open(EXEC, "v5.channel.k8s.io", clientFrame(2, Buffer.from("\0early")));
    await session.until(() => session.channel(1) === "early");
    session.socket.write(clientFrame(9, Buffer.from("beat")));
    await session.until(() =>
      session.frames.some(({ opcode, payload }) => opcode === 10 && payload.toString() === "beat"),
    );
    session.socket.write(clientFrame(8, Buffer.of(3, 232)));
    await session.over;
    expect(session.frames.at(-1)?.opcode).toBe(8);
    await runtime.close();
  });

  it("a terminal's size arrives, in fragments as well", async () => {
    const runtime = await startStreaming(0);
    house.house.state.execUrl = runtime.url;
    const session = open(`${EXEC}&tty=1`, "v5.channel.k8s.io");
    await session.until(() => session.frames.length > 0);
    const size = Buffer.from('\u0004{"Width":80,"Height":24}');
    session.socket.write(clientFrame(2, size.subarray(0, 1), { isFinal: false }));
    session.socket.write(clientFrame(0, size.subarray(1, 9), { isFinal: false }));
    session.socket.write(clientFrame(0, size.subarray(9)));
    await expect.poll(() => runtime.seen, { timeout: 20_000 }).toContain("size 80 24");
    session.socket.destroy();
    await runtime.close();
  });

  it.each([
    ["a size that is none", clientFrame(2, Buffer.from("\u0004{}"))],
    ["a word without an end", clientFrame(2, Buffer.alloc(2000, 7))],
    ["no frame", Buffer.from("hello there, this is no frame")],
  ])("%s ends the session, at the runtime too", async (_what, bytes) => {
    const runtime = await startStreaming(0);
    house.house.state.execUrl = runtime.url;
    const session = open(EXEC, "v5.channel.k8s.io");
    await session.until(() => session.frames.length > 0);
    session.socket.write(bytes);
    await session.over;
    await runtime.close(); // resolves once no connection is left
  });

  it("a runtime that breaks is told as a failure", async () => {
    const runtime = await startStreaming(0);
    house.house.state.execUrl = runtime.url;
    const session = open(EXEC, "v5.channel.k8s.io");
    await session.until(() => session.frames.length > 0);
    runtime.cut();
    await session.until(isClosed(session));
    expect(JSON.parse(session.channel(3))).toMatchObject({ status: "Failure", reason: "InternalError", code: 500 });
    session.socket.destroy();
    await runtime.close();
  });

  it("without a streaming server there is no WebSocket", async () => {
    const session = open(EXEC, "v5.channel.k8s.io");
    await session.over;
    expect(session.head()).toContain("HTTP/1.1 500 ");
    const { text } = await house.house.metrics.page("main");
    expect(text).toContain('kubelet_websocket_streaming_requests_total{subresource="exec"} 1');
  });
});

describe("SPDY inside a WebSocket", () => {
  /** A streaming server that takes SPDY for ports, echoes in capitals, and leaves after `bye`. */
  async function startEcho() {
    const seen: string[] = [];
    const server = createServer();
    server.on("upgrade", (request, socket: Socket) => {
      seen.push(`${request.method} ${request.headers.upgrade} ${request.headers["x-stream-protocol-version"]}`);
      socket.on("error", () => {});
      socket.on("end", () => socket.end());
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
      socket.on("data", (chunk: Buffer) => {
        socket.write(chunk.toString().toUpperCase());
        if (chunk.toString().endsWith("bye")) socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    house.house.state.execUrl = `http://127.0.0.1:${port}/portforward/token`;
    return { seen, close: () => new Promise((resolve) => server.close(resolve)) };
  }

  it("is unwrapped toward the runtime and wrapped toward the client", async () => {
    const runtime = await startEcho();
    const session = open(PORTS, TUNNEL);
    const text = (): string =>
      Buffer.concat(session.frames.filter(({ opcode }) => opcode === 2).map(({ payload }) => payload)).toString();
    session.send("one ");
    await session.until(() => text() === "ONE ");
    expect(session.head()).toContain(`Sec-WebSocket-Protocol: ${TUNNEL}`);
    session.send("x".repeat(100_000));
    await session.until(() => text().length === 100_004);
    session.send("bye");
    await session.until(isClosed(session));
    session.socket.destroy();
    expect(text().endsWith("XBYE")).toBe(true);
    expect(runtime.seen).toEqual(["POST SPDY/3.1 portforward.k8s.io"]);
    expect(house.house.state.execs).toEqual([["default/web-node1", []]]);
    await runtime.close();
  });

  it("a client that leaves takes its session with it", async () => {
    const runtime = await startEcho();
    const session = open(PORTS, TUNNEL);
    session.send("one");
    await session.until(() => session.frames.length > 0);
    session.socket.destroy();
    await runtime.close(); // resolves once no connection is left
    expect(runtime.seen.length).toBe(1);
  });
});
