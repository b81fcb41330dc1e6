import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";

/** A server on loopback that says yes to everything. */
export type YesServer = { readonly port: number; close(): void };

/** Answers every GET with 200; is told the path. */
export async function startHttp(onRequest: (path: string) => void = () => {}): Promise<YesServer> {
  const server = createHttpServer((request, answer) => {
    onRequest(request.url ?? "");
    answer.end("ok");
  });
  const port = await portOf(server);
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Accepts every connection and sends nothing. */
export async function startTcp(onConnection: () => void = () => {}): Promise<YesServer> {
  const server = createServer((socket) => {
    onConnection();
    // Probes end with a reset.
    socket.on("error", () => {});
    socket.resume();
  });
  return { port: await portOf(server), close: () => void server.close() };
}

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}
