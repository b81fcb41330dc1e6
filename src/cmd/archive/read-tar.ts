import type { ByteSource } from "./byte-source.ts";
import { TAR_BLOCK_BYTES, tarChecksum } from "./tar.ts";

/** One member as it is read. Its body must be read, or left, before the next one is asked for. */
export type ReadMember = {
  readonly kind: "file" | "directory" | "symbolicLink" | "hardLink" | "other";
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly target: string;
  readonly body: AsyncIterable<Buffer>;
};

/** Names longer than this, and extended headers, are not read: they would only fill the memory. */
const LONGEST_HEADER_BYTES = 1024 * 1024;

/**
 * Members of a tar archive in the forms that GNU tar, busybox and bsdtar write: ustar, extended headers, GNU long names. Throws
 * when it is not one, or ends in the middle of one.
 */
export async function* readTar(source: ByteSource): AsyncGenerator<ReadMember> {
  let told: Told = {};
  for (;;) {
    const block = await source.take(TAR_BLOCK_BYTES);
    if (block.length === 0 || block.every((byte) => byte === 0)) {
      for await (const _ of source.pass(Number.POSITIVE_INFINITY)); // what stands behind the end is padding
      return;
    }
    const head = readHeader(block);
    const more = readers[head.type];
    if (more !== undefined) {
      if (head.sizeBytes > LONGEST_HEADER_BYTES) throw new Error("the archive has a header that is too long");
      const text = (await source.take(head.sizeBytes)).toString();
      await skip(source, paddingAfter(head.sizeBytes));
      told = { ...told, ...more(text) };
      continue;
    }
    const kind = KINDS[head.type] ?? "other";
    const sizeBytes = kind === "file" || kind === "other" ? (told.sizeBytes ?? head.sizeBytes) : 0;
    const path = told.path ?? head.path;
    const target = told.target ?? head.target;
    told = {};
    let left = sizeBytes;
    const body = async function* () {
      for await (const piece of source.pass(sizeBytes)) {
        left -= piece.length;
        yield piece;
      }
      if (left > 0) throw new Error(`the archive ends in the middle of ${path}`);
    };
    yield { kind, path, mode: head.mode, sizeBytes, target, body: body() };
    await skip(source, left + paddingAfter(sizeBytes));
  }
}

const KINDS: Readonly<Record<string, ReadMember["kind"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardLink",
  "2": "symbolicLink",
  "5": "directory",
};

/** What members that are about the next one say of it. */
type Told = { readonly path?: string; readonly target?: string; readonly sizeBytes?: number };
const readers: Readonly<Record<string, (text: string) => Told>> = {
  L: (text) => ({ path: untilZero(text) }),
  K: (text) => ({ target: untilZero(text) }),
  x: readRecords,
  g: () => ({}),
};

function readRecords(text: string): Told {
  const bytes = Buffer.from(text);
  const told: { path?: string; target?: string; sizeBytes?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const [, digits = "", length = ""] = /^((\d+) )/.exec(bytes.toString("latin1", at, at + 21)) ?? [];
    const end = at + Number(length);
    if (digits === "" || end <= at || end > bytes.length) throw new Error("the archive has a broken extended header");
    const [name, ...value] = bytes.toString("utf8", at + digits.length, end - 1).split("=");
    if (name === "path") told.path = value.join("=");
    if (name === "linkpath") told.target = value.join("=");
    if (name === "size") told.sizeBytes = Number(value.join("="));
    at = end;
  }
  return told;
}

function readHeader(block: Buffer) {
  if (block.length < TAR_BLOCK_BYTES) throw new Error("the archive ends in the middle of a header");
  if (numberIn(block, 148, 8) !== tarChecksum(block)) throw new Error("this is not a tar archive");
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? textIn(block, 345, 155) : "";
  const name = textIn(block, 0, 100);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    mode: numberIn(block, 100, 8) & 0o777,
    sizeBytes: numberIn(block, 124, 12),
    type: block.toString("latin1", 156, 157),
    target: textIn(block, 157, 100),
  };
}

const textIn = (block: Buffer, at: number, length: number): string =>
  untilZero(block.toString("utf8", at, at + length));
const untilZero = (text: string): string => text.split("\0", 1)[0] ?? "";

/** A number in octal, or in binary behind a set first bit, as GNU tar writes large ones. */
function numberIn(block: Buffer, at: number, length: number): number {
  if ((block.readUInt8(at) & 0x80) !== 0) return block.readUIntBE(at + length - 6, 6);
  return Number.parseInt(block.toString("latin1", at, at + length).replace(/[\0 ]+/g, "") || "0", 8);
}

const paddingAfter = (sizeBytes: number): number => (TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;

async function skip(source: ByteSource, count: number): Promise<void> {
  for await (const _ of source.pass(count));
}
