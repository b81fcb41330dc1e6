import { BerthError } from "../base/errors.ts";
import { allContainers } from "../pod/all-containers.ts";
import type * as v1 from "../pod/v1.ts";
import type { InstanceView } from "../pod/view.ts";
import type { ExecStreams, View } from "../ports.ts";
import { podOf } from "./api.ts";
import { findContainer, keyOf } from "./find-pod.ts";
import { readCount, readFlag, readWord } from "./queries.ts";
import type { Asked, RouteName } from "./routes.ts";
import { connectRuntime } from "./runtime-connection.ts";
import { type Outputs, openForward, openSession, type RuntimeStream } from "./runtime-stream.ts";

/** A way to the runtime that stands; the session begins when somebody listens. */
export type Opened = (outputs: Outputs) => RuntimeStream;
type Opener = (view: View, asked: Asked, signal: AbortSignal) => Promise<Opened>;

/** The routes that take over their connection, and what opens the other end. Each throws BerthError with nothing left open. */
export const OPENERS: { readonly [R in RouteName]?: Opener } = {
  async exec(view, asked, signal) {
    const command = asked.query.getAll("command");
    if (command.length === 0) throw new BerthError("BadRequest", "exec needs a command");
    const { instance } = runningOf(view, asked);
    const tty = readFlag(asked.query, "tty");
    const streams: ExecStreams = { stdin: readFlag(asked.query, "stdin"), stdout: true, stderr: !tty, tty };
    const url = await view.exec(instance.id, command, streams, signal);
    return talkTo(url, streams, signal);
  },
  async attach(view, asked, signal) {
    const { instance, container } = runningOf(view, asked);
    const stdin = readFlag(asked.query, "stdin");
    const tty = container?.tty ?? false;
    if (stdin && !container?.stdin) {
      throw new BerthError(
        "BadRequest",
        `container "${container?.name}" has no standard input: its manifest lacks stdin`,
      );
    }
    const streams: ExecStreams = { stdin, stdout: true, stderr: !tty, tty };
    const url = await view.attach(instance.id, streams, signal);
    return talkTo(url, streams, signal);
  },
  async portForward(view, asked, signal) {
    const port = readCount(asked.query, "port") ?? 0;
    if (port < 1 || port > 65_535) throw new BerthError("BadRequest", "port must be from 1 to 65535");
    const url = await view.portForward(keyOf(podOf(view, asked)), [port], signal);
    const connection = await connectRuntime(url, "portforward.k8s.io", signal);
    return (outputs) => openForward(connection, port, outputs, signal);
  },
};

async function talkTo(url: string, streams: ExecStreams, signal: AbortSignal): Promise<Opened> {
  const connection = await connectRuntime(url, "v4.channel.k8s.io", signal);
  return (outputs) => openSession(connection, streams, outputs, signal);
}

/** The running instance that is meant. Throws NotFound. */
function runningOf(view: View, asked: Asked): { instance: InstanceView; container: v1.Container | undefined } {
  const pod = podOf(view, asked);
  const name = findContainer(pod, readWord(asked.query, "container"));
  const instance = view.instance(keyOf(pod), name, "newest");
  if (!instance?.running) {
    throw new BerthError("NotFound", `container "${name}" of pod "${keyOf(pod)}" is not running`);
  }
  return { instance, container: allContainers(pod.spec).find((each) => each.name === name) };
}
