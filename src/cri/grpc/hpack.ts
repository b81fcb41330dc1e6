/**
 * Fields of headers as HTTP/2 packs them (RFC 7541), without the table that both ends would have to keep: this end allows
 * it no room, so that every block stands for itself.
 */
export type Fields = ReadonlyMap<string, string>;

/** Names that have a number, with the value that goes with it, from 1 on. */
const STATIC =
  `:authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|\
:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|\
accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|\
content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|\
if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|\
proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|\
vary|via|www-authenticate`
    .split("|")
    .map((entry): readonly [string, string] => {
      const [name = "", value = ""] = entry.split("=");
      return [name, value];
    });

/** Bits of the code of each byte and of the end, from a for 5 on. The code is canonical: it follows from its lengths. */
const CODE_LENGTHS =
  "isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabcccc" +
  "ckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvw" +
  "vvwwwwwxwwwwwvz";
const END = 256;

/** Packs fields in full. */
export function packFields(fields: readonly (readonly [string, string])[]): Buffer {
  const parts = fields.flatMap(([name, value]) => [Buffer.from([0]), packText(name), packText(value)]);
  return Buffer.concat(parts);
}

function packText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 0x7f) length.push(rest);
  else {
    length.push(0x7f);
    for (rest -= 0x7f; rest > 0x7f; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

type Place = { readonly bytes: Buffer; at: number };

/** Takes a block of fields apart; of a name that comes twice the last value counts. Throws RangeError when it is none. */
export function unpackFields(bytes: Buffer): Fields {
  const fields = new Map<string, string>();
  const place: Place = { bytes, at: 0 };
  while (place.at < bytes.length) {
    const first = bytes[place.at] ?? 0;
    if (first >= 0x80) fields.set(...known(readNumber(place, 7)));
    else if (first >= 0x40) fields.set(...readField(place, 6));
    else if (first >= 0x20) readTableSize(place);
    else fields.set(...readField(place, 4));
  }
  return fields;
}

function readField(place: Place, bits: number): readonly [string, string] {
  const number = readNumber(place, bits);
  const name = number === 0 ? readText(place) : known(number)[0];
  return [name, readText(place)];
}

function readTableSize(place: Place): void {
  if (readNumber(place, 5) > 0) throw new RangeError("hpack: a table of fields was not allowed");
}

function known(number: number): readonly [string, string] {
  const entry = STATIC[number - 1];
  if (entry === undefined) throw new RangeError(`hpack: there is no field ${number}`);
  return entry;
}

/** A number that begins in the low bits of a byte. */
function readNumber(place: Place, bits: number): number {
  const most = 2 ** bits - 1;
  let value = readByte(place) & most;
  if (value < most) return value;
  for (let scale = 1; scale < 2 ** 29; scale *= 0x80) {
    const byte = readByte(place);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new RangeError("hpack: a number is too large");
}

function readText(place: Place): string {
  const isPacked = ((place.bytes[place.at] ?? 0) & 0x80) !== 0;
  const length = readNumber(place, 7);
  const end = place.at + length;
  if (end > place.bytes.length) throw new RangeError("hpack: a text reaches past the end of its block");
  const bytes = place.bytes.subarray(place.at, end);
  place.at = end;
  return isPacked ? unpackText(bytes) : bytes.toString("latin1");
}

function readByte(place: Place): number {
  const byte = place.bytes[place.at];
  if (byte === undefined) throw new RangeError("hpack: the block ends in the middle of a field");
  place.at += 1;
  return byte;
}

/** By length of code: the first code of that length, and the bytes that have one, in order. */
type Code = readonly { readonly first: number; readonly symbols: readonly number[] }[];
let code: Code | undefined;

function makeCode(): Code {
  const lengths = Array.from(CODE_LENGTHS, (letter) => letter.charCodeAt(0) - 97 + 5);
  const longest = Math.max(...lengths);
  let first = 0;
  return Array.from({ length: longest + 1 }, (_, length) => {
    first *= 2;
    const symbols = lengths.flatMap((one, symbol) => (one === length ? [symbol] : []));
    const level = { first, symbols };
    first += symbols.length;
    return level;
  });
}

function unpackText(bytes: Buffer): string {
  code ??= makeCode();
  let text = "";
  let value = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      value = value * 2 + ((byte >> bit) & 1);
      length += 1;
      const symbol = code[length]?.symbols[value - (code[length]?.first ?? 0)];
      if (symbol === END || length > 30) throw new RangeError("hpack: a text holds what is no code");
      if (symbol === undefined) continue;
      text += String.fromCharCode(symbol);
      value = 0;
      length = 0;
    }
  }
  if (length > 7 || value !== 2 ** length - 1) throw new RangeError("hpack: a text ends in the middle of a code");
  return text;
}
