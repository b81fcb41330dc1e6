import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { awayFailure, CommandFailure } from "./terminal.ts";

/** The operators' socket, and the readers' one that is tried when the first may not be used. */
export const USUAL_SOCKET = "/run/berth/berth.sock";
export const USUAL_VIEW_SOCKET = "/run/berth/berth-view.sock";

/** Asks berthd. Every call throws CommandFailure with what a person can do about it. */
export type Client = {
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, query?: Query): Promise<T>;
  /** Lines of JSON until the server or the signal ends them; `onOpen` when it answers, be it without a line. */
  lines<T>(path: string, query: Query, signal: AbortSignal, onOpen?: () => void): AsyncGenerator<T>;
  /** Bytes as they come. */
  bytes(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage>;
  /** A connection that speaks another protocol from here on. */
  upgrade(path: string, query: Query, protocol: string): Promise<{ socket: Socket; head: Buffer }>;
};
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A client for a socket; without one, for the usual sockets. */
export function makeClient(socketPath: string | undefined): Client {
  let chosen = socketPath ?? USUAL_SOCKET;

  /**
   * Falls back to the readers' socket when nobody asked for a certain one. Requests that run side by side do so each for
   * itself: what counts is where it was tried, not what another one has chosen meanwhile.
   */
  const withFallback = async <T>(method: string, attempt: (socket: string) => Promise<T>): Promise<T> => {
    const tried = chosen;
    try {
      return await attempt(tried);
    } catch (error) {
      const mayFallBack = socketPath === undefined && tried === USUAL_SOCKET && method === "GET";
      if (!mayFallBack || codeOf(error) !== "EACCES") throw hint(error, tried);
      chosen = USUAL_VIEW_SOCKET;
      return attempt(chosen).catch((second: unknown) => {
        throw hint(codeOf(second) === undefined ? second : error, USUAL_SOCKET);
      });
    }
  };
  const open = (method: string, path: string, query: Query, signal?: AbortSignal): Promise<IncomingMessage> =>
    withFallback(method, (socket) => ask(socket, method, path + queryText(query), signal));
  const json = async <T>(method: string, path: string, query: Query): Promise<T> =>
    JSON.parse(await textOf(await open(method, path, query))) as T;

  return {
    get: (path, query = {}) => json("GET", path, query),
    post: (path, query = {}) => json("POST", path, query),
    bytes: (path, query, signal) => open("GET", path, query, signal),
    async *lines<T>(path: string, query: Query, signal: AbortSignal, onOpen = () => {}) {
      const answer = await open("GET", path, query, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (answer === undefined) return;
      onOpen();
      try {
        for await (const line of linesOf(answer)) yield JSON.parse(line) as T;
      } catch (error) {
        if (!signal.aborted) throw codeOf(error) === undefined ? error : ended();
      }
      if (!signal.aborted) throw ended();
    },
    upgrade: (path, query, protocol) =>
      withFallback("POST", (socket) => askUpgrade(socket, path + queryText(query), protocol)),
  };
}

/** An answer that was under way and goes no further. */
export const ended = (): CommandFailure => awayFailure("berthd has ended the connection");

async function ask(socketPath: string, method: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request({ socketPath, method, path, ...(signal === undefined ? {} : { signal }) }, resolve);
  asked.on("error", reject);
  asked.end();
  const answer = await promise;
  answer.on("error", () => {}); // whoever reads it hears of it there
  if (answer.statusCode !== 200) throw await refusal(answer);
  return answer;
}

async function askUpgrade(
  socketPath: string,
  path: string,
  protocol: string,
): Promise<{ socket: Socket; head: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ socket: Socket; head: Buffer }>();
  const headers = { connection: "Upgrade", upgrade: protocol };
  const asked = request({ socketPath, method: "POST", path, headers });
  asked.on("upgrade", (_answer: IncomingMessage, socket: Socket, head: Buffer) => resolve({ socket, head }));
  asked.on("response", (answer) => void refusal(answer).then(reject, reject));
  asked.on("error", reject);
  asked.end();
  return promise;
}

async function refusal(answer: IncomingMessage): Promise<CommandFailure> {
  const text = await textOf(answer);
  try {
    const { error } = JSON.parse(text) as { error: { message: string } };
    return new CommandFailure(error.message);
  } catch {
    return new CommandFailure(`berthd answered ${answer.statusCode}`);
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let held = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer as AsyncIterable<string>) {
    const pieces = (held + chunk).split("\n");
    held = pieces.pop() ?? "";
    yield* pieces;
  }
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    const values = typeof value === "object" ? value : [value];
    return values.map((each) => `${name}=${encodeURIComponent(String(each))}`);
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof CommandFailure) return undefined;
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** What a person can do about a connection that did not come about. */
function hint(error: unknown, socketPath: string): unknown {
  switch (codeOf(error)) {
    case undefined:
      return error;
    case "ENOENT":
      return awayFailure(
        `berthd is not running, or listens elsewhere than on ${socketPath} (see --socket, BERTH_SOCKET)`,
      );
    case "ECONNREFUSED":
      return awayFailure(`berthd is not running: nobody answers on ${socketPath} (try: systemctl status berthd)`);
    case "EACCES":
      return new CommandFailure(`no permission to use ${socketPath}: become root, or join the group berth`);
    default:
      return awayFailure(`talking to berthd on ${socketPath}: ${error instanceof Error ? error.message : error}`);
  }
}
