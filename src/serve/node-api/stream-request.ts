import type { IncomingMessage } from "node:http";
import type { ExecStreams, View } from "../../ports.ts";
import type { Refusal } from "./guard.ts";
import type { NodeRoute } from "./routes.ts";
import { podOfPath, targetOfPath } from "./target.ts";
import { offersTunnel } from "./terminate.ts";

/** A session that the runtime has made ready: where it is, and which streams it has if it is that of a command. */
export type ReadySession = { readonly url: string; readonly streams?: ExecStreams };

/** The streams that a request may ask for; each gives the runtime's session, or says why there is none. */
type Opener = (
  view: View,
  route: NodeRoute,
  request: IncomingMessage,
  signal: AbortSignal,
) => Promise<ReadySession | Refusal>;

/** Endpoints that take over their connection (node.md 6.4). Each throws BerthError when the runtime does not do it. */
export const STREAM_OPENERS: { readonly [endpoint: string]: Opener } = {
  async exec(view, route, _request, signal) {
    const streams = streamsOf(route.query, isOn(route.query, "tty"));
    if ("status" in streams) return streams;
    const id = runningId(view, route);
    if (typeof id !== "string") return id;
    const command = route.query.getAll("command");
    if (command.length === 0) return { status: 400, text: "you must specify a command" };
    return { url: await view.exec(id, command, streams, signal), streams };
  },
  async attach(view, route, _request, signal) {
    const target = targetOfPath(view, route);
    const tty = "status" in target ? false : (target.container.tty ?? false);
    const streams = streamsOf(route.query, tty);
    if ("status" in streams) return streams;
    const id = runningId(view, route);
    return typeof id === "string" ? { url: await view.attach(id, streams, signal), streams } : id;
  },
  async portForward(view, route, request, signal) {
    const found = podOfPath(view, route);
    if ("status" in found) return NO_POD;
    // Over SPDY each pair of streams names its port; over a WebSocket that carries no SPDY the query does.
    const isSpdy = /^spdy\//i.test(request.headers.upgrade ?? "") || offersTunnel(request);
    const ports = isSpdy ? [] : readPorts(route.query);
    return "status" in ports ? ports : { url: await view.portForward(found.key, ports, signal) };
  },
};

const NO_POD: Refusal = { status: 404, text: "pod does not exist" };
const NO_STREAM: Refusal = { status: 400, text: "you must specify at least 1 of stdin, stdout, stderr" };
const BAD_PORT: Refusal = { status: 400, text: 'query parameter "port" must name ports from 1 to 65535' };

/** A terminal has one output. */
function streamsOf(query: URLSearchParams, tty: boolean): ExecStreams | Refusal {
  const streams = {
    stdin: isOn(query, "input"),
    stdout: isOn(query, "output"),
    stderr: !tty && isOn(query, "error"),
    tty,
  };
  const isAny = streams.stdin || streams.stdout || isOn(query, "error");
  return isAny ? streams : NO_STREAM;
}

const isOn = (query: URLSearchParams, name: string): boolean => ["1", "true"].includes(query.get(name) ?? "");

function runningId(view: View, route: NodeRoute): string | Refusal {
  const found = podOfPath(view, route);
  if ("status" in found) return NO_POD;
  const container = route.parts.container ?? "";
  const instance = view.instance(found.key, container, "newest");
  return instance?.running ? instance.id : { status: 500, text: `container not found ("${container}")` };
}

function readPorts(query: URLSearchParams): readonly number[] | Refusal {
  const ports = query
    .getAll("port")
    .flatMap((each) => each.split(","))
    .map((each) => (/^\d{1,5}$/.test(each) ? Number(each) : 0));
  const isGood = ports.length > 0 && ports.length <= MOST_PORTS && ports.every((port) => port >= 1 && port <= 65_535);
  return isGood ? ports : BAD_PORT;
}

/** Ports of one WebSocket that forwards ports. @limit The request is refused. */
const MOST_PORTS = 64;
