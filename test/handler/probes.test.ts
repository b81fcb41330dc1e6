import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { BerthError } from "../../src/base/errors.ts";
import { runHook } from "../../src/handler/hooks.ts";
import { httpUrl } from "../../src/handler/http.ts";
import { type ProbePorts, runProbe } from "../../src/handler/probes.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { ExecResult } from "../../src/ports.ts";
import { selfSigned } from "../kit/certificates.ts";
import { eventually } from "../kit/eventually.ts";
import { aContainer, aPod } from "../kit/pods.ts";

let port = 0;
let seen: IncomingMessage | undefined;
const server = http.createServer((request: IncomingMessage, response: ServerResponse) => {
  seen = request;
  const url = new URL(request.url ?? "/", "http://x");
  if (url.pathname === "/hang") return;
  if (url.pathname === "/loop") return void response.writeHead(302, { location: "/loop" }).end();
  if (url.pathname === "/away") return void response.writeHead(302, { location: "http://other.invalid/" }).end("bye");
  if (url.pathname === "/home") return void response.writeHead(307, { location: "/status?code=200" }).end();
  if (url.pathname === "/large") return void response.writeHead(200).end("x".repeat(1_000_000));
  response.writeHead(Number(url.searchParams.get("code") ?? 200)).end("body");
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const answer = (exitCode: number, stdout = "", stderr = ""): ExecResult => ({
  exitCode,
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
});

const ports: ProbePorts & { sleep: () => Promise<void> } = {
  execSync: async () => answer(0),
  nodeIp: "127.0.0.1",
  grpcCheck: async () => {},
  sleep: async () => {},
};

const probeWith = (probe: v1.Probe, change: Partial<ProbePorts> = {}, signal = AbortSignal.timeout(5_000)) => {
  const container = aContainer({
    spec: { livenessProbe: probe, ports: [{ name: "web", containerPort: port, protocol: "TCP" }] },
  });
  const request = { pod: aPod(), container, probe: "liveness", containerId: "c1", podIp: "127.0.0.1" } as const;
  return runProbe({ ...ports, ...change }, request, signal);
};
const get = (path: string, more: Partial<v1.HTTPGetAction> = {}) => probeWith({ httpGet: { path, port, ...more } });

describe("connections of probes", () => {
  const open = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

  it.each([
    ["a short answer", { httpGet: { path: "/status?code=200", port: "web" } }],
    ["a long answer", { httpGet: { path: "/large", port: "web" } }],
    ["an accepted connection", { tcpSocket: { port: "web" } }],
  ])("%s leaves none behind, at either end", async (_, probe) => {
    const before = open();
    for (let attempt = 0; attempt < 5; attempt += 1) expect((await probeWith(probe)).kind).toBe("success");
    await eventually("all are closed", () => expect(open()).toBeLessThanOrEqual(before));
  });
});

describe("probes over HTTPS", () => {
  const { key, certificate } = selfSigned({ commonName: "somebody else", notAfterMs: Date.now() - 1000 });
  const secure = https.createServer({ key, cert: certificate }, (request, response) => {
    if (request.url !== "/hang") response.end(request.url === "/large" ? "x".repeat(1_000_000) : "sealed");
  });
  const at = { scheme: "HTTPS", port: 0 };
  beforeAll(async () => {
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    at.port = (secure.address() as AddressInfo).port;
  });
  afterAll(() => {
    secure.closeAllConnections();
    secure.close();
  });

  it("take any certificate (R15)", async () => {
    expect(await get("/", at)).toEqual({ kind: "success", output: "sealed" });
    expect(await get("/", { ...at, host: "localhost" })).toEqual({ kind: "success", output: "sealed" });
    expect((await get("/large", at)).output).toHaveLength(10 * 1024);
  });

  it("leave no connection behind, at either end", async () => {
    const count = (): Promise<number> =>
      new Promise((resolve, reject) => {
        secure.getConnections((error, number) => (error === null ? resolve(number) : reject(error)));
      });
    for (const path of ["/", "/large", "/"]) expect((await get(path, at)).kind).toBe("success");
    const hanging = probeWith({ httpGet: { path: "/hang", ...at } }, {}, AbortSignal.timeout(100));
    expect(await hanging).toMatchObject({ kind: "failure", output: expect.stringContaining("time is over") });
    await eventually("all are closed", async () => expect(await count()).toBe(0));
    expect(await waitingSockets(at.port), "in TIME_WAIT").toBe(0);
  });

  it("fail where nobody speaks TLS, and where nobody listens", async () => {
    const plain = await get("/status", { scheme: "HTTPS", port });
    expect(plain).toMatchObject({ kind: "failure", output: expect.stringMatching(/wrong version|SSL/) });
    const silent = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port: silentPort } = silent.address() as AddressInfo;
    const never = probeWith({ httpGet: { scheme: "HTTPS", port: silentPort } }, {}, AbortSignal.timeout(100));
    expect(await never).toMatchObject({ kind: "failure", output: expect.stringContaining("time is over") });
    silent.close();
    await once(silent, "close");
    const refused = await get("/", { scheme: "HTTPS", port: silentPort });
    expect(refused).toMatchObject({ kind: "failure", output: expect.stringContaining("ECONNREFUSED") });
  });
});

/** Sockets of this host that wait for stray packets of connections with that port. */
async function waitingSockets(ofPort: number): Promise<number> {
  const hex = `:${ofPort.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.filter(([, local, remote, state]) => state === "06" && [local, remote].some((end) => end?.endsWith(hex)))
    .length;
}

describe("httpGet probes (6.2)", () => {
  it.each([
    ["/status?code=200", "success", "body"],
    ["/status?code=299", "success", "body"],
    ["/status?code=304", "warning", "Probe terminated redirects, Response body: "],
    ["/status?code=302", "warning", "Probe terminated redirects, Response body: body"],
    ["/status?code=399", "warning", "Probe terminated redirects, Response body: body"],
    ["/status?code=400", "failure", "HTTP probe failed with statuscode: 400"],
    ["/status?code=503", "failure", "HTTP probe failed with statuscode: 503"],
    ["/home", "success", "body"],
    ["/away", "warning", "Probe terminated redirects, Response body: bye"],
  ])("%s is %s (R15, R16)", async (path, kind, output) => {
    expect(await get(path)).toEqual({ kind, output });
  });

  it("keeps a query, and brackets an address of IPv6 (R14)", () => {
    const url = httpUrl({ path: "ready?deep=1", port: 8080 }, { host: "fd00::7", port: 8080 });
    expect(url.href).toBe("http://[fd00::7]:8080/ready?deep=1");
  });

  it("fails after ten redirects (R15)", async () => {
    expect(await get("/loop")).toMatchObject({
      kind: "failure",
      output: expect.stringContaining("stopped after 10 redirects"),
    });
  });

  it("reads 10 KiB of a body (R15)", async () => {
    expect((await get("/large")).output).toHaveLength(10 * 1024);
  });

  it("fails when its time was over before it began", async () => {
    for (const more of [{}, { scheme: "HTTPS" }]) {
      const result = await probeWith({ httpGet: { path: "/", port, ...more } }, {}, AbortSignal.abort());
      expect(result.kind).toBe("failure");
    }
  });

  it("fails when its time is over", async () => {
    const result = await probeWith({ httpGet: { path: "/hang", port } }, {}, AbortSignal.timeout(50));
    expect(result).toMatchObject({ kind: "failure", output: expect.stringContaining("time is over") });
  });

  it("sends the usual headers, and written ones in their place (R14)", async () => {
    await get("/");
    expect(seen?.headers).toMatchObject({ "user-agent": "kube-probe/1.36", accept: "*/*", connection: "close" });
    const written = [
      { name: "Host", value: "site.example" },
      { name: "accept", value: "" },
      { name: "X-Two", value: "1" },
      { name: "X-Two", value: "2" },
    ];
    await get("/", { httpHeaders: written });
    expect(seen?.headers).toMatchObject({ host: "site.example", "x-two": "1, 2" });
    expect(seen?.headers.accept).toBeUndefined();
  });

  it("finds a named port, and discards the attempt when there is none (R4, R18)", async () => {
    expect(await get("/", { port: "web" })).toMatchObject({ kind: "success" });
    expect(await get("/", { port: String(port) })).toMatchObject({ kind: "success" });
    expect(await get("/", { port: "nope" })).toMatchObject({ kind: "discarded" });
  });
});

describe("httpGet probes over TLS (R15)", () => {
  it("verify nothing, name no server by its address, and leave no connection behind", async () => {
    const { certificate: cert, key } = selfSigned({ commonName: "nobody" });
    const names: (string | false | null | undefined)[] = [];
    const secure = https.createServer({ cert, key }, (_, response) => response.end("behind TLS"));
    secure.on("secureConnection", (socket) => names.push(socket.servername));
    const at = { port: await portOf(secure), scheme: "HTTPS" };
    const open = () => process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|TLS)Wrap$/.test(name)).length;
    const before = open();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await get("/", at)).toEqual({ kind: "success", output: "behind TLS" });
    }
    expect(names).toEqual([false, false, false, false, false]);
    await eventually("all are closed", () => expect(open()).toBeLessThanOrEqual(before));
  });

  it("fail where the server speaks plain HTTP, or closes", async () => {
    expect(await get("/", { scheme: "HTTPS" })).toMatchObject({ kind: "failure" });
    const closing = await serveRaw((socket) => socket.destroy());
    expect(await get("/", { port: closing, scheme: "HTTPS" })).toMatchObject({ kind: "failure" });
  });
});

describe("httpGet probes of servers of all kinds", () => {
  it("have the answer as soon as it is complete, though the server keeps the connection open", async () => {
    const at = await serveRaw((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    expect(await get("/", { port: at })).toEqual({ kind: "success", output: "ok" });
  });

  it("read an answer that comes byte by byte and ends with the connection", async () => {
    const at = await serveRaw(async (socket) => {
      for (const byte of "HTTP/1.0 200 OK\n\nslowly") {
        socket.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
    expect(await get("/", { port: at })).toEqual({ kind: "success", output: "slowly" });
  });

  it.each([
    ["closes without a word", (socket: Socket) => socket.end(), /: EOF$/],
    [
      "closes in the middle",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
      /unexpected EOF$/,
    ],
    ["speaks something else", (socket: Socket) => socket.write("220 smtp ready\r\n"), /malformed HTTP response/],
    ["resets", (socket: Socket) => socket.resetAndDestroy(), /ECONNRESET|EPIPE|EOF/],
  ])("fail when the server %s", async (_, answer, text) => {
    expect(await get("/", { port: await serveRaw(answer) })).toEqual({
      kind: "failure",
      output: expect.stringMatching(text),
    });
  });

  it("send no header that would make another line", async () => {
    const httpHeaders = [{ name: "X-One", value: "1\r\nX-Two: 2" }];
    expect(await get("/", { httpHeaders })).toMatchObject({
      kind: "failure",
      output: expect.stringContaining("X-One"),
    });
  });

  it("ask for the whole path, at the host and port as a URL has them", async () => {
    await get("/a b?x=1&y=%20");
    expect([seen?.url, seen?.headers.host]).toEqual(["/a%20b?x=1&y=%20", `127.0.0.1:${port}`]);
  });
});

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers each first word of a connection by hand. */
function serveRaw(answer: (socket: Socket) => unknown): Promise<number> {
  return portOf(
    createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    }),
  );
}

describe("tcpSocket probes (6.2)", () => {
  it("succeeds on a connection and leaves no socket in TIME_WAIT", async () => {
    const listener = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const tcpPort = (listener.address() as AddressInfo).port;
    expect(await probeWith({ tcpSocket: { port: tcpPort } })).toEqual({ kind: "success", output: "" });
    listener.close();
    expect(await probeWith({ tcpSocket: { port: tcpPort } })).toMatchObject({ kind: "failure" });
  });
});

describe("grpc probes (R19)", () => {
  it("asks the service and port of a grpc probe (R19)", async () => {
    const asked: string[] = [];
    const grpcCheck = async (address: string, service: string): Promise<void> =>
      void asked.push(`${address} ${service}`);
    await probeWith({ grpc: { port: 9, service: "one" } }, { grpcCheck });
    await probeWith({ grpc: { port: 10, service: "two" } }, { grpcCheck });
    expect(asked).toEqual(["127.0.0.1:9 one", "127.0.0.1:10 two"]);
  });
});

describe("exec probes (R13)", () => {
  const exec = { command: ["check", "me"] };

  it.each([
    [0, "success"],
    [1, "failure"],
    [137, "failure"],
  ])("exit %i is %s", async (code, kind) => {
    const result = await probeWith({ exec }, { execSync: async () => answer(code, "out", "err") });
    expect(result).toEqual({ kind, output: "outerr" });
  });

  it("keeps 10 KiB of the output", async () => {
    const result = await probeWith({ exec }, { execSync: async () => answer(0, "x".repeat(20_000)) });
    expect(result.output).toHaveLength(10 * 1024);
  });

  it("fails when the command ran out of time, and discards what could not run", async () => {
    const late = async (): Promise<never> => {
      throw new BerthError("RuntimeTimeout", "late");
    };
    const text = 'command timed out: "check me" timed out after 3s';
    expect(await probeWith({ exec, timeoutSeconds: 3 }, { execSync: late })).toEqual({ kind: "failure", output: text });
    const unanswered = async (): Promise<never> => {
      throw new BerthError("RuntimeCancelled", "the call was given up");
    };
    const over = AbortSignal.abort();
    expect(await probeWith({ exec, timeoutSeconds: 3 }, { execSync: unanswered }, over)).toEqual({
      kind: "failure",
      output: text,
    });
    expect(await probeWith({ exec }, { execSync: unanswered })).toMatchObject({ kind: "discarded" });
    const gone = async (): Promise<never> => {
      throw new BerthError("RuntimeNotFound", "no container c1");
    };
    expect(await probeWith({ exec }, { execSync: gone })).toEqual({ kind: "discarded", output: "no container c1" });
  });
});

describe("hooks (7)", () => {
  const fellBack: string[] = [];
  const hook = (handler: v1.LifecycleHandler, change: Partial<typeof ports> = {}) => {
    const container = aContainer({ spec: { lifecycle: { postStart: handler } } });
    const at = { containerId: "c1", podIp: "127.0.0.1" };
    const onFallback = (address: string): void => void fellBack.push(address);
    const request = { pod: aPod(), container, hook: "postStart", ...at, onFallback } as const;
    return runHook({ ...ports, ...change }, request, AbortSignal.timeout(5_000));
  };

  it("takes any HTTP answer as success (H5)", async () => {
    expect(await hook({ httpGet: { path: "/status?code=500", port } })).toBe("");
  });

  it("asks again in plain HTTP when HTTPS is answered so, without Authorization (H5)", async () => {
    const httpHeaders = [{ name: "Authorization", value: "Bearer x" }];
    expect(await hook({ httpGet: { path: "/plain", port, scheme: "HTTPS", httpHeaders } })).toBe("");
    expect(seen?.headers.authorization).toBeUndefined();
    expect(fellBack.splice(0), "it is told, for its event").toEqual([`127.0.0.1:${port}`]);
  });

  it("fails a tcpSocket hook always (H6)", async () => {
    expect(await hook({ tcpSocket: { port } })).toContain("lifecycle hook");
  });

  it("tells which hook of which container failed, and its output (H3)", async () => {
    const text = await hook({ exec: { command: ["sh", "-c", "x"] } }, { execSync: async () => answer(3, "", "oh") });
    expect(text).toContain('Exec lifecycle hook ([sh -c x]) for Container "app" in Pod "web-node_default(');
    expect(text).toContain("exited with 3: oh");
    expect(text).toContain('message: "oh"');
  });
});
