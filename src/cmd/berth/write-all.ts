import type { Writable } from "node:stream";

/** Writes a chunk. Resolves when there is room again, or nobody reads any more. */
export async function writeAll(stream: Writable, chunk: Uint8Array): Promise<void> {
  if (!stream.destroyed && !stream.write(chunk)) await drained(stream);
}

/** Until there is room again or the stream is closed. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("drain", resolve).once("close", resolve);
  await promise;
  stream.off("drain", resolve).off("close", resolve);
}
