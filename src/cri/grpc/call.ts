import type { Connection } from "./connection.ts";
import { type Fields, packFields } from "./hpack.ts";
import { NEVER_SENT, STATUS } from "./status.ts";

/** A call with its one message; without a deadline it may take for ever. */
export type GrpcRequest = { readonly path: string; readonly message: Buffer; readonly deadlineMs: number | undefined };

/** Who hears of a call: messages as they come, then its end, once. Nothing after a cancel. */
export type Listener = {
  message(bytes: Buffer): void;
  /** Status code of gRPC and the words with it. */
  end(status: number, details: string): void;
};

/** Bytes before a message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** Begins a call on a connection. Returns the way to cancel. */
export function sendCall(
  connection: Connection,
  request: GrpcRequest,
  messageLimit: number,
  listener: Listener,
): () => void {
  const { message } = request;
  const body = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  body[0] = 0;
  body.writeUInt32BE(message.length, 1);
  message.copy(body, PREFIX_BYTES);
  const read = makeMessageReader(messageLimit, listener.message);
  const cancel = connection.begin(requestFields(request), body, {
    data(bytes) {
      const fault = read(bytes);
      if (fault === undefined) return;
      cancel();
      listener.end(fault.status, fault.details);
    },
    end(fields) {
      const [status, details] = statusOf(fields);
      listener.end(status, details);
    },
    broken: (reason, isUntouched) =>
      listener.end(STATUS.unavailable, isUntouched ? `${NEVER_SENT}: ${reason}` : reason),
  });
  return cancel;
}

const FIELDS = packFields([
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "localhost"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
  ["user-agent", "berthd"],
]);

/** Packed fields of requests: there are few paths and few deadlines. @limit They are packed again for each call. */
const MOST_PACKED = 128;
/** @bound MOST_PACKED */
const packed = new Map<string, Buffer>();

function requestFields({ path, deadlineMs }: GrpcRequest): Buffer {
  const key = `${path} ${deadlineMs}`;
  const known = packed.get(key);
  if (known !== undefined) return known;
  const limit = deadlineMs === undefined ? [] : [packFields([["grpc-timeout", timeoutText(deadlineMs)]])];
  const fields = Buffer.concat([packFields([[":path", path]]), FIELDS, ...limit]);
  if (packed.size < MOST_PACKED) packed.set(key, fields);
  return fields;
}

/** Eight digits at most; those of milliseconds reach a day. */
function timeoutText(deadlineMs: number): string {
  return deadlineMs < 1e8 ? `${Math.ceil(deadlineMs)}m` : `${Math.ceil(Math.min(deadlineMs / 1000, 99_999_999))}S`;
}

type Fault = { readonly status: number; readonly details: string };

/** Puts the parts of messages together and hands each on; tells what is wrong with one that cannot be taken. */
function makeMessageReader(limit: number, onMessage: (bytes: Buffer) => void): (bytes: Buffer) => Fault | undefined {
  /** @bound Parts of one message, which has a limit. */
  let parts: Buffer[] = [];
  let held = 0;
  return (bytes) => {
    parts.push(bytes);
    held += bytes.length;
    while (held >= PREFIX_BYTES) {
      if (parts.length > 1 && (parts[0]?.length ?? 0) < PREFIX_BYTES) parts = [Buffer.concat(parts)];
      const [first = bytes] = parts;
      const length = first.readUInt32BE(1);
      if (first[0] !== 0)
        return { status: STATUS.internal, details: "a message is compressed, which was not asked for" };
      if (length > limit) {
        return { status: STATUS.resourceExhausted, details: `a message of ${length} bytes is larger than ${limit}` };
      }
      const end = PREFIX_BYTES + length;
      if (held < end) return undefined;
      const all = parts.length === 1 ? first : Buffer.concat(parts);
      onMessage(all.subarray(PREFIX_BYTES, end));
      held -= end;
      parts = held === 0 ? [] : [all.subarray(end)];
    }
    return undefined;
  };
}

/** What servers mean that speak HTTP but not gRPC. */
const HTTP_STATUS: Readonly<Record<string, number>> = { "404": STATUS.unimplemented, "503": STATUS.unavailable };

function statusOf(fields: Fields): readonly [number, string] {
  const status = fields.get("grpc-status");
  if (status === undefined) {
    const http = fields.get(":status") ?? "";
    return [HTTP_STATUS[http] ?? STATUS.unknown, `an answer of HTTP ${http} without a status of gRPC`];
  }
  return [/^\d+$/.test(status) ? Number(status) : STATUS.unknown, plainText(fields.get("grpc-message") ?? "")];
}

/** Words beyond ASCII come as percent and two digits for each byte of UTF-8. */
function plainText(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
