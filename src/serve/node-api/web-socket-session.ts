import type { Socket } from "node:net";
import { closeFrame, makeWebSocketReader, type WebSocketNews, writePong } from "./web-socket.ts";

/** Takes a part of a message. False when the client should wait; whoever says so resumes the socket. Throws for nonsense. */
export type PartTaker = (bytes: Buffer, isFirst: boolean, isLast: boolean) => boolean;

/** How long a client may take to close its own side of a WebSocket. @limit The connection is closed. */
const CLOSING_MS = 5000;

/** Listens to a client's WebSocket, until it closes it, leaves, or says what makes no sense. `idleMs` 0 is never. */
export function hearWebSocket(socket: Socket, head: Buffer, idleMs: number, take: PartTaker): void {
  const read = makeWebSocketReader();
  const hear = (news: WebSocketNews): void => {
    switch (news.kind) {
      case "part":
        if (!take(news.bytes, news.isFirst, news.isLast)) socket.pause();
        return;
      case "ping":
        if (socket.writable) writePong(socket, news.bytes);
        return;
      case "close":
        if (socket.writable) socket.end(closeFrame(), () => socket.destroy());
        else socket.destroy();
        return;
    }
  };
  const hearAll = (chunk: Buffer): void => {
    try {
      for (const news of read(chunk)) hear(news);
    } catch {
      socket.destroy(); // it does not speak the protocol
    }
  };
  socket.on("data", hearAll);
  socket.on("end", () => socket.destroy());
  socket.setTimeout(idleMs, () => socket.destroy());
  if (head.length > 0) hearAll(head);
}

/** Says that the session is over; the client closes its side, or loses it. */
export function endWebSocket(socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(closeFrame());
  socket.setTimeout(CLOSING_MS, () => socket.destroy());
  socket.removeAllListeners("data").resume(); // what still comes has no reader any more
}
