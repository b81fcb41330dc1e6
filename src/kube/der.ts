/** Values in DER, as much of it as certificates and requests for them are made of (X.690). */

const TAG = { integer: 0x02, bits: 0x03, objectId: 0x06, text: 0x0c, sequence: 0x30, set: 0x31 } as const;

/** One value: its tag, its length, and what it holds. */
export function derValue(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const derSequence = (...parts: readonly Uint8Array[]): Buffer => derValue(TAG.sequence, ...parts);
export const derSet = (...parts: readonly Uint8Array[]): Buffer => derValue(TAG.set, ...parts);
export const derText = (text: string): Buffer => derValue(TAG.text, Buffer.from(text, "utf8"));
/** A whole number from 0 to 127. */
export const derSmall = (number: number): Buffer => derValue(TAG.integer, Buffer.from([number]));
/** Bits whose number is a multiple of 8. */
export const derBits = (bytes: Uint8Array): Buffer => derValue(TAG.bits, Buffer.from([0]), bytes);

/** An object identifier, written with dots. */
export function derObjectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return derValue(TAG.objectId, Buffer.from([40 * first + second, ...rest.flatMap(sevenBitDigits)]));
}

/** Its digits to the base of 128, all but the last marked. */
function sevenBitDigits(number: number): number[] {
  const digits = [number & 0x7f];
  for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128))
    digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left & 0xff);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}
