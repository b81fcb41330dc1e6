import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { type Draft, makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";
import type { StreamCalls, UnaryCalls } from "../../src/cri/generated/types.ts";

/** What a runtime under test does for each call; calls that are missing answer Unimplemented. */
export type CriHandlers = {
  readonly [R in keyof UnaryCalls]?: (
    request: UnaryCalls[R][0],
    call: CallSeen,
  ) => Draft<UnaryCalls[R][1]> | Promise<Draft<UnaryCalls[R][1]>>;
} & {
  readonly [R in keyof StreamCalls]?: (request: StreamCalls[R][0], stream: AnswerStream<StreamCalls[R][1]>) => void;
};

/** What the server knows of a call that goes on. */
export type CallSeen = {
  /** Aborts when the caller has gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** As the caller sent it, in ms since the epoch; Infinity when there is none. */
  readonly deadlineWallMs: number;
  /** The name by which the caller calls the server. */
  readonly authority: string;
};

export type AnswerStream<T> = {
  send(answer: Draft<T>): void;
  end(): void;
  fail(error: CriFault): void;
  readonly signal: AbortSignal;
};

/** Thrown by a handler to answer with a gRPC status. */
export class CriFault extends Error {
  readonly code: number;

  constructor(code: number, details: string) {
    super(details);
    this.code = code;
  }
}

export type CriServer = {
  readonly endpoint: string;
  /** Cuts all connections in the middle of whatever they do, as a killed runtime does, and stops listening. */
  stop(): Promise<void>;
  /** Listens again, for a restarted runtime, perhaps one that can do more or less. */
  start(handlers?: CriHandlers): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const codec = makeCodec(MESSAGES);
const asIs = (bytes: Buffer): Buffer => bytes;

/** What becomes of the bytes of an answer on their way. */
export type OnTheWay = (rpc: keyof typeof METHODS, bytes: Buffer) => Buffer;

/** A runtime that speaks real gRPC on a unix socket of its own. */
export async function serveCri(first: CriHandlers, onTheWay: OnTheWay = (_, bytes) => bytes): Promise<CriServer> {
  const directory = mkdtempSync(join(tmpdir(), "cri-"));
  const endpoint = `unix://${directory}/cri.sock`;
  const sockets = new Set<Socket>();
  let handlers = first;
  let listener: NetServer | undefined;

  async function start(next: CriHandlers = handlers): Promise<void> {
    handlers = next;
    const injector = makeServer(handlers, onTheWay).createConnectionInjector(ServerCredentials.createInsecure());
    listener = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      injector.injectConnection(socket);
    });
    await once(listener.listen(endpoint.slice("unix://".length)), "listening");
  }

  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    if (listener?.listening) await once(listener.close(), "close");
  }

  await start();
  return {
    endpoint,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function makeServer(handlers: CriHandlers, onTheWay: OnTheWay): Server {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: Record<string, handleUnaryCall<object, object> | handleServerStreamingCall<object, object>> =
    {};
  for (const [rpc, handler] of Object.entries(handlers)) {
    const { path, request, response } = METHODS[rpc as keyof typeof METHODS];
    const responseStream = rpc.startsWith("Stream") || rpc === "GetContainerEvents";
    definition[rpc] = {
      path,
      requestStream: false,
      responseStream,
      requestSerialize: asIs,
      requestDeserialize: (bytes: Buffer) => codec.decode(request, bytes),
      responseSerialize: (answer: object) => onTheWay(rpc as keyof typeof METHODS, codec.encode(response, answer)),
      responseDeserialize: asIs,
    };
    implementation[rpc] = responseStream ? streaming(handler as StreamHandler) : unary(handler as UnaryHandler);
  }
  if (Object.keys(definition).length > 0) server.addService(definition, implementation);
  return server;
}

type UnaryHandler = (request: unknown, call: CallSeen) => object | Promise<object>;
type StreamHandler = (request: unknown, stream: AnswerStream<object>) => void;

function unary(handler: UnaryHandler): handleUnaryCall<object, object> {
  return (call, callback) => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    const deadline = call.getDeadline();
    const seen = { signal: gone.signal, deadlineWallMs: Number(deadline), authority: call.getHost() };
    void (async () => handler(call.request, seen))().then(
      (answer) => callback(null, answer),
      (error) => callback({ code: error instanceof CriFault ? error.code : 2, details: String(error.message) }),
    );
  };
}

function streaming(handler: StreamHandler): handleServerStreamingCall<object, object> {
  return (call: ServerWritableStream<object, object>) => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    handler(call.request, {
      signal: gone.signal,
      send: (answer) => void call.write(answer),
      end: () => call.end(),
      fail: (fault) => call.emit("error", { code: fault.code, details: fault.message, metadata: new Metadata() }),
    });
  };
}
