/** What a server answered, as far as a handler asks. */
export type Answer = { readonly status: number; readonly body: string; readonly location: string | undefined };

/** Bytes of the body of an answer (R15). @limit The connection is closed; the rest is not read. */
export const BODY_LIMIT_BYTES = 10 * 1024;
/** Bytes of all that comes before and between the parts of a body. @limit The answer counts as malformed. */
const FRAME_LIMIT_BYTES = 64 * 1024;
/** Answers from 100 to 199 before the one that counts. @limit The attempt has failed. */
const MOST_INTERIM = 5;

type Head = { readonly status: number; readonly fields: ReadonlyMap<string, string>; readonly end: number };
type Body = { readonly bytes: Buffer; readonly complete: boolean };

/**
 * Reads an answer of HTTP/1 from what has come so far: undefined while more is needed. `ended`: nothing more will come.
 * As much of a body as the limit allows is enough. Throws when this is no such answer, or when it ends too early. So many
 * interim answers were read before.
 */
export function readAnswer(bytes: Buffer, ended: boolean, interim = 0): Answer | undefined {
  const head = readHead(bytes);
  if (head !== undefined && head.status >= 100 && head.status < 200) {
    if (interim === MOST_INTERIM) throw new Error(`more than ${MOST_INTERIM} interim answers`);
    return readAnswer(bytes.subarray(head.end), ended, interim + 1);
  }
  const body = head === undefined ? undefined : readBody(head, bytes.subarray(head.end), ended);
  if (head === undefined || body === undefined || !(body.complete || body.bytes.length >= BODY_LIMIT_BYTES)) {
    if (ended) throw new Error(bytes.length === 0 ? "EOF" : "unexpected EOF");
    if (bytes.length > FRAME_LIMIT_BYTES) throw new Error("the answer has more around its body than a server sends");
    return undefined;
  }
  const text = body.bytes.subarray(0, BODY_LIMIT_BYTES).toString("utf8");
  return { status: head.status, body: text, location: head.fields.get("location") };
}

/** Lines may end in a line feed alone, as small servers have it. */
function readHead(bytes: Buffer): Head | undefined {
  const text = bytes.toString("latin1", 0, FRAME_LIMIT_BYTES);
  const [first = "", statusText] = /^HTTP\/\d\.\d (\d{3})(?= |\r?\n)[^\n]*\n/.exec(text) ?? [];
  if (first === "") {
    if ("HTTP/".startsWith(text.slice(0, 5)) && !text.includes("\n")) return undefined;
    throw new Error(`malformed HTTP response ${JSON.stringify(text.slice(0, 64))}`);
  }
  const fields = new Map<string, string>();
  for (let at = first.length; ; ) {
    const feed = text.indexOf("\n", at);
    if (feed < 0) return undefined;
    const line = text.slice(at, text[feed - 1] === "\r" ? feed - 1 : feed);
    at = feed + 1;
    if (line === "") return { status: Number(statusText), fields, end: at };
    noteField(fields, line);
  }
}

function noteField(fields: Map<string, string>, line: string): void {
  // what continues the line before it is of no field that matters here
  if (line.startsWith(" ") || line.startsWith("\t")) return;
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).toLowerCase();
  if (colon <= 0 || /\s/.test(name)) throw new Error(`malformed header line ${JSON.stringify(line.slice(0, 64))}`);
  const value = line.slice(colon + 1).trim();
  const before = fields.get(name);
  if (name === "content-length" && before !== undefined && before !== value) throw new Error("two lengths of one body");
  if (before === undefined) fields.set(name, value);
}

function readBody({ status, fields }: Head, bytes: Buffer, ended: boolean): Body {
  if (status === 204 || status === 304) return { bytes: bytes.subarray(0, 0), complete: true };
  const coding = fields.get("transfer-encoding");
  if (coding?.toLowerCase() === "chunked") return readChunks(bytes);
  if (coding !== undefined) throw new Error(`unsupported transfer encoding ${JSON.stringify(coding)}`);
  const length = fields.get("content-length");
  if (length === undefined) return { bytes, complete: ended };
  if (!/^\d{1,15}$/.test(length)) throw new Error(`bad Content-Length ${JSON.stringify(length)}`);
  return { bytes: bytes.subarray(0, Number(length)), complete: bytes.length >= Number(length) };
}

function readChunks(bytes: Buffer): Body {
  const parts: Buffer[] = [];
  const sofar = (complete: boolean): Body => ({ bytes: Buffer.concat(parts), complete });
  for (let at = 0; ; ) {
    const feed = bytes.indexOf("\n", at);
    if (feed < 0) return sofar(false);
    const [, digits] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?\r?$/i.exec(bytes.toString("latin1", at, feed)) ?? [];
    if (digits === undefined) throw new Error("malformed chunked encoding");
    const size = Number.parseInt(digits, 16);
    if (size === 0) return sofar(true);
    const end = feed + 1 + size;
    parts.push(bytes.subarray(feed + 1, end));
    const after = bytes.toString("latin1", end, end + 2);
    if (!"\r\n".startsWith(after)) throw new Error("malformed chunked encoding");
    if (after.length < 2) return sofar(false);
    at = end + 2;
  }
}
