/**
 * The part of SPDY/3.1 that the streaming server of a container runtime needs from its client: open streams with a few
 * headers, send and receive data, end one side of a stream, answer pings. Every runtime version speaks it, and unlike the
 * WebSocket form it can say that stdin has ended.
 *
 * Header blocks are a zlib stream with a preset dictionary. What is sent is stored uncompressed, which needs neither a
 * compressor nor the dictionary; what is received is not read, since the server's headers tell nothing.
 */
import { makeSplitter } from "./frames.ts";

const VERSION = 3;
const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
};
const FIN = 0x01;
const FRAME_HEADER_BYTES = 8;
/** Bytes of one frame of the runtime's streaming server. @limit The session has failed. */
const LONGEST_FRAME_BYTES = 16 * 1024 * 1024;
/** CMF, FLG with FDICT, and the checksum of SPDY's dictionary. */
const ZLIB_START = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2]);

/** News from the server. */
export type SpdyNews =
  | { readonly kind: "data"; readonly stream: number; readonly payload: Buffer; readonly isLast: boolean }
  | { readonly kind: "reset"; readonly stream: number }
  | { readonly kind: "goAway" }
  /** Bytes to be sent back. */
  | { readonly kind: "answer"; readonly bytes: Buffer };

/** Writes frames of one connection. */
export type SpdyWriter = {
  /** Opens a stream; the answer is its number and the frame. Streams count 1, 3, 5, ... */
  open(headers: Readonly<Record<string, string>>): { readonly stream: number; readonly bytes: Buffer };
  /** What stands before so many bytes of data. */
  dataHeader(stream: number, length: number, isLast: boolean): Buffer;
};

/** A writer for a fresh connection: header blocks of one connection share one zlib stream. */
export function makeSpdyWriter(): SpdyWriter {
  let next = 1;
  return {
    open(headers) {
      const stream = next;
      next += 2;
      const ids = Buffer.alloc(10);
      ids.writeUInt32BE(stream, 0);
      const block = storedBlock(headerBlock(headers));
      const parts = stream === 1 ? [ids, ZLIB_START, block] : [ids, block];
      return { stream, bytes: controlFrame(CONTROL.synStream, Buffer.concat(parts)) };
    },
    dataHeader(stream, length, isLast) {
      const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
      header.writeUInt32BE(stream, 0);
      header.writeUInt32BE(length, 4);
      header.writeUInt8(isLast ? FIN : 0, 4);
      return header;
    },
  };
}

/** Takes bytes as they come and gives news. Throws when the other side does not speak SPDY/3. */
export function makeSpdyReader(): (chunk: Uint8Array) => SpdyNews[] {
  const split = makeSplitter(FRAME_HEADER_BYTES, (header) => header.readUIntBE(5, 3), LONGEST_FRAME_BYTES);
  return (chunk) => split(chunk).flatMap(({ header, payload }) => readFrame(header, payload));
}

function readFrame(header: Buffer, payload: Buffer): SpdyNews[] {
  const isControl = (header.readUInt8(0) & 0x80) !== 0;
  const isLast = (header.readUInt8(4) & FIN) !== 0;
  if (!isControl) return [{ kind: "data", stream: header.readUInt32BE(0), payload, isLast }];
  if ((header.readUInt16BE(0) & 0x7fff) !== VERSION) throw new Error("the streaming server does not speak SPDY/3");
  switch (header.readUInt16BE(2)) {
    case CONTROL.rstStream:
      return [{ kind: "reset", stream: payload.readUInt32BE(0) & 0x7fffffff }];
    case CONTROL.ping:
      // even numbers are the server's own, odd ones answers to pings that are never sent
      return payload.readUInt32BE(0) % 2 === 0
        ? [{ kind: "answer", bytes: controlFrame(CONTROL.ping, Buffer.from(payload)) }]
        : [];
    case CONTROL.goAway:
      return [{ kind: "goAway" }];
    default: {
      // a reply or headers may end the server's side of a stream
      const isAboutStream = [CONTROL.synReply, CONTROL.headers].includes(header.readUInt16BE(2));
      if (!isAboutStream || !isLast) return [];
      return [{ kind: "data", stream: payload.readUInt32BE(0) & 0x7fffffff, payload: Buffer.alloc(0), isLast }];
    }
  }
}

function controlFrame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt16BE(0x8000 | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers);
  const words = entries.flatMap(([name, value]) => [name.toLowerCase(), value]).map((word) => Buffer.from(word));
  return Buffer.concat([length32(entries.length), ...words.flatMap((word) => [length32(word.length), word])]);
}

function length32(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** What a flush leaves in a DEFLATE stream: an empty stored block. Go's reader holds bytes back until it sees one. */
const FLUSH = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

/** A stored block of DEFLATE that is not the last one (a marker, the length and its complement, the bytes), flushed. */
function storedBlock(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(~bytes.length & 0xffff, 3);
  return Buffer.concat([head, bytes, FLUSH]);
}
