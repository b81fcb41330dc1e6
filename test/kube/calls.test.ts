import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { makeCalls } from "../../src/kube/calls.ts";
import type { CertifiedKey } from "../../src/kube/certificate-facts.ts";
import type { Credentials } from "../../src/kube/credentials.ts";
import { selfSigned } from "../kit/certificates.ts";

const LIVE = new AbortController().signal;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

const serving = selfSigned({ commonName: "server" });
const options = { cert: serving.certificate, key: serving.key, requestCert: true, rejectUnauthorized: false };
const callerOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject?.CN ?? "nobody");

/** A server that tells each caller its name at once, and ends an answer to /watch when it is told. */
type Greeter = { readonly port: number; end(): void; readonly open: () => number };

async function overHttp2(): Promise<Greeter> {
  const server: Http2SecureServer = createSecureServer({ ...options, ALPNProtocols: ["h2"] });
  const waiting: ServerHttp2Stream[] = [];
  let open = 0;
  server.on("session", (session) => {
    open += 1;
    session.on("close", () => {
      open -= 1;
    });
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.write(`${callerOf(stream.session?.socket as TLSSocket)}\n`);
    if (headers[":path"] === "/watch") waiting.push(stream);
    else stream.end();
  });
  return listening(
    server,
    () => open,
    () => {
      for (const stream of waiting.splice(0)) stream.end();
    },
  );
}

async function overHttp1(): Promise<Greeter> {
  const waiting: (() => void)[] = [];
  let open = 0;
  const server = createServer(options, (request, response) => {
    response.write(`${callerOf(request.socket as TLSSocket)}\n`);
    if (request.url === "/watch") waiting.push(() => response.end());
    else response.end();
  });
  server.on("secureConnection", (socket) => {
    open += 1;
    socket.on("close", () => {
      open -= 1;
    });
  });
  return listening(
    server,
    () => open,
    () => {
      for (const end of waiting.splice(0)) end();
    },
  );
}

async function listening(server: Http2SecureServer | Server, open: () => number, end: () => void): Promise<Greeter> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, end, open };
}

function calling(port: number) {
  let pair: CertifiedKey = selfSigned({ commonName: "first" });
  const current = async (): Promise<Credentials> => ({
    server: new URL(`https://127.0.0.1:${port}`),
    tls: { insecure: true, ...pair },
  });
  const counted: unknown[] = [];
  const calls = makeCalls({
    credentials: { current, place: current, refused: () => {} },
    userAgent: "test",
    timeoutMs: 10_000,
    meter: { add: (name, labels, count) => void counted.push([name, labels, count]) },
  });
  closing.push(() => calls.disconnect());
  const call = (path: string) => ({ doing: "asking", method: "GET" as const, path });
  return {
    ask: () => calls.whole(call("/"), LIVE),
    counted,
    watch: async () => (await calls.stream(call("/watch"), LIVE))[Symbol.asyncIterator](),
    renew: () => {
      pair = selfSigned({ commonName: "second" });
    },
  };
}

describe.each([
  ["HTTP/2", overHttp2],
  ["HTTP/1.1", overHttp1],
])("a new certificate (node.md 1.4) over %s", (_protocol, serve) => {
  it("is shown by the next call, while what is under way ends by itself, and its connection after it", async () => {
    const server = await serve();
    const { ask, watch, renew } = calling(server.port);
    const stream = await watch();
    expect(String((await stream.next()).value)).toBe("first\n");
    expect(await ask()).toBe("first\n");
    renew();
    expect(await ask()).toBe("second\n");
    expect(server.open()).toBeGreaterThanOrEqual(2);
    server.end();
    expect(await stream.next()).toMatchObject({ done: true });
    await expect.poll(server.open, { timeout: 30_000 }).toBe(1);
    expect(await ask()).toBe("second\n");
  });

  it("is not what makes connections: the same one keeps them", async () => {
    const server = await serve();
    const { ask, counted } = calling(server.port);
    for (let again = 0; again < 5; again += 1) expect(await ask()).toBe("first\n");
    expect(server.open()).toBeLessThanOrEqual(1);
    const labels = { code: "200", method: "GET", host: `127.0.0.1:${server.port}` };
    expect(counted).toEqual(Array(5).fill(["rest_client_requests_total", labels, 1]));
  });
});
