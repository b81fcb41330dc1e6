/** One member of a tar archive. Modes are octal permission bits; a link names its target; a directory has no body. */
export type TarEntry =
  | { kind: "file"; path: string; mode: number; body: Buffer }
  | { kind: "directory"; path: string; mode: number }
  | { kind: "link"; path: string; target: string };

/** What stands at the head of a member, before its body. */
export type TarHead = {
  readonly kind: TarEntry["kind"];
  readonly path: string;
  readonly mode: number;
  /** Of the body. */
  readonly sizeBytes: number;
  readonly target: string;
  readonly modifiedSeconds: number;
};

export const TAR_BLOCK_BYTES = 512;
/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK_BYTES);
export const TAR_TYPES = { file: "0", link: "2", directory: "5" } as const;

/** Packs entries into an ustar archive: owner root, time 0, so that equal entries always give equal bytes. */
export function packTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(packEntry), TAR_END]);
}

function packEntry(entry: TarEntry): Buffer[] {
  const { kind, path } = entry;
  const plain = { kind, path, mode: 0o777, sizeBytes: 0, target: "", modifiedSeconds: 0 };
  switch (entry.kind) {
    case "file": {
      const { mode, body } = entry;
      return [tarHead({ ...plain, mode, sizeBytes: body.length }), body, tarPadding(body.length)];
    }
    case "directory":
      return [tarHead({ ...plain, mode: entry.mode })];
    case "link":
      return [tarHead({ ...plain, target: entry.target })];
  }
}

/** The zeros between a body of so many bytes and the next member. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}

const LONGEST_NAME_BYTES = 100;
/** Twelve octal digits hold no more: 8 GiB. */
const LARGEST_OCTAL = 0o77777777777;

/** The head of a member: an ustar header, and before it an extended one for whatever does not fit. */
export function tarHead(head: TarHead): Buffer {
  const path = head.kind === "directory" ? `${head.path}/` : head.path;
  const records = [
    ...(Buffer.byteLength(path) > LONGEST_NAME_BYTES ? [record("path", path)] : []),
    ...(Buffer.byteLength(head.target) > LONGEST_NAME_BYTES ? [record("linkpath", head.target)] : []),
    ...(head.sizeBytes > LARGEST_OCTAL ? [record("size", String(head.sizeBytes))] : []),
  ];
  const plain = header({ ...head, path, type: TAR_TYPES[head.kind] });
  if (records.length === 0) return plain;
  const body = Buffer.from(records.join(""));
  const extended = header({ ...head, path: "PaxHeader", target: "", type: "x", sizeBytes: body.length });
  return Buffer.concat([extended, body, tarPadding(body.length), plain]);
}

/** `LENGTH name=value\n`, where the length counts its own digits, too. */
function record(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length) length = bytes + String(length).length;
  return `${length}${rest}`;
}

function header(head: Omit<TarHead, "kind"> & { readonly type: string }): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  block.set(Buffer.from(head.path).subarray(0, LONGEST_NAME_BYTES), 0);
  octal(head.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(head.sizeBytes, LARGEST_OCTAL), 124, 12);
  octal(head.modifiedSeconds, 136, 12);
  block.write("        ", 148, "latin1"); // the checksum counts its own field as blanks
  block.write(head.type, 156, "latin1");
  block.set(Buffer.from(head.target).subarray(0, LONGEST_NAME_BYTES), 157);
  block.write("ustar\0" + "00", 257, "latin1");
  octal(tarChecksum(block), 148, 7);
  block.write(" ", 155, "latin1");
  return block;
}

/** The sum of a header's bytes, its own field counted as blanks. */
export function tarChecksum(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}
