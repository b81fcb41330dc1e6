/**
 * The part of WebSocket (RFC 6455) that a server of byte streams needs. Messages are handed on in parts as they come, so that
 * none has to be held; no extension is taken up.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";

/** What a client's frames say. */
export type WebSocketNews =
  /** A part of a message, and whether it is its first one and its last one. */
  | { readonly kind: "part"; readonly isFirst: boolean; readonly isLast: boolean; readonly bytes: Buffer }
  | { readonly kind: "ping"; readonly bytes: Buffer }
  | { readonly kind: "close" };

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
/** A length that does not fit into the second byte stands behind it, in two bytes or in eight. */
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;
const LONGEST_CONTROL_BYTES = 125;
const MASK_BYTES = 4;
/** Where each server's answer to a client's key comes from (RFC 6455 4.2.2). */
const ACCEPT_ID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Nothing went wrong. */
const NORMAL_CLOSURE = 1000;

/** Whether the request asks for a WebSocket that can be had. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  const key = headers["sec-websocket-key"] ?? "";
  const isAsked = method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
  return isAsked && headers["sec-websocket-version"] === "13" && Buffer.from(key, "base64").length === 16;
}

/** The subprotocols that a client offers, in its order. */
export const offeredProtocols = ({ headers }: IncomingMessage): readonly string[] =>
  (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());

/** The answer that makes a WebSocket of a connection, with one of the offered subprotocols. */
export function acceptance({ headers }: IncomingMessage, protocol: string): string {
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${ACCEPT_ID}`).digest("base64");
  const lines = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`;
}

/** Sends one binary message, which is these parts in a row. False when the caller should wait for `drain`. */
export function writeMessage(socket: Writable, ...parts: readonly Uint8Array[]): boolean {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  socket.cork();
  let hasRoom = socket.write(frameHead(OPCODE.binary, length));
  for (const part of parts) if (part.length > 0) hasRoom = socket.write(part);
  socket.uncork();
  return hasRoom;
}

/** Answers a ping. */
export const writePong = (socket: Writable, bytes: Uint8Array): void =>
  void socket.write(Buffer.concat([frameHead(OPCODE.pong, bytes.length), bytes]));

/** The last frame of a side, which says that all went well. */
export function closeFrame(): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(NORMAL_CLOSURE);
  return Buffer.concat([frameHead(OPCODE.close, code.length), code]);
}

function frameHead(opcode: number, length: number): Buffer {
  if (length < TWO_BYTES) return Buffer.of(FIN | opcode, length);
  const isShort = length < 0x10000;
  const head = Buffer.alloc(isShort ? 4 : 10);
  head.writeUInt8(FIN | opcode, 0);
  head.writeUInt8(isShort ? TWO_BYTES : EIGHT_BYTES, 1);
  if (isShort) head.writeUInt16BE(length, 2);
  else head.writeUIntBE(length, 4, 6);
  return head;
}

/** The frame that is being read. */
type Frame = {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isFirst: boolean;
  readonly mask: Buffer;
  readonly length: number;
};

/**
 * Takes bytes as they come and gives news; it keeps at most the head of a frame, or a control frame. The bytes are changed in
 * place. Throws when the other side does not speak the protocol.
 */
export function makeWebSocketReader(): (chunk: Buffer) => WebSocketNews[] {
  let head: Buffer = Buffer.alloc(0);
  let control: Buffer = Buffer.alloc(0);
  let frame: Frame | undefined;
  let doneBytes = 0;
  let isInMessage = false;

  const begin = (next: Frame): void => {
    const isControl = next.opcode >= OPCODE.close;
    if (isControl && (!next.isFinal || next.length > LONGEST_CONTROL_BYTES)) throw new Error("a long control frame");
    if (!isControl && next.isFirst === isInMessage) throw new Error("messages do not lie in one another");
    frame = next;
    doneBytes = 0;
    control = Buffer.alloc(0);
    if (!isControl) isInMessage = !next.isFinal;
  };
  const take = (from: Frame, bytes: Buffer): WebSocketNews[] => {
    unmask(bytes, from.mask, doneBytes);
    const isBegin = doneBytes === 0;
    doneBytes += bytes.length;
    const isEnd = doneBytes === from.length;
    if (isEnd) frame = undefined;
    if (from.opcode < OPCODE.close)
      return [{ kind: "part", isFirst: from.isFirst && isBegin, isLast: from.isFinal && isEnd, bytes }];
    control = Buffer.concat([control, bytes]);
    if (!isEnd || from.opcode === OPCODE.pong) return [];
    return [from.opcode === OPCODE.ping ? { kind: "ping", bytes: control } : { kind: "close" }];
  };

  return (chunk) => {
    const news: WebSocketNews[] = [];
    let rest = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    head = Buffer.alloc(0);
    for (;;) {
      if (frame === undefined) {
        const read = readHead(rest);
        if (read === undefined) break;
        rest = rest.subarray(read.headBytes);
        begin(read.frame);
      }
      if (frame === undefined) break;
      const left = frame.length - doneBytes;
      if (left > 0 && rest.length === 0) break;
      const bytes = rest.subarray(0, left);
      rest = rest.subarray(bytes.length);
      news.push(...take(frame, bytes));
    }
    if (rest.length > 0) head = Buffer.from(rest);
    return news;
  };
}

/** The head of a frame, once it is all there. A client's frames are masked, and use nothing that was not agreed on. */
function readHead(bytes: Buffer): { frame: Frame; headBytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const opcode = first & 0x0f;
  if ((first & RESERVED) !== 0 || (second & MASKED) === 0) throw new Error("a frame that is no client's");
  if (!Object.values<number>(OPCODE).includes(opcode)) throw new Error(`unknown frame ${opcode}`);
  const short = second & 0x7f;
  const lengthBytes = short === EIGHT_BYTES ? 8 : short === TWO_BYTES ? 2 : 0;
  const headBytes = 2 + lengthBytes + MASK_BYTES;
  if (bytes.length < headBytes) return undefined;
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : readLong(bytes);
  const mask = Buffer.from(bytes.subarray(headBytes - MASK_BYTES, headBytes));
  const isFirst = opcode !== OPCODE.continuation;
  return { frame: { opcode, isFinal: (first & FIN) !== 0, isFirst, mask, length }, headBytes };
}

function readLong(bytes: Buffer): number {
  if (bytes.readUInt16BE(2) !== 0) throw new Error("a frame without an end");
  return bytes.readUIntBE(4, 6);
}

/** `done` bytes of the frame came before. Whole words go first, since there may be many bytes. */
function unmask(bytes: Buffer, mask: Buffer, done: number): void {
  const at = (place: number): number => mask[(done + place) % MASK_BYTES] ?? 0;
  const single = (from: number, to: number): void => {
    for (let place = from; place < to; place += 1) bytes[place] = (bytes[place] ?? 0) ^ at(place);
  };
  const start = (MASK_BYTES - (bytes.byteOffset % MASK_BYTES)) % MASK_BYTES;
  if (bytes.length < start + MASK_BYTES) {
    single(0, bytes.length);
    return;
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + start, (bytes.length - start) >> 2);
  const [word = 0] = new Uint32Array(Uint8Array.from([0, 1, 2, 3], (place) => at(start + place)).buffer);
  single(0, start);
  for (let place = 0; place < words.length; place += 1) words[place] = (words[place] ?? 0) ^ word;
  single(start + words.length * MASK_BYTES, bytes.length);
}
