import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { BerthError } from "../base/errors.ts";

/** What is spoken on the streams of a connection. */
export type StreamProtocol = "v4.channel.k8s.io" | "portforward.k8s.io";

/** Connecting to the runtime's streaming server. @limit The session has failed. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to the runtime's streaming server on which nothing has been said yet. */
export type RuntimeConnection = { readonly socket: Socket; readonly head: Buffer };

/** Connects to the URL that the runtime gave for a session. Throws RuntimeUnavailable. */
export async function connectRuntime(
  url: string,
  protocol: StreamProtocol,
  signal: AbortSignal,
): Promise<RuntimeConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<RuntimeConnection>();
  const asked: ClientRequest = request(url, {
    method: "POST",
    headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol },
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
