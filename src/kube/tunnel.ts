import { request, STATUS_CODES } from "node:http";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect } from "node:tls";
import type { TlsAccess } from "./kubeconfig.ts";
import { standingSocket } from "./standing-socket.ts";

/** A proxy as messages name it, `host:port`: its user and password are nobody's concern. */
export const proxyName = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;

/**
 * Opens a way to `target` (`host:port`) through a proxy by CONNECT. A proxy behind https is known by the server's authorities,
 * as kubectl does it. Throws with the proxy's name and what happened, or what it answered.
 */
export async function openTunnel(proxy: URL, target: string, tls: TlsAccess, signal: AbortSignal): Promise<Socket> {
  const name = proxyName(proxy);
  const failed = (what: string, cause: unknown): Error =>
    new Error(`the proxy ${name} ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  const socket = await reach(proxy, tls, signal).catch((cause: unknown) => {
    throw failed("cannot be reached", cause);
  });
  try {
    const status = await ask(socket, target, authorizationOf(proxy), signal).catch((cause: unknown) => {
      throw failed(`did not answer whether it connects to ${target}`, cause);
    });
    if (status >= 200 && status < 300) return socket;
    // In words of our own: those of a proxy may be anything.
    const words = `${status} ${STATUS_CODES[status] ?? ""}`.trim();
    throw new Error(`the proxy ${name} does not connect to ${target}: it answered ${words}`);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function reach(proxy: URL, tls: TlsAccess, signal: AbortSignal): Promise<Socket> {
  const isSecure = proxy.protocol === "https:";
  const host = proxy.hostname.replace(/^\[|\]$/g, "");
  const port = Number(proxy.port || (isSecure ? 443 : 80));
  if (!isSecure) return standingSocket(connectPlain({ host, port }), "connect", signal);
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: !tls.insecure,
    ...(tls.authority === undefined ? {} : { ca: tls.authority }),
  });
  return standingSocket(socket, "secureConnect", signal);
}

/** The status that the proxy answers with; after a success the socket leads to the target. */
function ask(socket: Socket, target: string, authorization: string | undefined, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request({
      method: "CONNECT",
      path: target,
      headers: {
        host: target,
        ...(authorization === undefined ? {} : { "proxy-authorization": authorization }),
      },
      setDefaultHeaders: false, // the tunnel is not closed after its first answer
      createConnection: () => socket,
      signal,
    });
    asking.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    asking.once("connect", ({ statusCode = 0 }, _socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(statusCode);
    });
    asking.end();
  });
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}
