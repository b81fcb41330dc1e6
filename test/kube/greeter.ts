import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { selfSigned } from "../kit/certificates.ts";

/** Under the name of the kit's issuer, so that it is its own authority. */
export const serving = selfSigned({ commonName: "throw-away", names: ["api.example.org", "192.0.2.44"] });
const options = { cert: serving.certificate, key: serving.key, requestCert: true, rejectUnauthorized: false };
const callerOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject?.CN ?? "nobody");

/** A server that tells each caller its name at once, and ends an answer to /watch when it is told. */
export type Greeter = { readonly port: number; end(): void; readonly open: () => number; close(): void };

/** One that speaks HTTP/2 only. */
export async function overHttp2(): Promise<Greeter> {
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

/** One that speaks HTTP/1.1 only. */
export async function overHttp1(): Promise<Greeter> {
  const waiting: (() => void)[] = [];
  let open = 0;
  const server = createServer(options, (request, response) => {
    response.write(`${callerOf(request.socket as TLSSocket)}\n`);
    if (request.url === "/watch") waiting.push(() => response.end());
    else response.end();
  });
  server.keepAliveTimeout = 0; // it is not the server who ends them
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
  return { port: (server.address() as AddressInfo).port, end, open, close: () => void server.close() };
}
