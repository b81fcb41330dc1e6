/**
 * One HTTP/2 connection as a client has it (RFC 9113): streams with a request and an answer each, over a socket.
 *
 * H1  An answer's end is told once: with its fields, or with how it broke off. Nothing is told after a cancel.
 * H2  What came is counted and given back as room before it is half used up, so that no answer waits for room.
 * H3  No more is sent than the server has room for.
 * H4  Once the server says that it goes, no stream begins; those that it still answers go on, then the socket is closed.
 */
import type { Duplex } from "node:stream";
import {
  CANCEL,
  FLAG,
  FRAME,
  type Frame,
  makeFrameReader,
  packFrame,
  packNumber,
  packSettings,
  REFUSED_STREAM,
  SETTING,
  unpadded,
} from "./frames.ts";
import { type Fields, unpackFields } from "./hpack.ts";

/** Who reads an answer. */
export type Reader = {
  data(bytes: Buffer): void;
  /** The answer is complete: its fields, those at its end in place of those before. */
  end(fields: Fields): void;
  /** Without an end; `isUntouched`: the server has not begun with it. */
  broken(reason: string, isUntouched: boolean): void;
};

/** Whom the connection tells of itself, each once. */
export type Owner = {
  /** The server has spoken. */
  ready(): void;
  /** No stream may begin any more. */
  leaving(): void;
  closed(reason: string): void;
};

export type Connection = {
  /** Sends packed fields and a body that is not empty. Returns the way to cancel. */
  begin(fields: Buffer, body: Buffer, reader: Reader): () => void;
  close(): void;
};

type Stream = {
  readonly id: number;
  readonly reader: Reader;
  unsent: Buffer;
  /** Bytes that the server still has room for. */
  room: number;
  /** Bytes that came since room was last given back. */
  came: number;
  fields: Map<string, string>;
};

/** Room for each answer and for all of them. */
const WINDOW_BYTES = 2 ** 26;
const FIRST_WINDOW_BYTES = 65_535;
/** Bytes of packed fields. @limit The connection is closed. */
const FIELDS_LIMIT_BYTES = 65_536;
/** Blocks of fields that were taken apart before: answers begin and end alike. @limit All are forgotten. */
const MOST_BLOCKS = 32;
const LAST_STREAM = 0x7fff_fff0;
const NOTHING = Buffer.alloc(0);
const ACK = packFrame(FRAME.settings, FLAG.ack, 0, NOTHING);

const PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  packSettings([
    [SETTING.tableSize, 0],
    [SETTING.push, 0],
    [SETTING.window, WINDOW_BYTES],
  ]),
  packNumber(FRAME.windowUpdate, 0, WINDOW_BYTES - FIRST_WINDOW_BYTES),
]);

/** Speaks over a socket, which may still be connecting. */
export function openConnection(socket: Duplex, owner: Owner): Connection {
  /** @bound Calls under way: those that gates let in, stops, and one list. */
  const streams = new Map<number, Stream>();
  /** @bound MOST_BLOCKS */
  const blocks = new Map<string, Fields>();
  let nextId = 1;
  let room = FIRST_WINDOW_BYTES;
  let streamRoom = FIRST_WINDOW_BYTES;
  let frameBytes = 16_384;
  let came = 0;
  let isReady = false;
  let isLeaving = false;
  let block: { readonly stream: number; readonly flags: number; bytes: Buffer } | undefined;

  const send = (bytes: Buffer): void => void (socket.writable && socket.write(bytes));
  const drop = (id: number): Stream | undefined => {
    const stream = streams.get(id);
    streams.delete(id);
    if (isLeaving && streams.size === 0) socket.end();
    return stream;
  };
  /** All of the body that there is room for, as frames. */
  const take = (stream: Stream): Buffer[] => {
    const frames: Buffer[] = [];
    while (stream.unsent.length > 0) {
      const length = Math.min(stream.unsent.length, frameBytes, room, stream.room);
      if (length <= 0) break;
      const part = stream.unsent.subarray(0, length);
      stream.unsent = stream.unsent.subarray(length);
      room -= length;
      stream.room -= length;
      frames.push(packFrame(FRAME.data, stream.unsent.length === 0 ? FLAG.endStream : 0, stream.id, part));
    }
    return frames;
  };
  const sendMore = (): void => {
    for (const stream of streams.values()) for (const frame of take(stream)) send(frame);
  };

  const onData = (frame: Frame): void => {
    const length = frame.payload.length;
    came += length;
    if (came >= WINDOW_BYTES / 2) {
      send(packNumber(FRAME.windowUpdate, 0, came));
      came = 0;
    }
    const stream = streams.get(frame.stream);
    if (stream === undefined) return;
    stream.came += length;
    if (stream.came >= WINDOW_BYTES / 2) {
      send(packNumber(FRAME.windowUpdate, stream.id, stream.came));
      stream.came = 0;
    }
    const bytes = unpadded(frame);
    if (bytes.length > 0) stream.reader.data(bytes);
    if (frame.flags & FLAG.endStream) drop(frame.stream)?.reader.end(stream.fields);
  };
  const onHeaders = (frame: Frame): void => {
    const bytes = unpadded(frame).subarray(frame.flags & FLAG.priority ? 5 : 0);
    block = { stream: frame.stream, flags: frame.flags, bytes };
    if (frame.flags & FLAG.endHeaders) onBlock();
  };
  const onContinuation = (frame: Frame): void => {
    if (block === undefined || block.stream !== frame.stream) throw new RangeError("http2: what does this continue?");
    block.bytes = Buffer.concat([block.bytes, frame.payload]);
    if (block.bytes.length > FIELDS_LIMIT_BYTES) throw new RangeError("http2: too many fields");
    if (frame.flags & FLAG.endHeaders) onBlock();
  };
  const onBlock = (): void => {
    if (block === undefined) return;
    const { stream: id, flags, bytes } = block;
    block = undefined;
    const fields = unpack(bytes);
    const stream = streams.get(id);
    if (stream === undefined) return;
    for (const [name, value] of fields) stream.fields.set(name, value);
    if (flags & FLAG.endStream) drop(id)?.reader.end(stream.fields);
  };
  const unpack = (bytes: Buffer): Fields => {
    const key = bytes.toString("latin1");
    const before = blocks.get(key);
    if (before !== undefined) return before;
    const fields = unpackFields(bytes);
    if (blocks.size >= MOST_BLOCKS) blocks.clear();
    blocks.set(key, fields);
    return fields;
  };
  const onSettings = (frame: Frame): void => {
    if (frame.flags & FLAG.ack) return;
    for (let at = 0; at + 6 <= frame.payload.length; at += 6) {
      note(frame.payload.readUInt16BE(at), frame.payload.readUInt32BE(at + 2));
    }
    send(ACK);
    if (!isReady) {
      isReady = true;
      owner.ready();
    }
    sendMore();
  };
  const note = (setting: number, value: number): void => {
    if (setting === SETTING.frameSize) frameBytes = value;
    if (setting !== SETTING.window) return;
    for (const stream of streams.values()) stream.room += value - streamRoom;
    streamRoom = value;
  };
  const onWindowUpdate = ({ stream: id, payload }: Frame): void => {
    const more = payload.readUInt32BE(0) & 0x7fff_ffff;
    const stream = streams.get(id);
    if (id === 0) room += more;
    else if (stream !== undefined) stream.room += more;
    sendMore();
  };
  const onGoAway = (last: number): void => {
    const untouched = [...streams.keys()].filter((id) => id > last);
    for (const id of untouched) drop(id)?.reader.broken("the server goes away", true);
    leave();
  };
  const leave = (): void => {
    if (isLeaving) return;
    isLeaving = true;
    owner.leaving();
    if (streams.size === 0) socket.end();
  };
  const onFrame = (frame: Frame): void => {
    if (block !== undefined && frame.kind !== FRAME.continuation) throw new RangeError("http2: fields were not ended");
    onKind[frame.kind]?.(frame);
  };
  const onReset = (frame: Frame): void => {
    const code = frame.payload.readUInt32BE(0);
    drop(frame.stream)?.reader.broken(`the server broke it off with code ${code}`, code === REFUSED_STREAM);
  };
  const onPing = ({ flags, payload }: Frame): void => {
    if (!(flags & FLAG.ack)) send(packFrame(FRAME.ping, FLAG.ack, 0, payload));
  };
  const onPush = (): never => {
    throw new RangeError("http2: a push was not allowed");
  };
  /** Frames of other kinds are passed over. */
  const onKind: Readonly<Record<number, (frame: Frame) => void>> = {
    [FRAME.data]: onData,
    [FRAME.headers]: onHeaders,
    [FRAME.continuation]: onContinuation,
    [FRAME.reset]: onReset,
    [FRAME.settings]: onSettings,
    [FRAME.ping]: onPing,
    [FRAME.goAway]: ({ payload }) => onGoAway(payload.readUInt32BE(0) & 0x7fff_ffff),
    [FRAME.windowUpdate]: onWindowUpdate,
    [FRAME.pushPromise]: onPush,
  };

  const read = makeFrameReader(onFrame);
  socket.on("data", (bytes: Buffer) => {
    try {
      read(bytes);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  });
  let fault = "the connection was closed";
  socket.on("error", ({ message }: Error) => {
    fault = message;
  });
  socket.on("close", () => {
    const open = [...streams.values()];
    streams.clear();
    for (const { reader } of open) reader.broken(fault, false);
    owner.closed(fault);
  });
  socket.write(PREFACE);

  return {
    begin(fields, body, reader) {
      const id = nextId;
      nextId += 2;
      const stream: Stream = { id, reader, unsent: body, room: streamRoom, came: 0, fields: new Map() };
      streams.set(id, stream);
      send(Buffer.concat([packFrame(FRAME.headers, FLAG.endHeaders, id, fields), ...take(stream)]));
      if (nextId > LAST_STREAM) leave();
      return () => {
        if (drop(id) !== undefined) send(packNumber(FRAME.reset, id, CANCEL));
      };
    },
    close: () => void socket.destroy(),
  };
}
