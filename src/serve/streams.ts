import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { asBerthError, BerthError } from "../base/errors.ts";
import type { View } from "../ports.ts";
import { errorBody, statusOf } from "./answer.ts";
import { ask } from "./api.ts";
import {
  encodeJsonFrame,
  type Frame,
  makeFrameReader,
  STREAM_PROTOCOL,
  type TerminalSize,
  writeFrames,
} from "./frames.ts";
import { OPENERS } from "./openers.ts";
import type { Role } from "./routes.ts";
import type { RuntimeStream } from "./runtime-stream.ts";

export type StreamSources = {
  readonly view: View;
  /** A session without traffic is closed after this; 0 is never. */
  readonly idleTimeoutMs: number;
};

/** Answers a request that asks for an upgrade. Never throws; the socket is its own to close. */
export async function answerUpgrade(
  sources: StreamSources,
  role: Role,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  const left = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => left.abort());
  try {
    await runSession(sources, role, request, socket, head, left.signal);
  } catch (error) {
    refuse(socket, asBerthError(error, `answering ${request.method} ${request.url}`));
  }
}

async function runSession(
  { view, idleTimeoutMs }: StreamSources,
  role: Role,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const asked = ask(role, request);
  const opener = OPENERS[asked.route];
  if (opener === undefined || request.headers.upgrade?.toLowerCase() !== STREAM_PROTOCOL) {
    const names = Object.keys(OPENERS).join(", ");
    throw new BerthError("BadRequest", `only ${names} can be upgraded, to ${STREAM_PROTOCOL}`);
  }
  const begin = await opener(view, asked, signal);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${STREAM_PROTOCOL}\r\n\r\n`);
  const send = (channel: "stdout" | "stderr", bytes: Buffer): void => {
    if (socket.writable && !writeFrames(socket, channel, bytes)) runtime.pause();
  };
  const runtime: RuntimeStream = begin({
    stdout: (bytes: Buffer) => send("stdout", bytes),
    stderr: (bytes: Buffer) => send("stderr", bytes),
  });
  join(socket, head, runtime, idleTimeoutMs);
  const result = await runtime.ended;
  socket.end(encodeJsonFrame("result", result));
}

/** Carries frames of the client to the runtime; whichever side is slow slows the other. */
function join(socket: Socket, head: Buffer, runtime: RuntimeStream, idleTimeoutMs: number): void {
  const read = makeFrameReader();
  const take = (chunk: Buffer): void => {
    try {
      for (const frame of read(chunk)) if (!pass(frame, runtime)) socket.pause();
    } catch {
      socket.destroy(); // it does not speak the protocol
    }
  };
  runtime.onDrain(() => socket.resume());
  socket.on("drain", () => runtime.resume());
  socket.on("data", take);
  socket.on("end", () => socket.destroy()); // a client that ends stdin says so in a frame: this one has gone
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  if (head.length > 0) take(head);
}

/** False when the runtime does not take more for now. */
function pass(frame: Frame, runtime: RuntimeStream): boolean {
  switch (frame.channel) {
    case "stdin":
      return runtime.writeStdin(frame.payload);
    case "stdinEnd":
      runtime.endStdin();
      return true;
    case "resize":
      return runtime.resize(readSize(frame.payload));
    case "stdout":
    case "stderr":
    case "result":
      throw new Error(`a client does not send ${frame.channel}`);
  }
}

function readSize(payload: Buffer): TerminalSize {
  const { width, height } = JSON.parse(payload.toString()) as Partial<TerminalSize>;
  if (!Number.isInteger(width) || !Number.isInteger(height)) throw new Error("a size has a width and a height");
  return { width: Number(width), height: Number(height) };
}

/** Before the upgrade an error is an ordinary answer. */
function refuse(socket: Socket, error: BerthError): void {
  if (!socket.writable) return;
  const body = `${JSON.stringify(errorBody(error))}\n`;
  const head = `HTTP/1.1 ${statusOf(error)} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.write(head + body);
  // Node.js would leave the other half open for as long as the client likes.
  socket.destroySoon();
}
