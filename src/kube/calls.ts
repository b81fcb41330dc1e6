import { BerthError } from "../base/errors.ts";
import type { Meter } from "../pod/metrics.ts";
import { wholeText } from "./body.ts";
import { openConnections } from "./connections.ts";
import type { CredentialSource, Credentials } from "./credentials.ts";
import { brokenConnection, failureOf } from "./failure.ts";
import type { Answer, Request, Transport } from "./transport.ts";
import { proxyName } from "./tunnel.ts";

/** One request as the calls of the API are made of it. */
export type Call = {
  /** What is being done, for messages: `patching nodes n1`. */
  readonly doing: string;
  readonly method: Request["method"];
  readonly path: string;
  readonly body?: { readonly type: string; readonly text: string };
};

/** Requests to the server under the node's newest identity. */
export type Calls = {
  /** The whole answer, once it is a success. */
  whole(call: Call, signal: AbortSignal): Promise<string>;
  /** The answer as it comes, which may go on for long. */
  stream(call: Call, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  disconnect(): void;
};

/** Calls with these credentials. `timeoutMs` bounds a whole call, and the head of a stream; it is tried once. */
export function makeCalls(tools: {
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly meter: Meter;
  /** Resolves when a request may be sent; the time until then is not counted as the call's. Absent: at once. */
  turn?(call: Call, signal: AbortSignal): Promise<void>;
}): Calls {
  const { credentials, userAgent, timeoutMs, meter } = tools;
  let transport: Transport | undefined;
  let leaving: Transport | undefined;
  let made = { place: "", whole: "" };
  let way = "";
  const bound = { timeoutMs, way: () => way };

  /**
   * A new server, or another way to it, closes all connections at once. So does a new certificate (node.md 1.4), but what is
   * under way on the old ones may end first: a watch lasts some minutes and need not break.
   */
  const transportFor = (now: Credentials): Transport => {
    const { server, proxy, tls } = now;
    const wanted = { place: JSON.stringify([server.href, proxy?.href, tls.authority]), whole: JSON.stringify(tls) };
    if (transport !== undefined && wanted.place === made.place && wanted.whole === made.whole) return transport;
    leaving?.disconnect();
    leaving = transport;
    if (wanted.place === made.place) leaving?.retire();
    else leaving?.disconnect();
    made = wanted;
    transport = openConnections(now);
    return transport;
  };
  const send = async ({ doing, method, path, body }: Call, signal: AbortSignal): Promise<Answer> => {
    const sent = { yes: false };
    try {
      const now = await credentials.current(signal);
      way = now.proxy === undefined ? "" : ` by way of the proxy ${proxyName(now.proxy)}`;
      const headers = {
        accept: "application/json",
        "user-agent": userAgent,
        ...(now.authorization === undefined ? {} : { authorization: now.authorization }),
        ...(body === undefined
          ? {}
          : { "content-type": body.type, "content-length": String(Buffer.byteLength(body.text)) }),
      };
      const prefix = now.server.pathname.replace(/\/$/, "");
      const request = { method, path: `${prefix}${path}`, headers, ...(body === undefined ? {} : { body: body.text }) };
      return await counted(meter, method, now.server.host, () => transportFor(now).send(request, sent, signal));
    } catch (error) {
      throw brokenConnection(doing, error, sent.yes && method !== "GET");
    }
  };
  const succeed = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    const answer = await send(call, signal);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = await wholeText(call.doing, answer.body).catch(() => "");
    const failure = failureOf(call.doing, answer.status, text, answer.retryAfter);
    if (failure.code === "ApiUnauthorized") credentials.refused();
    throw failure;
  };

  return {
    whole: async (call, signal) => {
      await tools.turn?.(call, signal);
      return within(call, bound, signal, async (bounded) => {
        const { body } = await succeed(call, bounded);
        try {
          return await wholeText(call.doing, body);
        } catch (error) {
          throw brokenConnection(call.doing, error, call.method !== "GET");
        }
      });
    },
    stream: async (call, signal) => {
      await tools.turn?.(call, signal);
      const ended = new AbortController();
      const { body } = await within(call, bound, signal, async (bounded) => {
        const late = (): void => ended.abort(bounded.reason);
        bounded.addEventListener("abort", late, { once: true });
        try {
          return await succeed(call, AbortSignal.any([signal, ended.signal]));
        } finally {
          bounded.removeEventListener("abort", late);
        }
      });
      return body;
    },
    disconnect() {
      leaving?.disconnect();
      transport?.disconnect();
    },
  };
}

/** Counts one request by how it was answered; what follows its head takes its own time. */
async function counted(
  meter: Meter,
  method: Request["method"],
  host: string,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const begunMs = performance.now();
  let code = "<error>";
  try {
    const answer = await send();
    code = String(answer.status);
    return answer;
  } finally {
    meter.add("rest_client_requests_total", { code, method, host });
    const seconds = (performance.now() - begunMs) / 1000;
    meter.observe("rest_client_request_duration_seconds", { verb: method, host }, seconds);
  }
}

/** Runs a call with a bound; one that is late counts as possibly done. */
async function within<T>(
  { doing, method }: Call,
  { timeoutMs, way }: { readonly timeoutMs: number; way(): string },
  signal: AbortSignal,
  run: (bounded: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await run(AbortSignal.any([signal, late.signal]));
  } catch (cause) {
    if (!late.signal.aborted || signal.aborted) throw cause;
    const effect = method === "GET" ? "none" : "unknown";
    throw new BerthError("ApiTimeout", `${doing}: no answer within ${timeoutMs / 1000} s${way()}`, { cause, effect });
  } finally {
    clearTimeout(timer);
  }
}
