/** Bytes that come in pieces of any size, taken in pieces of the reader's choice. */
export type ByteSource = {
  /** So many bytes; fewer only at the end. */
  take(count: number): Promise<Buffer>;
  /** The next so many bytes as they come. Ends early at the end of the source. */
  pass(count: number): AsyncGenerator<Buffer>;
};

/** Reads from chunks, holding no more than one of them and what was asked for. */
export function makeByteSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  /** Some bytes, at most so many; none at the end. */
  async function some(most: number): Promise<Buffer> {
    while (held.length === 0) {
      const next = await iterator.next();
      if (next.done) return held;
      held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    return piece;
  }

  async function* pass(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      const piece = await some(left);
      if (piece.length === 0) return;
      left -= piece.length;
      yield piece;
    }
  }

  return {
    pass,
    async take(count) {
      const pieces: Buffer[] = [];
      for await (const piece of pass(count)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}
