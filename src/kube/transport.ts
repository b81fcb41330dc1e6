/** One request on its way; the path begins with a slash. */
export type Request = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** The begin of an answer; its body is still on the way. */
export type Answer = {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Leaving it before its end cancels the rest. */
  readonly body: AsyncIterable<Buffer>;
};

/** Connections to one server under one identity. */
export type Transport = {
  /** Resolves with the head of the answer. Throws whatever broke; `Sent` tells whether the request may have arrived. */
  send(request: Request, sent: Sent, signal: AbortSignal): Promise<Answer>;
  /** Breaks all connections; the next request makes a new one. */
  disconnect(): void;
  /** Closes each connection once nothing is under way on it. Nothing is sent any more. */
  retire(): void;
};

/** Set once the request went into a connection. */
export type Sent = { yes: boolean };
