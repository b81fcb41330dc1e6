import type { Socket } from "node:net";
import {
  encodeJsonFrame,
  type Frame,
  makeFrameReader,
  type SessionResult,
  STREAM_PROTOCOL,
  writeFrames,
} from "../../serve/frames.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { CommandFailure, type Terminal, usageFailure } from "./terminal.ts";

export const exec: Command = {
  usage: "POD -- COMMAND [ARGUMENT...]",
  help: "Run a command in a container; the exit code is the command's own.",
  flags: ["namespace", "container", "stdin", "tty"],
  examples: ["berth exec web -- ls /", "echo x | berth exec -i web -- cat", "berth exec -it web -c shell -- sh"],
  async run(call) {
    const { pod, command } = commandOf(call);
    const tty = call.has("tty");
    const stdin = call.has("stdin");
    if (tty && !(call.terminal.in.isTTY && call.terminal.out.isTerminal)) {
      throw usageFailure("-t needs a terminal on standard input and output");
    }
    const path = `${podPath(namespaceOf(call) ?? "default", pod)}/exec`;
    const query = { container: call.value("container"), command, stdin, tty };
    const { socket, head } = await call.client.upgrade(path, query, STREAM_PROTOCOL);
    const result = await converse(call.terminal, socket, head, { stdin, tty });
    if (result.kind === "exited") return result.exitCode;
    throw new CommandFailure(result.message);
  },
};

/** `POD -- COMMAND`; without `--` the first word is the pod and all else the command, as kubectl once had it. */
function commandOf(call: Call): { pod: string; command: readonly string[] } {
  const [pod, ...more] = call.words;
  const command = [...more, ...(call.rest ?? [])];
  if (pod === undefined) throw usageFailure("which pod? berth exec POD -- COMMAND");
  if (command.length === 0) throw usageFailure("which command? berth exec POD -- COMMAND");
  return { pod: podName(pod), command };
}

/** Passes bytes both ways until the session ends. */
async function converse(
  terminal: Terminal,
  socket: Socket,
  head: Buffer,
  { stdin, tty }: { stdin: boolean; tty: boolean },
): Promise<SessionResult> {
  const read = makeFrameReader();
  const { promise, resolve } = Promise.withResolvers<SessionResult>();
  const take = async (chunk: Uint8Array): Promise<void> => {
    for (const frame of read(chunk)) await show(terminal, frame, resolve);
  };
  const listen = async (): Promise<void> => {
    if (head.length > 0) await take(head);
    for await (const chunk of socket as AsyncIterable<Buffer>) await take(chunk);
  };
  void listen()
    .catch(() => undefined)
    .then(() => resolve({ kind: "failed", message: "berthd has ended the connection" }));

  const sendSize = (): void => {
    const { columns = 80, rows = 24 } = terminal.out;
    socket.write(encodeJsonFrame("resize", { width: columns, height: rows }));
  };
  if (tty) {
    terminal.in.setRawMode?.(true);
    sendSize();
    terminal.out.onResize(sendSize);
  }
  if (stdin) void feed(terminal, socket);
  terminal.signal.addEventListener("abort", () => socket.destroy(), { once: true });
  try {
    return await promise;
  } finally {
    if (tty) terminal.in.setRawMode?.(false);
    terminal.in.destroy();
    socket.destroy();
  }
}

/** Standard input, piece by piece, then its end. */
async function feed(terminal: Terminal, socket: Socket): Promise<void> {
  try {
    for await (const chunk of terminal.in as AsyncIterable<Buffer>) {
      if (!writeFrames(socket, "stdin", chunk)) await drained(socket);
    }
    writeFrames(socket, "stdinEnd", NOTHING);
  } catch {
    // the session is over, or standard input broke: either way nothing more is to be sent
    if (socket.writable) writeFrames(socket, "stdinEnd", NOTHING);
  }
}

const NOTHING = new Uint8Array();

/** Until there is room again or the session is over. */
async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("drain", resolve).once("close", resolve);
  await promise;
  socket.off("drain", resolve).off("close", resolve);
}

async function show(terminal: Terminal, frame: Frame, end: (result: SessionResult) => void): Promise<void> {
  switch (frame.channel) {
    case "stdout":
      return terminal.out.write(frame.payload);
    case "stderr":
      return terminal.err.write(frame.payload);
    case "result":
      end(JSON.parse(frame.payload.toString()) as SessionResult);
      return;
    case "stdin":
    case "stdinEnd":
    case "resize":
      return; // a server does not send these
  }
}
