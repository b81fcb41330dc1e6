import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { BerthError } from "../base/errors.ts";
import type { ExecStreams } from "../ports.ts";
import type { SessionResult, TerminalSize } from "./frames.ts";
import { makeSpdyReader, makeSpdyWriter, type SpdyNews } from "./spdy.ts";

/** An exec session at the container runtime's streaming server. */
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
  close(): void;
};

export type Outputs = {
  readonly stdout: (bytes: Buffer) => void;
  readonly stderr: (bytes: Buffer) => void;
};

const PROTOCOL = "v4.channel.k8s.io";
/** Connecting to the runtime's streaming server. @limit The session has failed. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Bytes of the word with which a session ends, such as its exit code. @limit The rest is left out. */
const LONGEST_VERDICT_BYTES = 64 * 1024;

/** A connection to the runtime's streaming server on which nothing has been said yet. */
export type RuntimeConnection = { readonly socket: Socket; readonly head: Buffer };

/** Connects to the URL that the runtime gave for a session. Throws RuntimeUnavailable. */
export async function connectRuntime(url: string, signal: AbortSignal): Promise<RuntimeConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<RuntimeConnection>();
  const asked: ClientRequest = request(url, {
    method: "POST",
    headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": PROTOCOL },
    signal,
    timeout: CONNECT_TIMEOUT_MS,
  });
  asked.on("upgrade", (_answer: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.setTimeout(0);
    resolve({ socket, head });
  });
  asked.on("response", (answer) => {
    answer.resume();
    reject(new Error(`it answered ${answer.statusCode}`));
  });
  asked.on("timeout", () => asked.destroy(new Error("it does not answer")));
  asked.on("error", reject);
  asked.end();
  try {
    return await promise;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new BerthError("RuntimeUnavailable", `connecting to the runtime's streaming server: ${message}`, {
      cause: error,
    });
  }
}

/** Opens the session's streams on a connection. */
export function openSession(
  { socket, head }: RuntimeConnection,
  streams: ExecStreams,
  outputs: Outputs,
  signal: AbortSignal,
): RuntimeStream {
  const writer = makeSpdyWriter();
  const read = makeSpdyReader();
  const open = (streamtype: string): number => {
    const { stream, bytes } = writer.open({ streamtype });
    socket.write(bytes);
    return stream;
  };
  const send = (stream: number, payload: Uint8Array, isLast: boolean): boolean => {
    socket.cork();
    const hasRoom = socket.write(writer.dataHeader(stream, payload.length, isLast));
    const hasMore = payload.length === 0 || socket.write(payload);
    socket.uncork();
    return hasRoom && hasMore;
  };
  const errors = open("error");
  const stdin = streams.stdin ? open("stdin") : undefined;
  const stdout = streams.stdout ? open("stdout") : undefined;
  const stderr = streams.stderr ? open("stderr") : undefined;
  const sizes = streams.tty ? open("resize") : undefined;

  const { promise: ended, resolve: end } = Promise.withResolvers<SessionResult>();
  let verdict: Buffer = Buffer.alloc(0);
  /** @bound Streams of an exec session: three at most. */
  const listening = new Set([errors, stdout, stderr].filter((stream) => stream !== undefined));

  const finish = (): void => {
    end(readVerdict(verdict.toString()));
    socket.destroy();
  };
  const leave = (stream: number): void => {
    listening.delete(stream);
    if (listening.size === 0) finish();
  };
  const hear = (news: SpdyNews): void => {
    switch (news.kind) {
      case "data":
        if (news.stream === stdout) outputs.stdout(news.payload);
        else if (news.stream === stderr) outputs.stderr(news.payload);
        else if (news.stream === errors)
          verdict = Buffer.concat([verdict, news.payload.subarray(0, LONGEST_VERDICT_BYTES - verdict.length)]);
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
    writeStdin: (bytes) => (stdin === undefined ? true : send(stdin, bytes, false)),
    endStdin() {
      if (stdin !== undefined && socket.writable) send(stdin, Buffer.alloc(0), true);
    },
    resize({ width, height }) {
      if (sizes === undefined) return true;
      return send(sizes, Buffer.from(JSON.stringify({ Width: width, Height: height })), false);
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    onDrain: (listener) => void socket.on("drain", listener),
    ended,
    close: () => void socket.destroy(),
  };
}

/** The error stream's last word: a v1 Status. Nothing at all means that the connection broke. */
function readVerdict(text: string): SessionResult {
  if (text === "") return { kind: "failed", message: "the connection to the container broke" };
  try {
    const status: unknown = JSON.parse(text);
    return isStatus(status) ? fromStatus(status) : { kind: "failed", message: text };
  } catch {
    return { kind: "failed", message: text };
  }
}

type Status = {
  status?: string;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
};

function isStatus(value: unknown): value is Status {
  return typeof value === "object" && value !== null && "status" in value;
}

function fromStatus(status: Status): SessionResult {
  if (status.status === "Success") return { kind: "exited", exitCode: 0 };
  const code = status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && code !== undefined) return { kind: "exited", exitCode: Number(code) };
  return { kind: "failed", message: status.message ?? "the command could not be run" };
}
