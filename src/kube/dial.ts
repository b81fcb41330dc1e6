import { connect as connectPlain, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import type { Credentials } from "./credentials.ts";
import { standingSocket } from "./standing-socket.ts";
import { openTunnel } from "./tunnel.ts";

/** A connection that does not stand by then never will (node.md 1.1: 30 s, of these 10 s for the handshake). */
const LONGEST_DIAL_MS = 30_000;

/** A connection to the server, with TLS unless its URL says http. `protocol` is what both sides agreed on. */
export type Dialled = { readonly socket: Socket | TLSSocket; readonly protocol: "h2" | "http/1.1" };

/** Dials the server, through its proxy where there is one. Throws the error of the network, of the proxy or of TLS. */
export async function dial(credentials: Credentials, signal: AbortSignal): Promise<Dialled> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("no connection in time")), LONGEST_DIAL_MS);
  try {
    return await dialWithin(credentials, AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function dialWithin({ server, tls, proxy }: Credentials, signal: AbortSignal): Promise<Dialled> {
  const plain = server.protocol === "http:";
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const port = Number(server.port || (plain ? 80 : 443));
  const tunnel = proxy && (await openTunnel(proxy, `${server.hostname}:${port}`, tls, signal));
  if (plain) {
    const socket = tunnel ?? (await standingSocket(connectPlain({ host, port }), "connect", signal));
    return { socket, protocol: "http/1.1" };
  }
  const name = tls.serverName ?? host;
  const socket = connect({
    ...(tunnel === undefined ? { host, port } : { socket: tunnel }),
    ALPNProtocols: ["h2", "http/1.1"],
    // A server may be known by an address, too; only names go into the greeting.
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    rejectUnauthorized: !tls.insecure,
    ...(tls.authority === undefined ? {} : { ca: tls.authority }),
    ...(tls.certificate === undefined || tls.key === undefined ? {} : { cert: tls.certificate, key: tls.key }),
  });
  await standingSocket(socket, "secureConnect", signal);
  return { socket, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" };
}
