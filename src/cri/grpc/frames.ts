/** Kinds of frames (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
/** Bits of a frame's flags; one is the acknowledgement of settings and pings. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;
export const SETTING = { tableSize: 1, push: 2, window: 4, frameSize: 5 } as const;
/** Reasons of resets. */
export const CANCEL = 8;
export const REFUSED_STREAM = 7;

/** One frame as it came; the payload is a view on what was received. */
export type Frame = {
  readonly kind: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

const HEAD_BYTES = 9;
/** Bytes of a frame's payload, which nobody was allowed to exceed. @limit The connection is closed. */
const FRAME_LIMIT_BYTES = 16_384;

/** A frame ready to be sent. */
export function packFrame(kind: number, flags: number, stream: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = kind;
  frame[4] = flags;
  frame.writeUInt32BE(stream, 5);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

/** A frame that holds one number. */
export function packNumber(kind: number, stream: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(value);
  return packFrame(kind, 0, stream, payload);
}

/** A frame of settings. */
export function packSettings(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [place, [name, value]] of settings.entries()) {
    payload.writeUInt16BE(name, place * 6);
    payload.writeUInt32BE(value, place * 6 + 2);
  }
  return packFrame(FRAME.settings, 0, 0, payload);
}

/** Cuts what comes into frames, and hands each on. Throws RangeError for one that is too long. */
export function makeFrameReader(onFrame: (frame: Frame) => void): (bytes: Buffer) => void {
  let rest: Buffer | undefined;
  return (bytes) => {
    const all = rest === undefined ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const length = all.readUIntBE(at, 3);
      if (length > FRAME_LIMIT_BYTES) throw new RangeError(`http2: a frame of ${length} bytes`);
      const end = at + HEAD_BYTES + length;
      if (end > all.length) break;
      const payload = all.subarray(at + HEAD_BYTES, end);
      const stream = all.readUInt32BE(at + 5) & 0x7fff_ffff;
      onFrame({ kind: all[at + 3] ?? 0, flags: all[at + 4] ?? 0, stream, payload });
      at = end;
    }
    rest = at === all.length ? undefined : all.subarray(at);
  };
}

/** What a frame of data or headers holds besides its padding. Throws RangeError when it holds less than it says. */
export function unpadded({ flags, payload }: Frame): Buffer {
  let from = 0;
  let to = payload.length;
  if (flags & FLAG.padded) {
    from = 1;
    to -= payload[0] ?? 0;
  }
  if (from > to) throw new RangeError("http2: more padding than there is room for");
  return payload.subarray(from, to);
}
