import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { isJson, type Json } from "./merge.ts";
import { list, refuseWideReads, watch } from "./reads.ts";
import { Refusal, statusOf } from "./refusal.ts";
import { type Asked, asked } from "./requests.ts";
import { type Kept, makeShelf, type Shelf } from "./shelf.ts";
import { change, create, remove } from "./writes.ts";

/** What goes wrong with a request in place of its answer. */
export type Fault =
  | { readonly kind: "slow"; readonly delayMs: number }
  | { readonly kind: "status"; readonly status: 401 | 403 | 409 | 429 | 500 | 503; readonly retryAfterSeconds?: number }
  /** The connection breaks in the middle of an answer. */
  | { readonly kind: "half" };

/** An API server for tests, over HTTP on loopback. Whoever comes is the node: NodeRestriction holds. */
export type ApiServer = {
  readonly url: string;
  /** The control plane's hands: they change what a node may not. */
  readonly shelf: Shelf;
  place(resource: string, object: Json): Kept;
  remove(resource: string, namespace: string, name: string, options?: Json): void;
  /** Each request for which it gives a fault meets it. */
  trouble(fault: ((at: Asked) => Fault | undefined) | undefined): void;
  /** Tells half an event on every watch, and breaks all connections. */
  breakWatches(): void;
  /** Requests so far, as `PATCH pods/status`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
};

/** Starts a server with nothing in it. */
export async function startApiServer(): Promise<ApiServer> {
  const shelf = makeShelf();
  const closing = new AbortController();
  const watches = new Set<ServerResponse>();
  const requests: string[] = [];
  let faultOf: ((at: Asked) => Fault | undefined) | undefined;

  const perform = (at: Asked, body: Json): readonly [number, Json] => {
    const { method, name } = at;
    if (name === undefined) return method === "POST" ? [201, create(shelf, at, body, true)] : [200, list(shelf, at)];
    if (at.subresource === "token") return [201, token(shelf, at, body)];
    switch (method) {
      case "GET":
        return [200, shelf.get(at.resource, at.namespace, name)];
      case "PUT":
        return [200, change(shelf, at, name, body, "replace")];
      case "PATCH":
        return [200, change(shelf, at, name, body, "patch")];
      case "DELETE":
        return [200, remove(shelf, at, name, body)];
      default:
        throw new Refusal(405, "MethodNotAllowed", "the server does not allow this method");
    }
  };
  const serve = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const sent = await text(request);
    const at = asked(request.method ?? "GET", request.url ?? "/");
    if (at === undefined) throw new Refusal(404, "NotFound", "the server could not find the requested resource");
    const isWatch = at.query.get("watch") === "true";
    const verb = isWatch ? "WATCH" : at.method;
    requests.push(`${verb} ${at.resource}${at.subresource === undefined ? "" : `/${at.subresource}`}`);
    const fault = faultOf?.(at);
    if (fault?.kind === "slow") await wait(fault.delayMs, undefined, { signal: closing.signal });
    if (fault?.kind === "status") {
      if (fault.retryAfterSeconds !== undefined) answer.setHeader("retry-after", String(fault.retryAfterSeconds));
      throw new Refusal(fault.status, REASONS[fault.status], "asked to fail");
    }
    if (at.method === "GET") refuseWideReads(at);
    if (isWatch) {
      shelf.since(Number(at.query.get("resourceVersion") || shelf.version()) || shelf.version());
      watches.add(answer);
      await watch(shelf, at, answer, closing.signal).finally(() => watches.delete(answer));
      return;
    }
    const parsed: unknown = sent === "" ? {} : JSON.parse(sent);
    const [status, result] = perform(at, isJson(parsed) ? parsed : {});
    const whole = JSON.stringify(result);
    answer.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(whole) });
    if (fault?.kind !== "half") answer.end(whole);
    else answer.write(whole.slice(0, whole.length / 2), () => answer.destroy());
  };
  const server = createServer((request, answer) => {
    serve(request, answer).catch((error: unknown) => {
      if (answer.headersSent) {
        answer.destroy();
        return;
      }
      const refusal = error instanceof Refusal ? error : new Refusal(500, "InternalError", String(error));
      answer.writeHead(refusal.status, { "content-type": "application/json" }).end(JSON.stringify(statusOf(refusal)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shelf,
    place: (resource, object) => shelf.add(resource, object),
    remove: (resource, namespace, name, options = {}) =>
      void remove(shelf, { method: "DELETE", resource, namespace, query: new URLSearchParams() }, name, options),
    trouble(fault) {
      faultOf = fault;
    },
    breakWatches() {
      for (const answer of watches) answer.write('{"type":"MODIF', () => answer.destroy());
    },
    requests,
    async close() {
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const REASONS = {
  401: "Unauthorized",
  403: "Forbidden",
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
} as const;

/** A token of a service account, which must be bound to a pod that there is (node.md 1.5). */
function token(shelf: Shelf, at: Asked, body: Json): Json {
  const spec = isJson(body.spec) ? body.spec : {};
  const bound = isJson(spec.boundObjectRef) ? spec.boundObjectRef : {};
  const pod = shelf.all("pods").find(({ metadata }) => metadata.uid === bound.uid && metadata.name === bound.name);
  if (pod === undefined) throw new Refusal(403, "Forbidden", "node requested token not bound to a pod on this node");
  const expires = Date.now() + Number(spec.expirationSeconds ?? 3600) * 1000;
  const status = {
    token: `token-of-${at.name}-${shelf.version()}`,
    expirationTimestamp: new Date(expires).toISOString(),
  };
  return { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: {}, status };
}
