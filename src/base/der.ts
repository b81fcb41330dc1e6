/**
 * DER, as far as certificates and requests for them are made of it (X.690). Each function gives one encoded value; those that
 * are made of others take them encoded.
 */
export const DER = {
  sequence: (...parts: readonly Uint8Array[]): Buffer => tagged(0x30, ...parts),
  set: (...parts: readonly Uint8Array[]): Buffer => tagged(0x31, ...parts),
  /** A number that is not negative, its bytes the highest first. */
  integer: (bytes: Uint8Array): Buffer => tagged(0x02, unsigned(bytes)),
  boolean: (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0)),
  /** As in `1.2.840.10045.2.1`. */
  oid: (dotted: string): Buffer => tagged(0x06, oidBytes(dotted)),
  text: (value: string): Buffer => tagged(0x0c, Buffer.from(value)),
  octets: (...parts: readonly Uint8Array[]): Buffer => tagged(0x04, ...parts),
  /** Whole bytes, unless so many bits of the last one do not count. */
  bits: (bytes: Uint8Array, unused = 0): Buffer => tagged(0x03, Buffer.of(unused), bytes),
  /** A moment to the second, as certificates have it (RFC 5280 4.1.2.5). */
  time: (wallMs: number): Buffer => timeOf(wallMs),
  /** `[n]` around values of their own tags. */
  explicit: (place: number, ...parts: readonly Uint8Array[]): Buffer => tagged(0xa0 + place, ...parts),
  /** `[n]` in place of a value's own tag, for values that are not made of others. */
  implicit: (place: number, bytes: Uint8Array): Buffer => tagged(0x80 + place, bytes),
} as const;

/** An encoded value as PEM, as in `PEM("CERTIFICATE", bytes)`. */
export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.of(tag), lengthBytes(length), ...parts]);
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes = numberBytes(length);
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

function numberBytes(value: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/** Without needless zeros in front, and with the one that keeps a high first bit from meaning a minus. */
function unsigned(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first < 0 ? Buffer.of(0) : Buffer.from(bytes.subarray(first));
  return (shortest[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), shortest]) : shortest;
}

function oidBytes(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return Buffer.from([first * 40 + second, ...rest].flatMap(base128));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left % 128) | 0x80);
  return digits;
}

/** Years from 2050 on take four digits. */
function timeOf(wallMs: number): Buffer {
  const digits = `${new Date(wallMs).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
  return digits < "2050" ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
