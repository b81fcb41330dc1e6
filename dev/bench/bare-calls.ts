import { Client, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import { type Draft, makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";
import type { ContainerEventResponse, UnaryCalls } from "../../src/cri/generated/types.ts";

/** Calls of CRI straight through grpc-js, with nothing around them: what any client has to pay. */
export type BareCalls = {
  call<R extends keyof UnaryCalls>(rpc: R, request: Draft<UnaryCalls[R][0]>): Promise<UnaryCalls[R][1]>;
  /** Calls back with every event from now on. */
  onEvent(listener: (event: ContainerEventResponse) => void): void;
  close(): void;
};

/** Connects to a runtime's socket. */
export function openBareCalls(endpoint: string): BareCalls {
  const codec = makeCodec(MESSAGES);
  const client = new Client(endpoint, credentials.createInsecure(), { "grpc.default_authority": "localhost" });
  const asIs = (bytes: Buffer) => bytes;
  let stream: ClientReadableStream<Buffer> | undefined;
  return {
    call: (rpc, request) =>
      new Promise((resolve, reject) => {
        const { path, request: kind, response } = METHODS[rpc];
        client.makeUnaryRequest(path, asIs, asIs, codec.encode(kind, request as object), (error, bytes) => {
          if (error) reject(new Error(`${rpc}: ${error.message}`, { cause: error }));
          else resolve(codec.decode(response, bytes ?? Buffer.alloc(0)) as UnaryCalls[typeof rpc][1]);
        });
      }),
    onEvent(listener) {
      const { path, request, response } = METHODS.GetContainerEvents;
      stream = client.makeServerStreamRequest(path, asIs, asIs, codec.encode(request, {}));
      stream.on("data", (bytes: Buffer) => listener(codec.decode(response, bytes) as ContainerEventResponse));
      stream.on("error", () => undefined); // the end of the runtime, or our own
    },
    close() {
      stream?.cancel();
      client.close();
    },
  };
}
