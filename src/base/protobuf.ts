import { assertNever } from "./assert-never.ts";
import * as wire from "./wire-reader.ts";
import { type Reader, WIRE } from "./wire-reader.ts";
import type { Writer } from "./wire-writer.ts";
import * as out from "./wire-writer.ts";

/**
 * Message definitions as data, one text a message: `name=number:type` for each field, separated by blanks. Types are the
 * scalars of proto3, `enum`, `map` (of text to text) and names of messages; `[]` marks a repeated field. Texts are taken
 * apart when a message is first met, so that definitions which are never used cost next to nothing.
 */
export type MessageTable = Readonly<Record<string, string>>;

/**
 * Turns messages into protobuf bytes and back. A decoded message has every field: numbers, texts, lists and maps that were
 * not sent read as zero or empty, messages as undefined. 64-bit numbers are bigint, enum values numbers (unknown ones
 * too). Unknown fields are passed over; a field sent twice takes its last value. Bytes are views on what was decoded.
 */
export type Codec = {
  /** Fields that are undefined are not sent. Throws RangeError for a number that its type cannot hold. */
  encode(name: string, message: object): Buffer;
  /** Throws RangeError when the bytes are not a message. */
  decode(name: string, bytes: Buffer): object;
};

/** A message as its sender may write it: every field may be left out, at every depth. */
export type Draft<T> = T extends string | number | bigint | boolean | undefined | Uint8Array
  ? T
  : T extends readonly (infer U)[]
    ? readonly Draft<U>[]
    : string extends keyof T
      ? Readonly<T>
      : { readonly [K in keyof T]?: Draft<T[K]> | undefined };

const SCALARS = ["int32", "int64", "uint32", "uint64", "bool", "string", "bytes", "double", "enum"] as const;
type Scalar = (typeof SCALARS)[number];
type Field = {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  readonly kind: Scalar | "map" | "message";
  /** Name of the field's message, for kind message. */
  readonly message: string;
};
type Type = { readonly fields: readonly Field[]; readonly byNumber: readonly (Field | undefined)[] };
type Fields = Record<string, unknown>;

/** Messages within one message: two bytes are enough for an empty one. @limit The bytes count as no message. */
const MOST_MESSAGES = 500_000;

/** A codec for the messages of a table. */
export function makeCodec(table: MessageTable): Codec {
  /** Messages that the one being decoded may still hold. */
  let left = MOST_MESSAGES;
  /** @bound Definitions of messages: those of the protocol. */
  const types = new Map<string, Type>();

  function typeOf(name: string): Type {
    const known = types.get(name);
    if (known !== undefined) return known;
    const text = table[name];
    if (text === undefined) throw new Error(`protobuf: there is no message ${name}`);
    const type = parseType(text);
    types.set(name, type);
    return type;
  }

  function writeMessage(writer: Writer, type: Type, message: Fields): void {
    for (const field of type.fields) {
      const value = message[field.name];
      if (value === undefined) continue;
      if (field.kind === "map") writeMap(writer, field, value as Readonly<Record<string, string>>);
      else if (field.repeated) writeList(writer, field, value as readonly unknown[]);
      else if (field.kind === "message") writeNested(writer, field, value as Fields);
      else if (!isZero(value)) writeTagged(writer, field, field.kind, value);
    }
  }

  function writeNested(writer: Writer, field: Field, message: Fields): void {
    const type = typeOf(field.message);
    out.writeUint(writer, tagOf(field, WIRE.sized));
    out.writeSized(writer, () => writeMessage(writer, type, message));
  }

  function writeList(writer: Writer, field: Field, values: readonly unknown[]): void {
    const { kind } = field;
    if (values.length === 0 || kind === "map") return;
    if (kind === "message") {
      for (const value of values) writeNested(writer, field, value as Fields);
    } else if (wireOf(kind) === WIRE.sized) {
      for (const value of values) writeTagged(writer, field, kind, value);
    } else {
      out.writeUint(writer, tagOf(field, WIRE.sized));
      out.writeSized(writer, () => {
        for (const value of values) writeScalar(writer, kind, value);
      });
    }
  }

  function readMessage(reader: Reader, type: Type, end: number): Fields {
    left -= 1;
    if (left < 0) throw new RangeError(`protobuf: more than ${MOST_MESSAGES} messages within one`);
    const message = blank(type);
    while (reader.at < end) {
      const tag = wire.readUint32(reader);
      const field = type.byNumber[tag >>> 3];
      if (field === undefined || !accepts(field, tag & 7)) wire.skipValue(reader, tag & 7);
      else readField(reader, field, tag & 7, message);
    }
    if (reader.at !== end) throw new RangeError("protobuf: a value reaches past the end of its message");
    return message;
  }

  function readField(reader: Reader, field: Field, wireType: number, message: Fields): void {
    const { name, kind } = field;
    if (kind === "map") {
      readMapEntry(reader, message[name] as Record<string, string>);
      return;
    }
    if (field.repeated && kind !== "message" && wireType !== wireOf(kind)) {
      const end = wire.readEnd(reader);
      while (reader.at < end) (message[name] as unknown[]).push(readScalar(reader, kind));
      return;
    }
    const value =
      kind === "message" ? readMessage(reader, typeOf(field.message), wire.readEnd(reader)) : readScalar(reader, kind);
    if (field.repeated) (message[name] as unknown[]).push(value);
    else message[name] = value;
  }

  return {
    encode(name, message) {
      const writer = out.makeWriter();
      writeMessage(writer, typeOf(name), message as Fields);
      return writer.bytes.subarray(0, writer.at);
    },
    decode(name, bytes) {
      left = MOST_MESSAGES;
      return readMessage({ bytes, at: 0 }, typeOf(name), bytes.length);
    },
  };
}

function parseType(text: string): Type {
  const fields = text === "" ? [] : text.split(" ").map(parseField);
  const byNumber: (Field | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return { fields, byNumber };
}

function parseField(text: string): Field {
  const [, name, number, type, list] = /^(\w+)=(\d+):(\w+)(\[\])?$/.exec(text) ?? [];
  if (name === undefined || type === undefined) throw new Error(`protobuf: cannot read the definition "${text}"`);
  const scalar = SCALARS.find((one) => one === type);
  const kind = scalar ?? (type === "map" ? "map" : "message");
  return { name, number: Number(number), repeated: list !== undefined, kind, message: kind === "message" ? type : "" };
}

function blank(type: Type): Fields {
  const message: Fields = {};
  for (const field of type.fields) message[field.name] = zeroOf(field);
  return message;
}

const NO_BYTES = Buffer.alloc(0);

function zeroOf(field: Field): unknown {
  if (field.repeated) return [];
  switch (field.kind) {
    case "map":
      return {};
    case "message":
      return undefined;
    case "string":
      return "";
    case "bytes":
      return NO_BYTES;
    case "bool":
      return false;
    case "int64":
    case "uint64":
      return 0n;
    default:
      return 0;
  }
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === "" || value === 0 || value === 0n || value === false;
}

function wireOf(kind: Field["kind"]): number {
  switch (kind) {
    case "string":
    case "bytes":
    case "message":
    case "map":
      return WIRE.sized;
    case "double":
      return WIRE.fixed64;
    default:
      return WIRE.varint;
  }
}

/** Lists of numbers come packed or one by one; both have to be read. */
function accepts(field: Field, wireType: number): boolean {
  return wireType === wireOf(field.kind) || (field.repeated && wireType === WIRE.sized);
}

function tagOf(field: Field, wireType: number): number {
  return field.number * 8 + wireType;
}

function writeTagged(writer: Writer, field: Field, kind: Scalar, value: unknown): void {
  out.writeUint(writer, tagOf(field, wireOf(kind)));
  writeScalar(writer, kind, value);
}

function writeScalar(writer: Writer, kind: Scalar, value: unknown): void {
  switch (kind) {
    case "string":
      out.writeString(writer, value as string);
      break;
    case "bytes":
      out.writeBytes(writer, value as Uint8Array);
      break;
    case "bool":
      out.writeUint(writer, value === true ? 1 : 0);
      break;
    case "int32":
    case "enum":
      out.writeInt32(writer, value as number);
      break;
    case "uint32":
      out.writeUint32(writer, value as number);
      break;
    case "int64":
      out.writeInt64(writer, value as bigint);
      break;
    case "uint64":
      out.writeUint64(writer, value as bigint);
      break;
    case "double":
      out.writeDouble(writer, value as number);
      break;
    default:
      assertNever(kind);
  }
}

function readScalar(reader: Reader, kind: Scalar): unknown {
  switch (kind) {
    case "string":
      return wire.readString(reader);
    case "bytes":
      return wire.readBytes(reader);
    case "bool":
      return wire.readUint32(reader) !== 0;
    case "int32":
    case "enum":
      return wire.readUint32(reader) | 0;
    case "uint32":
      return wire.readUint32(reader);
    case "int64":
      return BigInt.asIntN(64, wire.readUint64(reader));
    case "uint64":
      return wire.readUint64(reader);
    case "double":
      return wire.readDouble(reader);
    default:
      return assertNever(kind);
  }
}

const KEY_TAG = 8 + WIRE.sized;
const VALUE_TAG = 16 + WIRE.sized;

function writeMap(writer: Writer, field: Field, entries: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(entries)) {
    out.writeUint(writer, tagOf(field, WIRE.sized));
    out.writeSized(writer, () => {
      out.writeUint(writer, KEY_TAG);
      out.writeString(writer, key);
      out.writeUint(writer, VALUE_TAG);
      out.writeString(writer, value);
    });
  }
}

function readMapEntry(reader: Reader, entries: Record<string, string>): void {
  const end = wire.readEnd(reader);
  let key = "";
  let value = "";
  while (reader.at < end) {
    const tag = wire.readUint32(reader);
    if (tag === KEY_TAG) key = wire.readString(reader);
    else if (tag === VALUE_TAG) value = wire.readString(reader);
    else wire.skipValue(reader, tag & 7);
  }
  if (reader.at !== end) throw new RangeError("protobuf: a value reaches past the end of its map entry");
  // An assignment to this name would go to the prototype instead.
  if (key === "__proto__") Object.defineProperty(entries, key, { value, enumerable: true, configurable: true });
  else entries[key] = value;
}
