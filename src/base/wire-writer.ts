/** Protobuf bytes in the making: a buffer that grows, and how much of it is used. */
export type Writer = { bytes: Buffer; at: number };

const FIRST_BYTES = 512;

/** An empty message. */
export function makeWriter(): Writer {
  return { bytes: Buffer.allocUnsafe(FIRST_BYTES), at: 0 };
}

/** A whole number from 0 to 2^53 as varint. */
export function writeUint(writer: Writer, value: number): void {
  reserve(writer, 10);
  let rest = value;
  while (rest > 0x7f) {
    writer.bytes[writer.at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  writer.bytes[writer.at++] = rest;
}

/** An int32 or enum value. A negative one goes out sign-extended to 64 bits. */
export function writeInt32(writer: Writer, value: number): void {
  if ((value | 0) !== value) throw new RangeError(`protobuf: ${value} is not an int32`);
  if (value >= 0) writeUint(writer, value);
  else writeUint64(writer, BigInt.asUintN(64, BigInt(value)));
}

/** A uint32 value. */
export function writeUint32(writer: Writer, value: number): void {
  if (value >>> 0 !== value) throw new RangeError(`protobuf: ${value} is not a uint32`);
  writeUint(writer, value);
}

/** An int64 value, exactly. */
export function writeInt64(writer: Writer, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`protobuf: ${value} is not an int64`);
  writeUint64(writer, BigInt.asUintN(64, value));
}

/** A uint64 value, exactly. */
export function writeUint64(writer: Writer, value: bigint): void {
  if (BigInt.asUintN(64, value) !== value) throw new RangeError(`protobuf: ${value} is not a uint64`);
  reserve(writer, 10);
  let rest = value;
  while (rest > 0x1f_ffff_ffff_ffffn) {
    writer.bytes[writer.at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  writeUint(writer, Number(rest));
}

/** Eight bytes of a floating-point number. */
export function writeDouble(writer: Writer, value: number): void {
  reserve(writer, 8);
  writer.at = writer.bytes.writeDoubleLE(value, writer.at);
}

/** A text with its length. */
export function writeString(writer: Writer, text: string): void {
  const length = Buffer.byteLength(text);
  writeUint(writer, length);
  reserve(writer, length);
  writer.at += writer.bytes.write(text, writer.at);
}

/** Bytes with their length. */
export function writeBytes(writer: Writer, bytes: Uint8Array): void {
  writeUint(writer, bytes.length);
  reserve(writer, bytes.length);
  writer.bytes.set(bytes, writer.at);
  writer.at += bytes.length;
}

/**
 * What `write` puts out, with its length before it. One byte is kept for the length; a longer body is pushed aside, which
 * costs less than measuring every message twice.
 */
export function writeSized(writer: Writer, write: () => void): void {
  reserve(writer, 1);
  const start = writer.at + 1;
  writer.at = start;
  write();
  const end = writer.at;
  const length = end - start;
  const extra = length < 0x80 ? 0 : length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : length < 0x1000_0000 ? 3 : 4;
  reserve(writer, extra);
  writer.bytes.copyWithin(start + extra, start, end);
  writer.at = start - 1;
  writeUint(writer, length);
  writer.at = end + extra;
}

function reserve(writer: Writer, length: number): void {
  const needed = writer.at + length;
  if (needed <= writer.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 2));
  writer.bytes.copy(larger, 0, 0, writer.at);
  writer.bytes = larger;
}
