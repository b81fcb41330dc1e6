import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** The head of a request for a WebSocket, without its first line. */
export const WEB_SOCKET_HEADERS = [
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
];
/** What a server answers to that key, by the rules of RFC 6455 4.2.2. */
export const ACCEPTED = createHash("sha1")
  .update("AAECAwQFBgcICQoLDA0ODw==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
  .digest("base64");

/** A frame as a client sends it; the mask is not its neutral one. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array,
  { isFinal = true, mask = Buffer.of(1, 2, 3, 250) }: { isFinal?: boolean; mask?: Buffer } = {},
): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head.writeUInt8((isFinal ? 0x80 : 0) | opcode, 0);
  head.writeUInt8(0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127), 1);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, mask, Buffer.from(payload).map((byte, place) => byte ^ (mask[place % 4] ?? 0))]);
}

export type ServerFrame = { readonly opcode: number; readonly payload: Buffer };

/** Collects what a server sends behind the head of its answer. */
export function serverFrames(socket: TLSSocket) {
  let bytes = Buffer.alloc(0);
  let head: string | undefined;
  const frames: ServerFrame[] = [];
  const heard = new Set<() => void>();
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (head === undefined) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      head = bytes.subarray(0, end).toString();
      bytes = bytes.subarray(end + 4);
    }
    for (;;) {
      const short = bytes[1] ?? 0;
      const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
      if (bytes.length < 2 + lengthBytes) break;
      const length =
        lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      const begin = 2 + lengthBytes;
      if (bytes.length < begin + length) break;
      frames.push({ opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(begin, begin + length) });
      bytes = bytes.subarray(begin + length);
    }
    for (const listener of heard) listener();
  });
  return {
    frames,
    head: () => head ?? "",
    /** All that came on one channel. */
    channel: (channel: number): string =>
      Buffer.concat(
        frames
          .filter(({ opcode, payload }) => opcode === 2 && payload[0] === channel)
          .map(({ payload }) => payload.subarray(1)),
      ).toString(),
    /** Resolves when something holds of what came. */
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        const listener = (): void => {
          if (holds()) resolve();
        };
        heard.add(listener);
        listener();
      }),
  };
}
