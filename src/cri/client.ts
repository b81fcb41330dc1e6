/**
 * The only door to gRPC towards the runtime.
 *
 * 1. One channel for an endpoint; it reconnects by itself, and every change of it is told.
 * 2. Every call has a deadline by the table in calls.ts and ends with its signal. None is sent twice.
 * 3. A call either gives its answer or throws a CriError that says what it may have left behind.
 * 4. A stream is read as fast as it comes, whatever its reader does.
 */
import { Client, connectivityState, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { assertNever } from "../base/assert-never.ts";
import { BerthError, type ErrorCode } from "../base/errors.ts";
import { type Draft, makeCodec } from "../base/protobuf.ts";
import { makeAnswers } from "./answers.ts";
import { deadlineMs, describeRequest, type Rpc, type StreamRpc, type UnaryRpc } from "./calls.ts";
import { badAnswer, CriError, failureOf, givenUp, STATUS } from "./failure.ts";
import { MESSAGES, METHODS } from "./generated/tables.ts";
import type { StreamCalls, UnaryCalls } from "./generated/types.ts";

/** Where the channel stands. Down: the last attempt failed and the next one waits. */
export type Connection = "connecting" | "ready" | "down" | "closed";

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

const CHANNEL_OPTIONS = {
  "grpc.default_authority": "localhost",
  "grpc.max_receive_message_length": RECEIVE_LIMIT_BYTES,
  "grpc.max_send_message_length": RECEIVE_LIMIT_BYTES,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 3000,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.enable_channelz": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.use_local_subchannel_pool": 1,
  // A channel that goes to sleep would miss a runtime that goes away meanwhile.
  "grpc.client_idle_timeout_ms": 2 ** 31 - 1,
};

const codec = makeCodec(MESSAGES);
const asIs = (bytes: Buffer): Buffer => bytes;

/** A client that begins to connect at once. */
export function makeCriClient(options: CriClientOptions): CriClient {
  const grpc = new Client(targetOf(options.endpoint), credentials.createInsecure(), CHANNEL_OPTIONS);
  /** @bound Listeners to the connection: a fixed number. */
  const listeners = new Set<(connection: Connection) => void>();
  /** @bound Calls that the runtime does not know: those of the protocol. */
  const lacking = new Set<Rpc>();
  /** @bound Calls under way: those that gates let in, stops, and one list. */
  const cancels = new Set<() => void>();
  let connection: Connection = "connecting";

  function follow(): void {
    if (connection === "closed") return;
    const channel = grpc.getChannel();
    const state = channel.getConnectivityState(true);
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, follow);
    change(connectionOf(state));
  }

  function change(next: Connection): void {
    if (next === connection) return;
    connection = next;
    if (next === "ready") lacking.clear();
    for (const listener of [...listeners]) listener(next);
  }

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

  function callOptions(rpc: Rpc, request: object): { deadline?: number } {
    const limitMs = deadlineMs(rpc, request, options.requestTimeoutMs);
    return limitMs === undefined ? {} : { deadline: Date.now() + limitMs };
  }

  function exchange(call: Call, signal: AbortSignal): Promise<object> {
    const { promise, resolve, reject } = Promise.withResolvers<object>();
    const beganMs = performance.now();
    let cancelled = false;
    const onEnd = (error: ServiceError | null, bytes?: Buffer): void => {
      forget();
      const answer = bytes === undefined ? failureOfEnd(call, error, cancelled) : decode(call, bytes);
      const failure = answer instanceof CriError ? answer : undefined;
      count(call.rpc, beganMs, failure);
      if (failure === undefined) resolve(answer);
      else reject(failure);
    };
    const limits = callOptions(call.rpc, call.request);
    const running = grpc.makeUnaryRequest(call.path, asIs, asIs, call.bytes, new Metadata(), limits, onEnd);
    const forget = cancelWith(signal, () => {
      cancelled = true;
      running.cancel();
    });
    return promise;
  }

  function receive(call: Call, signal: AbortSignal): AsyncIterable<object> {
    const beganMs = performance.now();
    const limits = callOptions(call.rpc, call.request);
    const running = grpc.makeServerStreamRequest(call.path, asIs, asIs, call.bytes, new Metadata(), limits);
    const answers = makeAnswers<object>(STREAM_LIMIT, () => finish(undefined));
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
      running.cancel();
    }

    running.on("data", (bytes: Buffer) => {
      if (finished) return;
      const answer = decode(call, bytes);
      if (answer instanceof CriError) finish(answer);
      else if (!answers.put(answer)) finish(leftBehind(call));
    });
    running.on("error", (error: ServiceError) => finish(failureOfEnd(call, error, false)));
    running.on("end", () => finish(undefined));
    return answers;
  }

  follow();

  return {
    async call<R extends UnaryRpc>(rpc: R, request: Draft<UnaryCalls[R][0]>, signal: AbortSignal) {
      const call = prepare(rpc, request as object);
      if (signal.aborted || connection === "closed") throw givenUp(rpc, call.subject, "none");
      return (await exchange(call, signal)) as UnaryCalls[R][1];
    },
    stream<R extends StreamRpc>(rpc: R, request: Draft<StreamCalls[R][0]>, signal: AbortSignal) {
      if (signal.aborted || connection === "closed") return NOTHING;
      return receive(prepare(rpc, request as object), signal) as AsyncIterable<StreamCalls[R][1]>;
    },
    connection: () => connection,
    onConnection(listener) {
      listeners.add(listener);
      listener(connection);
      return () => void listeners.delete(listener);
    },
    lacks: (rpc) => lacking.has(rpc),
    close() {
      change("closed");
      for (const cancel of [...cancels]) cancel();
      grpc.close();
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

function decode(call: Call, bytes: Buffer): object {
  try {
    return codec.decode(METHODS[call.rpc].response, bytes);
  } catch (cause) {
    return badAnswer(call.rpc, call.subject, "the answer cannot be decoded", cause);
  }
}

function failureOfEnd(call: Call, error: ServiceError | null, cancelled: boolean): CriError {
  if (cancelled) return givenUp(call.rpc, call.subject, "unknown");
  if (error === null) return badAnswer(call.rpc, call.subject, "there was no answer");
  return failureOf({ ...call, status: error.code, details: error.details });
}

function leftBehind(call: Call): CriError {
  const details = `more than ${STREAM_LIMIT} answers wait for their reader`;
  return failureOf({ ...call, status: STATUS.resourceExhausted, details });
}

const NOTHING: AsyncIterable<never> = { async *[Symbol.asyncIterator]() {} };

function connectionOf(state: connectivityState): Connection {
  switch (state) {
    case connectivityState.IDLE:
    case connectivityState.CONNECTING:
      return "connecting";
    case connectivityState.READY:
      return "ready";
    case connectivityState.TRANSIENT_FAILURE:
      return "down";
    case connectivityState.SHUTDOWN:
      return "closed";
    default:
      return assertNever(state);
  }
}

/** Room for a socket's path in the kernel's address, its closing zero not counted. */
const SOCKET_PATH_BYTES = 107;

function targetOf(endpoint: string): string {
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
  return `unix:${path}`;
}
