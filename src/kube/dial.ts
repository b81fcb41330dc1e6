import { connect as connectPlain, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Credentials } from "./credentials.ts";

/** A connection that does not stand by then never will (node.md 1.1: 30 s, of these 10 s for the handshake). */
const LONGEST_DIAL_MS = 30_000;
const KEEP_ALIVE_MS = 30_000;

/** A connection to the server, with TLS unless its URL says http. `protocol` is what both sides agreed on. */
export type Dialled = { readonly socket: Socket | TLSSocket; readonly protocol: "h2" | "http/1.1" };

/** Dials the server. Throws the error of the network or of TLS. */
export async function dial({ server, tls }: Credentials, signal: AbortSignal): Promise<Dialled> {
  const plain = server.protocol === "http:";
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const port = Number(server.port || (plain ? 80 : 443));
  if (plain) return { socket: await ready(connectPlain({ host, port }), "connect", signal), protocol: "http/1.1" };
  const name = tls.serverName ?? host;
  const socket = connect({
    host,
    port,
    ALPNProtocols: ["h2", "http/1.1"],
    // A server is known by the address in its certificate; only names go into the greeting.
    ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
    rejectUnauthorized: !tls.insecure,
    ...(tls.authority === undefined ? {} : { ca: tls.authority }),
    ...(tls.certificate === undefined || tls.key === undefined ? {} : { cert: tls.certificate, key: tls.key }),
  });
  await ready(socket, "secureConnect", signal);
  return { socket, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" };
}

function ready<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => give(new Error("no connection in time")), LONGEST_DIAL_MS);
    const onAbort = (): void => give(signal.reason);
    const onClose = (): void => give(new Error("the connection was closed before it stood"));
    const give = (error: unknown): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
      socket.off("close", onClose);
      if (error === undefined) resolve(socket);
      else {
        socket.destroy();
        reject(error);
      }
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", give); // stays: an error without a listener would end the process
    socket.once("close", onClose);
    socket.once(event, () => give(undefined));
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    if (signal.aborted) onAbort();
  });
}
