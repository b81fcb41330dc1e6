/**
 * The protocol `berth-stream/1`: after an HTTP upgrade both sides send frames of one channel byte, four bytes of length (big
 * endian) and so many bytes. The client sends stdin, its end, and sizes; the server sends stdout, stderr, and one result last.
 */
import type { Writable } from "node:stream";

export const STREAM_PROTOCOL = "berth-stream/1";

/** What a frame carries. The numbers are part of the protocol. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, result: 3, resize: 4, stdinEnd: 5 } as const;
export type Channel = keyof typeof CHANNEL;

/** The last frame of a session, as JSON: how the command ended, or why it could not be run. */
export type SessionResult =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "failed"; readonly message: string };

/** A terminal's size in characters; the payload of a resize frame as JSON. */
export type TerminalSize = { readonly width: number; readonly height: number };

export type Frame = { readonly channel: Channel; readonly payload: Buffer };

/** Bytes of one frame of an exec session. @limit What is sent is split; a client that sends more is cut off. */
export const LONGEST_PAYLOAD_BYTES = 256 * 1024;
const HEADER_BYTES = 5;
const NAMES = new Map<number, Channel>(Object.entries(CHANNEL).map(([name, number]) => [number, name as Channel]));

/**
 * Writes a payload of any length as one frame, or as many as it takes, without copying it. False when the caller should wait
 * for `drain`.
 */
export function writeFrames(socket: Writable, channel: Channel, payload: Uint8Array): boolean {
  let hasRoom = true;
  socket.cork();
  for (let from = 0; from === 0 || from < payload.length; from += LONGEST_PAYLOAD_BYTES) {
    const part = payload.subarray(from, from + LONGEST_PAYLOAD_BYTES);
    hasRoom = socket.write(frameHeader(channel, part.length));
    if (part.length > 0) hasRoom = socket.write(part);
  }
  socket.uncork();
  return hasRoom;
}

function frameHeader(channel: Channel, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(CHANNEL[channel], 0);
  header.writeUInt32BE(length, 1);
  return header;
}

/** A frame whose payload is JSON. */
export function encodeJsonFrame(channel: "result" | "resize", value: SessionResult | TerminalSize): Buffer {
  const payload = Buffer.from(JSON.stringify(value));
  return Buffer.concat([frameHeader(channel, payload.length), payload]);
}

/** Takes bytes as they come and gives whole frames. Throws when the other side does not speak the protocol. */
export function makeFrameReader(): (chunk: Uint8Array) => Frame[] {
  const split = makeSplitter(HEADER_BYTES, (header) => header.readUInt32BE(1), LONGEST_PAYLOAD_BYTES);
  return (chunk) =>
    split(chunk).map(({ header, payload }) => {
      const channel = NAMES.get(header.readUInt8(0));
      if (channel === undefined) throw new Error(`unknown channel ${header.readUInt8(0)}`);
      return { channel, payload };
    });
}

/** Cuts a stream of bytes at fixed headers that tell the length of what follows. Keeps at most one unfinished piece. */
export function makeSplitter(
  headerBytes: number,
  payloadBytes: (header: Buffer) => number,
  longestBytes: number,
): (chunk: Uint8Array) => { header: Buffer; payload: Buffer }[] {
  /** @bound Bytes of an unfinished frame: one frame and what came with its end. */
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  let wantedBytes = headerBytes;

  return (chunk) => {
    parts.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < wantedBytes) return [];
    let rest = parts.length === 1 ? asBuffer(chunk) : Buffer.concat(parts, heldBytes);
    const pieces: { header: Buffer; payload: Buffer }[] = [];
    wantedBytes = headerBytes;
    while (rest.length >= headerBytes) {
      const header = rest.subarray(0, headerBytes);
      const length = payloadBytes(header);
      if (length > longestBytes) throw new Error(`a frame of ${length} bytes is too long`);
      wantedBytes = headerBytes + length;
      if (rest.length < wantedBytes) break;
      pieces.push({ header, payload: rest.subarray(headerBytes, wantedBytes) });
      rest = rest.subarray(wantedBytes);
      wantedBytes = headerBytes;
    }
    parts = rest.length > 0 ? [rest] : [];
    heldBytes = rest.length;
    return pieces;
  };
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
