import type { Socket } from "node:net";
import { encodeJsonFrame, type Frame, makeFrameReader, type SessionResult, writeFrames } from "../../serve/frames.ts";
import type { Terminal } from "./terminal.ts";
import { drained } from "./write-all.ts";

/** An upgraded connection to berthd. */
export type Session = { readonly socket: Socket; readonly head: Buffer };

/** What a session is fed from, and where its output goes; whoever is slow slows the other side. */
export type Ends = {
  readonly stdin?: AsyncIterable<Uint8Array>;
  stdout(chunk: Uint8Array): Promise<void> | void;
  stderr(chunk: Uint8Array): Promise<void> | void;
};

/** Passes bytes both ways until the session ends. The signal cuts it off. Throws what an end throws. */
export async function converse({ socket, head }: Session, ends: Ends, signal: AbortSignal): Promise<SessionResult> {
  const read = makeFrameReader();
  let result: SessionResult = { kind: "failed", message: "berthd has ended the connection" };
  const take = async (chunk: Uint8Array): Promise<void> => {
    for (const frame of read(chunk)) {
      const last = await show(ends, frame);
      if (last !== undefined) result = last;
    }
  };
  const cut = (): void => void socket.destroy();
  signal.addEventListener("abort", cut);
  if (signal.aborted) cut();
  if (ends.stdin !== undefined) void feed(ends.stdin, socket);
  try {
    if (head.length > 0) await take(head);
    await hear(socket, take);
    return result;
  } finally {
    signal.removeEventListener("abort", cut);
    socket.destroy();
  }
}

/** A connection that breaks ends the session; its result says so. */
async function hear(socket: Socket, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  const chunks = (socket as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch(() => ({ done: true, value: undefined }) as const);
    if (next.done) return;
    await take(next.value);
  }
}

/** The same between a session and the terminal. With `tty` the terminal hands over every key and tells its size. */
export async function converseOnTerminal(
  terminal: Terminal,
  session: Session,
  { stdin, tty, redraw = false }: { readonly stdin: boolean; readonly tty: boolean; readonly redraw?: boolean },
): Promise<SessionResult> {
  const sendSize = (more = 0): void => {
    const { columns = 80, rows = 24 } = terminal.out;
    if (session.socket.writable) {
      session.socket.write(encodeJsonFrame("resize", { width: columns + more, height: rows }));
    }
  };
  if (tty) {
    if (stdin) terminal.in.setRawMode?.(true);
    if (redraw) sendSize(1); // a size that changes makes programs draw themselves
    sendSize();
    terminal.out.onResize(() => sendSize());
  }
  const ends: Ends = {
    ...(stdin ? { stdin: terminal.in as AsyncIterable<Uint8Array> } : {}),
    stdout: (chunk) => terminal.out.write(chunk),
    stderr: (chunk) => terminal.err.write(chunk),
  };
  try {
    return await converse(session, ends, terminal.signal);
  } finally {
    if (tty && stdin) terminal.in.setRawMode?.(false);
    terminal.in.destroy();
  }
}

/** All of it, piece by piece, then its end. */
async function feed(stdin: AsyncIterable<Uint8Array>, socket: Socket): Promise<void> {
  try {
    for await (const chunk of stdin) {
      if (!socket.writable) return;
      if (!writeFrames(socket, "stdin", chunk)) await drained(socket);
    }
  } catch {
    // what cannot be read further has ended
  }
  if (socket.writable) writeFrames(socket, "stdinEnd", NOTHING);
}

const NOTHING = new Uint8Array();

async function show(ends: Ends, frame: Frame): Promise<SessionResult | undefined> {
  switch (frame.channel) {
    case "stdout":
      await ends.stdout(frame.payload);
      return undefined;
    case "stderr":
      await ends.stderr(frame.payload);
      return undefined;
    case "result":
      return JSON.parse(frame.payload.toString()) as SessionResult;
    case "stdin":
    case "stdinEnd":
    case "resize":
      return undefined; // a server does not send these
  }
}
