/**
 * The only door to the runtime.
 *
 * 1. One channel for an endpoint; it reconnects by itself, and every change of it is told.
 * 2. Every call has a deadline by the table in calls.ts and ends with its signal. None is sent twice.
 * 3. A call either gives its answer or throws a CriError that says what it may have left behind.
 * 4. A stream is read as fast as it comes, whatever its reader does.
 */
import { BerthError, type ErrorCode } from "../base/errors.ts";
import { type Draft, makeCodec } from "../base/protobuf.ts";
import { makeAnswers } from "./answers.ts";
import { deadlineMs, describeRequest, type Rpc, type StreamRpc, type UnaryRpc } from "./calls.ts";
import { badAnswer, CriError, failureOf, givenUp } from "./failure.ts";
import { MESSAGES, METHODS } from "./generated/tables.ts";
import type { StreamCalls, UnaryCalls } from "./generated/types.ts";
import type { Listener } from "./grpc/call.ts";
import { openChannel, type Standing } from "./grpc/channel.ts";
import { STATUS } from "./grpc/status.ts";

export type Connection = Standing;

/** Called when a call has ended: how long it took, and with which code when it failed. */
export type CallObserver = (rpc: Rpc, durationMs: number, failure: ErrorCode | undefined) => void;

export type CriClientOptions = {
  /** `unix:///path`, or the path alone. */
  readonly endpoint: string;
  /** runtimeRequestTimeout of the configuration. */
  readonly requestTimeoutMs: number;
  readonly observe?: CallObserver;
};

/** A typed client of both CRI services at one endpoint. */
export type CriClient = {
  /** One call. Throws CriError; with code RuntimeCancelled when the signal ended it. */
  call<R extends UnaryRpc>(rpc: R, request: Draft<UnaryCalls[R][0]>, signal: AbortSignal): Promise<UnaryCalls[R][1]>;
  /**
   * Opens a stream at once; answers wait for their reader. Ends without error with the signal, with a CriError when the
   * stream breaks or its reader is more than a few thousand answers behind.
   */
  stream<R extends StreamRpc>(
    rpc: R,
    request: Draft<StreamCalls[R][0]>,
    signal: AbortSignal,
  ): AsyncIterable<StreamCalls[R][1]>;
  connection(): Connection;
  /** Calls back now and after every change. Returns the way to stop listening. */
  onConnection(listener: (connection: Connection) => void): () => void;
  /** The runtime has answered Unimplemented to this call since the connection was made. */
  lacks(rpc: Rpc): boolean;
  /** Ends all calls and the channel. */
  close(): void;
};

/** Bytes of one message to or from the runtime. @limit The call has failed with RuntimeExhausted. */
const RECEIVE_LIMIT_BYTES = 16 * 2 ** 20;
/** Events of the runtime that wait to be read. @limit The stream is closed and opened again, and everything is listed. */
const STREAM_LIMIT = 4096;

const codec = makeCodec(MESSAGES);

/** A client that begins to connect at once. */
export function makeCriClient(options: CriClientOptions): CriClient {
  /** @bound Listeners to the connection: a fixed number. */
  const listeners = new Set<(connection: Connection) => void>();
  /** @bound Calls that the runtime does not know: those of the protocol. */
  const lacking = new Set<Rpc>();
  /** @bound Calls under way: those that gates let in, stops, and one list. */
  const cancels = new Set<() => void>();
  const channel = openChannel(socketOf(options.endpoint), RECEIVE_LIMIT_BYTES, (standing) => {
    if (standing === "ready") lacking.clear();
    for (const listener of [...listeners]) listener(standing);
  });

  /** Has `cancel` called when the signal aborts or the client is closed. Returns the way to take that back. */
  function cancelWith(signal: AbortSignal, cancel: () => void): () => void {
    cancels.add(cancel);
    signal.addEventListener("abort", cancel);
    return () => {
      cancels.delete(cancel);
      signal.removeEventListener("abort", cancel);
    };
  }

  /** Counts a call that has ended, and remembers what the runtime does not know. */
  function count(rpc: Rpc, beganMs: number, failure: CriError | undefined): void {
    if (failure?.status === STATUS.unimplemented) lacking.add(rpc);
    options.observe?.(rpc, performance.now() - beganMs, failure?.code);
  }

  const send = ({ rpc, path, request, bytes }: Call, listener: Listener): (() => void) =>
    channel.call({ path, message: bytes, deadlineMs: deadlineMs(rpc, request, options.requestTimeoutMs) }, listener);

  function exchange(call: Call, signal: AbortSignal): Promise<object> {
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    const beganMs = performance.now();
    let bytes: Buffer | undefined;
    let cancel = (): void => {};
    const forget = cancelWith(signal, () => {
      cancel();
      finish(givenUp(call.rpc, call.subject, "unknown"));
    });
    const finish = (answer: object): void => {
      forget();
      const failure = answer instanceof CriError ? answer : undefined;
      count(call.rpc, beganMs, failure);
      if (failure === undefined) resolve(answer);
      else reject(failure);
    };
    cancel = send(call, {
      message(received) {
        bytes = received;
      },
      end: (status, details) =>
        finish(status === STATUS.ok ? decode(call, bytes) : failureOf({ ...call, status, details })),
    });
    return promise;
  }

  function receive(call: Call, signal: AbortSignal): AsyncIterable<object> {
    const beganMs = performance.now();
    const answers = makeAnswers<object>(STREAM_LIMIT, () => finish(undefined));
    let cancel = (): void => {};
    const forget = cancelWith(signal, () => {
      answers.drop();
      finish(undefined);
    });
    let finished = false;

    function finish(failure: CriError | undefined): void {
      if (finished) return;
      finished = true;
      forget();
      count(call.rpc, beganMs, failure);
      answers.end(failure);
      cancel();
    }

    cancel = send(call, {
      message(bytes) {
        if (finished) return;
        const answer = decode(call, bytes);
        if (answer instanceof CriError) finish(answer);
        else if (!answers.put(answer)) finish(leftBehind(call));
      },
      end: (status, details) => finish(status === STATUS.ok ? undefined : failureOf({ ...call, status, details })),
    });
    return answers;
  }

  return {
    async call<R extends UnaryRpc>(rpc: R, request: Draft<UnaryCalls[R][0]>, signal: AbortSignal) {
      const call = prepare(rpc, request as object);
      if (signal.aborted || channel.standing() === "closed") throw givenUp(rpc, call.subject, "none");
      return (await exchange(call, signal)) as UnaryCalls[R][1];
    },
    stream<R extends StreamRpc>(rpc: R, request: Draft<StreamCalls[R][0]>, signal: AbortSignal) {
      if (signal.aborted || channel.standing() === "closed") return NOTHING;
      return receive(prepare(rpc, request as object), signal) as AsyncIterable<StreamCalls[R][1]>;
    },
    connection: channel.standing,
    onConnection(listener) {
      listeners.add(listener);
      listener(channel.standing());
      return () => void listeners.delete(listener);
    },
    lacks: (rpc) => lacking.has(rpc),
    close() {
      for (const cancel of [...cancels]) cancel();
      channel.close();
    },
  };
}

/** A call ready to be sent. */
type Call = {
  readonly rpc: Rpc;
  readonly path: string;
  readonly request: object;
  readonly bytes: Buffer;
  /** The object of the call, for messages. */
  readonly subject: string;
};

function prepare(rpc: Rpc, request: object): Call {
  const { path, request: name } = METHODS[rpc];
  return { rpc, path, request, bytes: codec.encode(name, request), subject: describeRequest(request) };
}

function decode(call: Call, bytes: Buffer | undefined): object {
  if (bytes === undefined) return badAnswer(call.rpc, call.subject, "there was no answer");
  try {
    return codec.decode(METHODS[call.rpc].response, bytes);
  } catch (cause) {
    return badAnswer(call.rpc, call.subject, "the answer cannot be decoded", cause);
  }
}

function leftBehind(call: Call): CriError {
  const details = `more than ${STREAM_LIMIT} answers wait for their reader`;
  return failureOf({ ...call, status: STATUS.resourceExhausted, details });
}

const NOTHING: AsyncIterable<never> = { async *[Symbol.asyncIterator]() {} };

/** Room for a socket's path in the kernel's address, its closing zero not counted. */
const SOCKET_PATH_BYTES = 107;

function socketOf(endpoint: string): string {
  const path = endpoint.startsWith("unix://") ? endpoint.slice("unix://".length) : endpoint;
  if (!path.startsWith("/")) {
    throw new BerthError("ConfigInvalid", `runtime endpoint ${endpoint}: only unix:///path is possible`);
  }
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
    throw new BerthError(
      "ConfigInvalid",
      `runtime endpoint ${endpoint}: a socket's path has at most ${SOCKET_PATH_BYTES} bytes`,
    );
  }
  return path;
}
