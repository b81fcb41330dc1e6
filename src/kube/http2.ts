import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import type { Answer, Request, Sent } from "./transport.ts";

/** One HTTP/2 connection, which carries many requests at once. */
export type Session = {
  isOpen(): boolean;
  /** It stands and takes one more request. */
  hasRoom(): boolean;
  send(request: Request, sent: Sent, signal: AbortSignal): Promise<Answer>;
  close(): void;
  /** Closes it once its requests have ended. `awaited`: somebody waits for it, so that one without requests will have some. */
  retire(awaited: boolean): void;
};

/** A connection that waits for news asks so often whether it still stands, and breaks when it hears nothing for so long. */
const PING_MS = 30_000;
const PONG_MS = 15_000;
/** Servers say how many requests they take at once; until one has said so it is this many. */
const USUAL_ROOM = 100;

/** Speaks HTTP/2 over a socket that stands. */
export function openSession(origin: string, socket: Socket): Session {
  const session = connect(origin, { createConnection: () => socket });
  let streams = 0;
  let leaving = false;
  let open = true;
  const shut = (): void => {
    open = false;
    clearInterval(beat);
  };
  const beat = setInterval(() => {
    if (streams > 0) ping(session);
  }, PING_MS);
  beat.unref();
  session.on("error", shut);
  session.on("goaway", shut);
  session.on("close", shut);

  const isOpen = (): boolean => open && !session.closed && !session.destroyed;

  return {
    isOpen,
    hasRoom() {
      // Before the server has told its settings Node.js shows 2^32 - 1.
      const told = session.remoteSettings?.maxConcurrentStreams ?? USUAL_ROOM;
      return isOpen() && streams < Math.min(told, USUAL_ROOM);
    },
    async send({ method, path, headers, body }, sent, signal) {
      signal.throwIfAborted();
      const stream = session.request(
        { ":method": method, ":path": path, ...headers },
        { endStream: body === undefined },
      );
      streams += 1;
      sent.yes = true;
      const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
      signal.addEventListener("abort", cancel, { once: true });
      stream.once("close", () => {
        streams -= 1;
        signal.removeEventListener("abort", cancel);
        if (leaving && streams === 0) session.close();
      });
      if (body !== undefined) stream.end(body);
      const head = await headOf(stream, sent, signal);
      return { status: Number(head[":status"]), retryAfter: head["retry-after"], body: stream };
    },
    close() {
      shut();
      session.destroy();
    },
    retire(awaited) {
      leaving = true;
      if (streams === 0 && !awaited) session.close();
    },
  };
}

function headOf(stream: ClientHttp2Stream, sent: Sent, signal: AbortSignal): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    stream.on("error", reject); // stays: the body may break later, and whoever reads it is told
    stream.once("close", () => {
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) sent.yes = false;
      reject(signal.aborted ? signal.reason : new Error("the connection broke before the answer came"));
    });
    stream.once("response", resolve);
  });
}

function ping(session: ClientHttp2Session): void {
  const late = setTimeout(() => session.destroy(new Error("the server no longer answers on this connection")), PONG_MS);
  late.unref();
  try {
    session.ping((error) => {
      if (error === null) clearTimeout(late);
    });
  } catch {
    session.destroy();
  }
}
