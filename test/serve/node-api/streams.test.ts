import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { makePod } from "../house.ts";
import { closed, type NodeHouse, openNodeHouse } from "./node-house.ts";

let house: NodeHouse;
let runtime: Runtime;
beforeEach(async () => {
  house = await openNodeHouse();
  house.admit();
  house.house.put(makePod("web"));
  runtime = await startRuntime();
  house.house.state.execUrl = runtime.url;
});
afterEach(async () => {
  await house.close();
  await runtime.close();
});

type Runtime = Awaited<ReturnType<typeof startRuntime>>;

/** A streaming server that echoes in capitals after its upgrade, and closes after the word `bye`. */
async function startRuntime() {
  const seen: Record<string, string>[] = [];
  const sockets = new Set<Socket>();
  const state = { status: 101 };
  const server: Server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket: Socket) => {
    const { "x-stream-protocol-version": version, "sec-websocket-protocol": protocol, authorization } = request.headers;
    seen.push(
      Object.fromEntries(
        Object.entries({ method: request.method, upgrade: request.headers.upgrade, version, protocol, authorization })
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, String(value)]),
      ),
    );
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    if (state.status !== 101) {
      socket.end(`HTTP/1.1 ${state.status} No\r\nContent-Length: 6\r\nConnection: close\r\n\r\nno way`);
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Own: 1\r\n\r\nhello ",
    );
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      socket.write(text.toUpperCase());
      if (text.endsWith("bye")) socket.end("!");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/exec/token`,
    seen,
    sockets,
    state,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const SPDY = ["Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v4.channel.k8s.io", "X-Stream-Protocol-Version: v3.x"];
const WEB_SOCKET = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="];

/** Asks for an upgrade as written. */
function ask(path: string, headers: readonly string[] = SPDY, method = "POST", token = "Authorization: Bearer good") {
  const socket: TLSSocket = connect({ host: "127.0.0.1", port: house.api.ports.secure, rejectUnauthorized: false });
  const over = closed(socket);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: n", "Connection: Upgrade", token, ...headers].filter(Boolean);
  let text = "";
  const heard = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    text += chunk;
    for (const listener of heard) listener();
  });
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return {
    socket,
    /** All that came, once the connection is closed. */
    whole: async () => {
      await over;
      return text;
    },
    until: (words: string) =>
      new Promise<void>((resolve) => {
        const listener = (): void => {
          if (text.includes(words)) resolve();
        };
        heard.add(listener);
        listener();
      }),
  };
}

const EXEC = "/exec/default/web-node1/main?command=sh&command=-c&command=true&input=1&output=1&error=1";

describe("exec, attach and port-forward", () => {
  it("carry bytes both ways until the runtime closes, with its last words", async () => {
    const session = ask(EXEC);
    await session.until("hello ");
    session.socket.write("one ");
    await session.until("ONE ");
    session.socket.write("bye");
    const text = await session.whole();
    expect(text).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
    expect(text).toContain("X-Own: 1\r\n\r\nhello ONE BYE!");
    expect(runtime.seen).toEqual([{ method: "POST", upgrade: "SPDY/3.1", version: "v4.channel.k8s.io, v3.x" }]);
    const streams = { stdin: true, stdout: true, stderr: true, tty: false };
    expect(house.house.state.execs).toEqual([["id-main", ["sh", "-c", "true"], streams]]);
  });

  it("what the client sent along with its request arrives", async () => {
    const session = ask(EXEC);
    session.socket.write("early bye");
    expect(await session.whole()).toContain("EARLY BYE!");
  });

  it("a client that leaves takes its session with it", async () => {
    const session = ask(EXEC);
    await session.until("hello ");
    const [other] = runtime.sockets;
    const over = other === undefined ? undefined : closed(other);
    session.socket.destroy();
    await over;
    expect(over).toBeDefined();
  });

  it("WebSockets are passed on as GET, without the token that they carry", async () => {
    const token = `base64url.bearer.authorization.k8s.io.${Buffer.from("good").toString("base64url")}`;
    const session = ask(EXEC, [...WEB_SOCKET, `Sec-WebSocket-Protocol: ${token}, v4.channel.k8s.io`], "GET", "");
    await session.until("hello ");
    session.socket.destroy();
    expect(runtime.seen).toEqual([{ method: "GET", upgrade: "websocket", protocol: "v4.channel.k8s.io" }]);
  });

  it("a terminal has one output; attach takes it from the container", async () => {
    const exec = ask(`${EXEC}&tty=1`);
    await exec.until("hello ");
    exec.socket.destroy();
    const attach = ask("/attach/default/web-node1/uid-web/main?output=1&error=1&tty=1");
    await attach.until("hello ");
    attach.socket.destroy();
    expect(house.house.state.execs).toMatchObject([
      ["id-main", expect.anything(), { stderr: false, tty: true }],
      ["id-main", { stdin: false, stdout: true, stderr: true, tty: false }],
    ]);
  });

  it("port-forward names its ports over a WebSocket, and later over SPDY", async () => {
    const spdy = ask("/portForward/default/web-node1");
    await spdy.until("hello ");
    spdy.socket.destroy();
    const web = ask("/portForward/default/web-node1?port=80,81&port=82", WEB_SOCKET, "GET");
    await web.until("hello ");
    web.socket.destroy();
    expect(house.house.state.execs).toEqual([
      ["default/web-node1", []],
      ["default/web-node1", [80, 81, 82]],
    ]);
  });

  it.each([
    ["/exec/default/web-node1/main?command=x", 400, "you must specify at least 1 of stdin, stdout, stderr"],
    ["/exec/default/web-node1/main?output=1", 400, "you must specify a command"],
    ["/exec/default/none/main?command=x&output=1", 404, "pod does not exist"],
    ["/exec/default/web-node1/other-uid/main?command=x&output=1", 404, "pod does not exist"],
    ["/exec/default/web-node1/side?command=x&output=1", 500, 'container not found ("side")'],
    ["/attach/default/web-node1/side?output=1", 500, 'container not found ("side")'],
    ["/portForward/default/none", 404, "pod does not exist"],
    ["/pods", 400, "there is nothing to upgrade to here"],
  ])("%s is refused with %i", async (path, status, words) => {
    const text = await ask(path).whole();
    expect(text).toContain(`HTTP/1.1 ${status} `);
    expect(text).toContain(words);
    expect(runtime.sockets.size).toBe(0);
  });

  it.each(["", "port=0", "port=65536", "port=x", "port=1,", `port=${"1,".repeat(64)}1`])(
    "a WebSocket for ports with ?%s is refused",
    async (query) => {
      const text = await ask(`/portForward/default/web-node1?${query}`, WEB_SOCKET, "GET").whole();
      expect(text).toContain("HTTP/1.1 400 ");
    },
  );

  it("who may not, gets no session", async () => {
    expect(await ask(EXEC, SPDY, "POST", "").whole()).toContain("HTTP/1.1 401 ");
    expect(await ask(EXEC, SPDY, "POST", "Authorization: Bearer bad").whole()).toContain("HTTP/1.1 401 ");
    expect(await ask(EXEC, SPDY, "POST", "Authorization: Bearer weak").whole()).toContain("HTTP/1.1 403 ");
    expect(await ask(EXEC, SPDY, "PUT").whole()).toContain("HTTP/1.1 405 ");
    expect(house.house.state.execs).toEqual([]);
  });

  it("what the runtime refuses is passed on; what makes no sense is a failure", async () => {
    runtime.state.status = 403;
    expect(await ask(EXEC).whole()).toMatch(/HTTP\/1.1 403 [\s\S]*no way/);
    runtime.state.status = 302;
    expect(await ask(EXEC).whole()).toContain("HTTP/1.1 500 ");
    house.house.sources.view.exec = async () => {
      throw new BerthError("RuntimeExhausted", "too many");
    };
    expect(await ask(EXEC).whole()).toMatch(/HTTP\/1.1 429 [\s\S]*Retry-After: 60/);
  });

  it("more sessions than there may be are turned away, and make room when they end", async () => {
    const sessions = Array.from({ length: 128 }, () => ask(EXEC));
    await Promise.all(sessions.map((session) => session.until("hello ")));
    expect(await ask(EXEC).whole()).toContain("HTTP/1.1 429 ");
    for (const { socket } of sessions) socket.destroy();
    await Promise.all([...runtime.sockets].map((socket) => closed(socket)));
    const again = ask(EXEC);
    await again.until("hello ");
    again.socket.destroy();
  });
});
