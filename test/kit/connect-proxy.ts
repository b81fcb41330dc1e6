import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { CertifiedKey } from "../../src/kube/certificate-facts.ts";

/** What the proxy does with a CONNECT: leads on, answers with another status, says nothing, or hangs up. */
export type ProxyConduct = "leads" | "mute" | "hangs up" | number;

/** A proxy on loopback that knows nothing but CONNECT. */
export type ConnectProxy = {
  readonly port: number;
  /** Each CONNECT that came: where to, and with which Proxy-Authorization. */
  readonly asked: readonly { readonly target: string; readonly authorization: string | undefined }[];
  /** Connections to it. */
  waiting(): number;
  /** Tunnels that stand. */
  open(): number;
  conduct(how: ProxyConduct): void;
  /** Breaks all tunnels. */
  cut(): void;
  close(): Promise<void>;
};

/** Starts a proxy; with a certificate it is one behind TLS. */
export async function startProxy(certified?: CertifiedKey): Promise<ConnectProxy> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const ends = new Set<Duplex>();
  const tunnels = new Set<Socket>();
  let how: ProxyConduct = "leads";

  const lead = (near: Duplex, target: string): void => {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
    const far = connect({ host: host ?? "", port: Number(port) }, () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    tunnels.add(far);
    far.on("error", () => near.destroy());
    far.on("close", () => {
      tunnels.delete(far);
      near.destroy();
    });
    near.on("close", () => far.destroy());
  };
  const server: Server = certified
    ? createSecureServer({ cert: certified.certificate, key: certified.key })
    : createServer();
  server.on(certified ? "secureConnection" : "connection", (socket: Socket) => {
    ends.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => ends.delete(socket));
  });
  server.on("connect", (request: IncomingMessage, near: Duplex) => {
    asked.push({ target: request.url ?? "", authorization: request.headers["proxy-authorization"] });
    if (how === "leads") lead(near, request.url ?? "");
    else if (how === "hangs up") near.destroy();
    else if (how === "mute") near.resume().on("end", () => near.end());
    else near.end(`HTTP/1.1 ${how} as it likes\r\ncontent-length: 2\r\n\r\nno`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const cut = (): void => {
    for (const socket of ends) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    waiting: () => ends.size,
    open: () => tunnels.size,
    conduct(next) {
      how = next;
    },
    cut,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
