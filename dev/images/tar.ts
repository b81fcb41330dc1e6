/** One member of a tar archive. Modes are octal permission bits; a link names its target; a directory has no body. */
export type TarEntry =
  | { kind: "file"; path: string; mode: number; body: Buffer }
  | { kind: "directory"; path: string; mode: number }
  | { kind: "link"; path: string; target: string };

const blockBytes = 512;

/** Packs entries into an ustar archive: owner root, time 0, so that equal entries always give equal bytes. */
export function packTar(entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(packEntry), Buffer.alloc(2 * blockBytes)]);
}

function packEntry(entry: TarEntry): Buffer[] {
  switch (entry.kind) {
    case "file":
      return [header(entry.path, "0", entry.mode, entry.body.length, ""), entry.body, padding(entry.body.length)];
    case "directory":
      return [header(`${entry.path}/`, "5", entry.mode, 0, "")];
    case "link":
      return [header(entry.path, "2", 0o777, 0, entry.target)];
  }
}

function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}

/** An ustar header. Paths over 100 bytes would need a prefix field, which no image here does: they throw. */
function header(path: string, type: string, mode: number, size: number, target: string): Buffer {
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(target) > 100) throw new Error(`tar: path too long: ${path}`);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1"); // the checksum counts its own field as blanks
  block.write(type, 156, "latin1");
  block.write(target, 157);
  block.write("ustar\0" + "00", 257, "latin1");
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
