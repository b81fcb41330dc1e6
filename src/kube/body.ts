import { BerthError } from "../base/errors.ts";

/** An API server stores objects of 1.5 MiB at most; a list of a node's own pods stays far below this. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;
const LARGEST_LINE_BYTES = 8 * 1024 * 1024;

/** A whole body as text. Throws ApiBadAnswer for one without end. */
export async function wholeText(doing: string, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new BerthError("ApiBadAnswer", `${doing}: the answer is too large`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The lines of a body as they come. What stands behind the last line break when it ends was cut off, and is left out. */
export async function* linesOf(doing: string, body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let open: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_BREAK); end >= 0; end = chunk.indexOf(LINE_BREAK, from)) {
      yield Buffer.concat([...open, chunk.subarray(from, end)]).toString("utf8");
      open = [];
      bytes = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    bytes += chunk.length - from;
    if (bytes > LARGEST_LINE_BYTES) throw new BerthError("ApiBadAnswer", `${doing}: a line is too long`);
    open.push(chunk.subarray(from));
  }
}

const LINE_BREAK = 0x0a;

/** What a text means. Throws ApiBadAnswer, without the text, when it is not JSON. */
export function parseJson<T>(doing: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new BerthError("ApiBadAnswer", `${doing}: the answer is not JSON`);
  }
}
