/** A place in received protobuf bytes. The functions below read one thing each and move it on. */
export type Reader = { readonly bytes: Buffer; at: number };

/** How a value is laid out on the wire, by the number that stands in its tag. */
export const WIRE = { varint: 0, fixed64: 1, sized: 2, fixed32: 5 } as const;

/** The low 32 bits of a varint, unsigned. A negative int32 comes in ten bytes, of which only the first five matter. */
export function readUint32(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = nextByte(reader);
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw new RangeError("protobuf: a number is longer than ten bytes");
}

/** A varint in full, unsigned. Seven bytes fit a double exactly, so most numbers need a single conversion. */
export function readUint64(reader: Reader): bigint {
  const low = readGroups(reader, 7);
  if (low.ended) return BigInt(low.value);
  const high = readGroups(reader, 3);
  if (!high.ended) throw new RangeError("protobuf: a number is longer than ten bytes");
  return BigInt.asUintN(64, (BigInt(high.value) << 49n) | BigInt(low.value));
}

function readGroups(reader: Reader, count: number): { readonly value: number; readonly ended: boolean } {
  let value = 0;
  let scale = 1;
  for (let group = 0; group < count; group++) {
    const byte = nextByte(reader);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, ended: true };
    scale *= 0x80;
  }
  return { value, ended: false };
}

/** Eight bytes as a floating-point number. */
export function readDouble(reader: Reader): number {
  const start = take(reader, 8);
  return reader.bytes.readDoubleLE(start);
}

/** A text; bytes that are not UTF-8 become replacement characters. */
export function readString(reader: Reader): string {
  const length = readUint32(reader);
  const start = take(reader, length);
  return reader.bytes.toString("utf8", start, reader.at);
}

/** Bytes as they are: a view that keeps the whole received message in memory. */
export function readBytes(reader: Reader): Buffer {
  const length = readUint32(reader);
  const start = take(reader, length);
  return reader.bytes.subarray(start, reader.at);
}

/** Where the sized value that begins here ends; never past what was received. */
export function readEnd(reader: Reader): number {
  const length = readUint32(reader);
  const end = reader.at + length;
  if (end > reader.bytes.length) throw torn();
  return end;
}

/** Passes over a value that nobody asked for. */
export function skipValue(reader: Reader, wire: number): void {
  switch (wire) {
    case WIRE.varint:
      readUint32(reader);
      return;
    case WIRE.fixed64:
      take(reader, 8);
      return;
    case WIRE.sized:
      take(reader, readUint32(reader));
      return;
    case WIRE.fixed32:
      take(reader, 4);
      return;
    default:
      throw new RangeError(`protobuf: unknown wire type ${wire}`);
  }
}

function nextByte(reader: Reader): number {
  const byte = reader.bytes[reader.at];
  if (byte === undefined) throw torn();
  reader.at += 1;
  return byte;
}

function take(reader: Reader, length: number): number {
  const start = reader.at;
  if (start + length > reader.bytes.length) throw torn();
  reader.at = start + length;
  return start;
}

function torn(): RangeError {
  return new RangeError("protobuf: the message ends in the middle of a value");
}
