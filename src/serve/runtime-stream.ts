import type { ExecStreams } from "../ports.ts";
import type { SessionResult, TerminalSize } from "./frames.ts";
import type { RuntimeConnection } from "./runtime-connection.ts";
import { makeSpdyReader, makeSpdyWriter, type SpdyNews } from "./spdy.ts";
import { readVerdict } from "./verdict.ts";

/** A session at the container runtime's streaming server: a command, a container's own process, or one connection to a port. */
export type RuntimeStream = {
  /** False when the caller should wait for `onDrain`. */
  writeStdin(bytes: Uint8Array): boolean;
  endStdin(): void;
  /** False when the caller should wait for `onDrain`. */
  resize(size: TerminalSize): boolean;
  /** Stops and resumes what comes from the container. */
  pause(): void;
  resume(): void;
  onDrain(listener: () => void): void;
  /** How the session ended; never rejects. */
  readonly ended: Promise<SessionResult>;
};

export type Outputs = {
  readonly stdout: (bytes: Buffer) => void;
  readonly stderr: (bytes: Buffer) => void;
  /** The last words of a session in the runtime's own form, for whoever passes them on. */
  readonly verdict?: (bytes: Buffer) => void;
};

/** Bytes of the word with which a session ends, such as its exit code. @limit The rest is left out. */
const LONGEST_VERDICT_BYTES = 64 * 1024;

/** Opens the streams of a command or of a container's own process. */
export function openSession(
  connection: RuntimeConnection,
  streams: ExecStreams,
  outputs: Outputs,
  signal: AbortSignal,
): RuntimeStream {
  const talk = beginTalk(connection);
  const errors = talk.open({ streamtype: "error" });
  const stdin = streams.stdin ? talk.open({ streamtype: "stdin" }) : undefined;
  const stdout = streams.stdout ? talk.open({ streamtype: "stdout" }) : undefined;
  const stderr = streams.stderr ? talk.open({ streamtype: "stderr" }) : undefined;
  const sizes = streams.tty ? talk.open({ streamtype: "resize" }) : undefined;
  /** @bound Streams of a session: two. */
  const heard = new Map<number, (bytes: Buffer) => void>();
  if (stdout !== undefined) heard.set(stdout, outputs.stdout);
  if (stderr !== undefined) heard.set(stderr, outputs.stderr);
  return carryOn(talk, { errors, input: stdin, sizes, heard, verdict: readVerdict, passOn: outputs.verdict }, signal);
}

/** Opens the streams of one connection to a port of a pod. What it says is `stdout`. */
export function openForward(
  connection: RuntimeConnection,
  port: number,
  outputs: Pick<Outputs, "stdout">,
  signal: AbortSignal,
): RuntimeStream {
  const talk = beginTalk(connection);
  const pair = { port: String(port), requestid: "0" };
  const errors = talk.open({ streamtype: "error", ...pair });
  talk.send(errors, NOTHING, true); // only the server writes there
  const data = talk.open({ streamtype: "data", ...pair });
  const verdict = (text: string): SessionResult =>
    text === "" ? { kind: "exited", exitCode: 0 } : { kind: "failed", message: text.trim() };
  return carryOn(talk, { errors, input: data, heard: new Map([[data, outputs.stdout]]), verdict }, signal);
}

const NOTHING = Buffer.alloc(0);

/** The sending half of a connection. */
type Talk = RuntimeConnection & {
  open(headers: Readonly<Record<string, string>>): number;
  send(stream: number, payload: Uint8Array, isLast: boolean): boolean;
};

function beginTalk({ socket, head }: RuntimeConnection): Talk {
  const writer = makeSpdyWriter();
  return {
    socket,
    head,
    open(headers) {
      const { stream, bytes } = writer.open(headers);
      socket.write(bytes);
      return stream;
    },
    send(stream, payload, isLast) {
      socket.cork();
      const hasRoom = socket.write(writer.dataHeader(stream, payload.length, isLast));
      const hasMore = payload.length === 0 || socket.write(payload);
      socket.uncork();
      return hasRoom && hasMore;
    },
  };
}

/** What the opened streams are for. */
type Layout = {
  readonly errors: number;
  readonly input: number | undefined;
  readonly sizes?: number | undefined;
  readonly heard: ReadonlyMap<number, (bytes: Buffer) => void>;
  /** Reads all that the error stream said. */
  readonly verdict: (text: string) => SessionResult;
  readonly passOn?: ((bytes: Buffer) => void) | undefined;
};

/** Listens until the server has ended every stream or the connection breaks. */
function carryOn({ socket, head, send }: Talk, layout: Layout, signal: AbortSignal): RuntimeStream {
  const { errors, input, sizes, heard } = layout;
  const read = makeSpdyReader();
  const { promise: ended, resolve: end } = Promise.withResolvers<SessionResult>();
  let verdict: Buffer = Buffer.alloc(0);
  /** @bound Streams of a session: three at most. */
  const listening = new Set([errors, ...heard.keys()]);

  const finish = (): void => {
    end(layout.verdict(verdict.toString()));
    socket.destroy();
  };
  const leave = (stream: number): void => {
    listening.delete(stream);
    if (listening.size === 0) finish();
  };
  const hear = (news: SpdyNews): void => {
    switch (news.kind) {
      case "data":
        if (news.stream === errors) {
          const kept = news.payload.subarray(0, LONGEST_VERDICT_BYTES - verdict.length);
          verdict = Buffer.concat([verdict, kept]);
          layout.passOn?.(kept);
        } else heard.get(news.stream)?.(news.payload);
        if (news.isLast) leave(news.stream);
        return;
      case "reset":
        leave(news.stream);
        return;
      case "goAway":
        return;
      case "answer":
        socket.write(news.bytes);
        return;
    }
  };
  const take = (chunk: Uint8Array): void => {
    try {
      for (const news of read(chunk)) hear(news);
    } catch (error) {
      end({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      socket.destroy();
    }
  };
  socket.on("data", take);
  socket.on("error", () => socket.destroy());
  socket.on("end", finish);
  socket.on("close", finish);
  signal.addEventListener("abort", () => socket.destroy(), { once: true });
  if (head.length > 0) socket.unshift(head);

  return {
    writeStdin: (bytes) => (input === undefined ? true : send(input, bytes, false)),
    endStdin() {
      if (input !== undefined && socket.writable) send(input, NOTHING, true);
    },
    resize({ width, height }) {
      if (sizes === undefined) return true;
      return send(sizes, Buffer.from(JSON.stringify({ Width: width, Height: height })), false);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    onDrain: (listener) => void socket.on("drain", listener),
    ended,
  };
}
