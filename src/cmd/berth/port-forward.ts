import { createServer, type Server, type Socket } from "node:net";
import type * as v1 from "../../pod/v1.ts";
import { STREAM_PROTOCOL } from "../../serve/frames.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { converse } from "./session.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";
import { writeAll } from "./write-all.ts";

export const portForward: Command = {
  usage: "POD [LOCAL:]PORT...",
  help: "Bring ports of a pod to this host; goes on until interrupted.",
  flags: ["namespace", "address"],
  examples: ["berth port-forward web 8080:80", "berth port-forward web :http", "berth port-forward web 80 443"],
  endsByInterrupt: true,
  async run(call) {
    const [written, ...pairs] = call.words;
    if (written === undefined) throw usageFailure("which pod? berth port-forward POD [LOCAL:]PORT");
    if (pairs.length === 0) throw usageFailure("which port? berth port-forward POD [LOCAL:]PORT");
    const path = podPath(namespaceOf(call) ?? "default", podName(written));
    const pod = await call.client.get<v1.Pod>(path);
    const forwards = pairs.map((pair) => readPair(pair, pod));
    const addresses = call.value("address")?.split(",") ?? ["127.0.0.1"];
    const servers: Server[] = [];
    try {
      for (const forward of forwards) {
        for (const address of addresses) servers.push(await listen(call, `${path}/portforward`, forward, address));
      }
      await untilAborted(call.terminal.signal);
      return 0;
    } finally {
      for (const server of servers) server.close();
    }
  },
};

/** A local port, 0 for any, and the pod's. */
type Forward = { readonly local: number; readonly remote: number };

function readPair(written: string, pod: v1.Pod): Forward {
  const [first = "", second] = written.split(":");
  const remote = portOf(second ?? first, pod);
  const local = second === undefined ? remote : first === "" ? 0 : Number(first);
  const isPort = (port: number, from: number): boolean => Number.isInteger(port) && port >= from && port <= 65_535;
  if (remote !== undefined && local !== undefined && isPort(remote, 1) && isPort(local, 0)) return { local, remote };
  throw usageFailure(
    `${JSON.stringify(written)} is no [LOCAL:]PORT, with ports from 1 to 65535 or a name of the pod's`,
  );
}

/** A number, or the name of one of the pod's ports. */
function portOf(written: string, pod: v1.Pod): number | undefined {
  if (/^\d+$/.test(written)) return Number(written);
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === written)?.containerPort;
}

async function listen(call: Call, path: string, { local, remote }: Forward, address: string): Promise<Server> {
  // one side may end its half while the other still sends
  const server = createServer({ allowHalfOpen: true }, (socket) => void carry(call, path, remote, socket));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => reject(new CommandFailure(`listening on ${address}:${local}: ${error.message}`)));
  server.listen(local, address, () => resolve());
  await promise;
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : local;
  const shown = address.includes(":") ? `[${address}]` : address;
  await call.terminal.out.write(`Forwarding from ${shown}:${port} -> ${remote}\n`);
  return server;
}

/** One connection; what goes wrong with it is said and harms no other one. */
async function carry(call: Call, path: string, port: number, socket: Socket): Promise<void> {
  const over = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => over.abort());
  const signal = AbortSignal.any([over.signal, call.terminal.signal]);
  try {
    const session = await call.client.upgrade(path, { port }, STREAM_PROTOCOL);
    const ends = {
      // by itself the end of one half would end the other
      stdin: socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
      stdout: (chunk: Uint8Array) => writeAll(socket, chunk),
      stderr: () => undefined,
    };
    const result = await converse(session, ends, signal);
    if (result.kind === "failed" && !signal.aborted) throw new CommandFailure(result.message);
    socket.end();
  } catch (error) {
    socket.destroy();
    const message = error instanceof Error ? error.message : String(error);
    // containerd tells the same in three lines of its own inner matters
    const told = /connect: connection refused/.test(message) ? "nothing listens there in the pod" : message;
    if (!signal.aborted) await call.terminal.err.write(`error: forwarding to port ${port}: ${told}\n`);
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
}
