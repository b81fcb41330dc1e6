import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ExecStreams } from "../../ports.ts";
import { connectRuntime } from "../runtime-connection.ts";
import { CHANNELS_PROTOCOL, serveChannels } from "./channels.ts";
import { serveTunnel, TUNNEL_PROTOCOL } from "./tunnel.ts";
import { acceptance, isWebSocket, offeredProtocols } from "./web-socket.ts";

/** A session at the runtime; one of ports has no streams of its own. */
type Session = { readonly url: string; readonly streams?: ExecStreams };

/** Whether the client offers to carry SPDY inside a WebSocket. */
export const offersTunnel = (request: IncomingMessage): boolean => offers(request, TUNNEL_PROTOCOL);

/** Whether the client speaks what the runtime does not, so that its WebSocket ends here (node.md 6.4). */
export const isTerminated = (request: IncomingMessage, { streams }: Session): boolean =>
  offers(request, streams === undefined ? TUNNEL_PROTOCOL : CHANNELS_PROTOCOL);

const offers = (request: IncomingMessage, protocol: string): boolean =>
  isWebSocket(request) && offeredProtocols(request).includes(protocol);

/** Takes up such a client's WebSocket, and SPDY to the runtime. Throws RuntimeUnavailable, with the client still unanswered. */
export async function terminate(
  { url, streams }: Session,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  idleMs: number,
  signal: AbortSignal,
): Promise<undefined> {
  const protocol = streams === undefined ? "portforward.k8s.io" : "v4.channel.k8s.io";
  const connection = await connectRuntime(url, protocol, signal);
  if (socket.destroyed) return void connection.socket.destroy();
  socket.write(acceptance(request, streams === undefined ? TUNNEL_PROTOCOL : CHANNELS_PROTOCOL));
  if (streams === undefined) serveTunnel(socket, head, connection, idleMs);
  else await serveChannels(socket, head, { connection, streams }, idleMs, signal);
  return undefined;
}
