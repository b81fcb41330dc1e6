const LOAD = 1;

/**
 * A 64-bit little-endian ELF program without what the kernel and the loader never look at: debugging data, the symbol table
 * and the section headers, all of which lie behind the last loaded segment. Works for every such architecture on every
 * other, and needs no compiler tools. Throws for anything else.
 */
export function stripProgram(program: Buffer): Buffer {
  const isElf = program.readUInt32BE(0) === 0x7f454c46;
  const is64LittleEndian = program[4] === 2 && program[5] === 1;
  if (!isElf || !is64LittleEndian) throw new Error("not a 64-bit little-endian ELF program");
  const end = endOfSegments(program);
  const stripped = Buffer.from(program.subarray(0, end));
  stripped.writeBigUInt64LE(0n, 0x28); // e_shoff: no section headers
  stripped.writeUInt16LE(0, 0x3c); // e_shnum
  stripped.writeUInt16LE(0, 0x3e); // e_shstrndx
  return stripped;
}

function endOfSegments(program: Buffer): number {
  const table = Number(program.readBigUInt64LE(0x20));
  const size = program.readUInt16LE(0x36);
  const count = program.readUInt16LE(0x38);
  let end = table + size * count;
  for (let place = 0; place < count; place += 1) {
    const at = table + place * size;
    if (program.readUInt32LE(at) !== LOAD) continue;
    end = Math.max(end, Number(program.readBigUInt64LE(at + 0x08) + program.readBigUInt64LE(at + 0x20)));
  }
  return end;
}
