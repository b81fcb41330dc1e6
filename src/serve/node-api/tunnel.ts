import type { Socket } from "node:net";
import type { RuntimeConnection } from "../runtime-connection.ts";
import { writeMessage } from "./web-socket.ts";
import { endWebSocket, hearWebSocket } from "./web-socket-session.ts";

/** The subprotocol whose messages, in a row, are the bytes of a SPDY connection that forwards ports (node.md 6.4). */
export const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";

/** Carries the bytes of SPDY between a client's WebSocket and the runtime, each side at the pace of the other. */
export function serveTunnel(
  socket: Socket,
  head: Buffer,
  { socket: runtime, head: first }: RuntimeConnection,
  idleMs: number,
): void {
  runtime.on("data", (bytes: Buffer) => {
    if (socket.writable && !writeMessage(socket, bytes)) runtime.pause();
  });
  runtime.on("drain", () => socket.resume());
  runtime.on("error", () => runtime.destroy());
  runtime.on("close", () => endWebSocket(socket));
  socket.on("drain", () => runtime.resume());
  socket.on("close", () => runtime.destroy());
  if (first.length > 0) runtime.unshift(first);
  hearWebSocket(socket, head, idleMs, (bytes) => bytes.length === 0 || runtime.write(bytes));
}
