import type { Socket } from "node:net";
import type { ExecStreams } from "../../ports.ts";
import type { RuntimeConnection } from "../runtime-connection.ts";
import { openSession, type RuntimeStream } from "../runtime-stream.ts";
import { writeMessage } from "./web-socket.ts";
import { endWebSocket, hearWebSocket } from "./web-socket-session.ts";

/** The subprotocol in which the client can say that stdin has ended; the runtime does not know it (node.md 6.4). */
export const CHANNELS_PROTOCOL = "v5.channel.k8s.io";

/** The first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** Bytes of a message that is no data, such as a terminal's size. @limit The session is closed. */
const LONGEST_WORD_BYTES = 1024;

/** Carries a command's streams between a client's WebSocket and the runtime's SPDY, until the command ends or one side leaves. */
export async function serveChannels(
  socket: Socket,
  head: Buffer,
  runtime: { readonly connection: RuntimeConnection; readonly streams: ExecStreams },
  idleMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { connection, streams } = runtime;
  let isTold = false;
  const send = (channel: number, bytes: Buffer): void => {
    if (bytes.length > 0 && socket.writable && !writeMessage(socket, Buffer.of(channel), bytes)) session.pause();
  };
  // Before anything else the client hears that the streams are open.
  writeMessage(socket, Buffer.of(streams.stdout ? CHANNEL.stdout : streams.stderr ? CHANNEL.stderr : CHANNEL.error));
  const outputs = {
    stdout: (bytes: Buffer) => send(CHANNEL.stdout, bytes),
    stderr: (bytes: Buffer) => send(CHANNEL.stderr, bytes),
    verdict: (bytes: Buffer) => {
      isTold ||= bytes.length > 0;
      send(CHANNEL.error, bytes);
    },
  };
  const session = openSession(connection, streams, outputs, signal);
  session.onDrain(() => socket.resume());
  socket.on("drain", () => session.resume());
  hearWebSocket(socket, head, idleMs, makeChannelReader(session));
  const result = await session.ended;
  if (!isTold && result.kind === "failed") send(CHANNEL.error, Buffer.from(JSON.stringify(internal(result.message))));
  endWebSocket(socket);
}

/** Takes parts of messages, of which the first byte names the channel. False when the runtime does not take more for now. */
function makeChannelReader(session: RuntimeStream): (bytes: Buffer, isFirst: boolean, isLast: boolean) => boolean {
  let channel: number | undefined;
  let word: Buffer = Buffer.alloc(0);
  return (bytes, isFirst, isLast) => {
    let rest = bytes;
    if (isFirst) {
      channel = undefined;
      word = Buffer.alloc(0);
    }
    if (channel === undefined && rest.length > 0) {
      channel = rest[0];
      rest = rest.subarray(1);
    }
    if (channel === CHANNEL.stdin) return rest.length === 0 || session.writeStdin(rest);
    if (word.length + rest.length > LONGEST_WORD_BYTES) throw new Error("a message that is too long");
    word = Buffer.concat([word, rest]);
    if (!isLast) return true;
    if (channel === CHANNEL.resize) return session.resize(readSize(word));
    if (channel === CHANNEL.close && word[0] === CHANNEL.stdin) session.endStdin();
    return true;
  };
}

function readSize(word: Buffer): { readonly width: number; readonly height: number } {
  const { Width: width, Height: height } = JSON.parse(word.toString()) as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(width) || !Number.isInteger(height)) throw new Error("a size has a width and a height");
  return { width: Number(width), height: Number(height) };
}

/** What the runtime would have said if it had had the time. */
const internal = (message: string): object => ({
  metadata: {},
  status: "Failure",
  message,
  reason: "InternalError",
  details: { causes: [{ message }] },
  code: 500,
});
