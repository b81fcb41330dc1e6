import { Agent, request as ask, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Request, Transport } from "./transport.ts";

/** HTTP/1.1 for servers behind something that does not speak HTTP/2: a connection for each request at a time, kept. */
export function openHttp1(server: URL, dial: (signal: AbortSignal) => Promise<Socket>): Transport {
  const agent = new Agent({ keepAlive: true });
  const ended = new AbortController();
  agent.createConnection = (_options, done) => {
    dial(ended.signal).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
    return undefined;
  };
  return {
    async send(request: Request, sent, signal) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const { method, path, headers, body } = request;
        const message = ask({ agent, method, path, headers: { host: server.host, ...headers }, signal }, resolve);
        message.on("error", reject);
        message.on("socket", () => {
          sent.yes = true;
        });
        message.end(body);
      });
      answer.on("error", () => {}); // whoever reads the body is told
      return { status: answer.statusCode ?? 0, retryAfter: answer.headers["retry-after"], body: answer };
    },
    disconnect() {
      ended.abort();
      agent.destroy();
    },
    retire() {
      // Sockets in use leave when their answer has ended; idle ones at once.
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
  };
}
