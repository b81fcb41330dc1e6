import { allContainers } from "../../pod/all-containers.ts";
import type * as v1 from "../../pod/v1.ts";
import { STREAM_PROTOCOL } from "../../serve/frames.ts";
import { type Command, namespaceOf, podArgument, podPath } from "./command.ts";
import { chosenContainer } from "./default-container.ts";
import { converseOnTerminal } from "./session.ts";
import { CommandFailure } from "./terminal.ts";

export const attach: Command = {
  usage: "POD",
  help: "Join a container's own process: see what it writes from now on, and with -i type to it.",
  flags: ["namespace", "container", "stdin", "tty"],
  examples: ["berth attach web", "berth attach -it shell"],
  async run(call) {
    const { terminal, client } = call;
    const path = podPath(namespaceOf(call) ?? "default", podArgument(call));
    const pod = await client.get<v1.Pod>(path);
    const container = await chosenContainer(call, pod);
    const shape = allContainers(pod.spec).find(({ name }) => name === container);
    const stdin = call.has("stdin");
    const onTerminal = (terminal.in.isTTY ?? false) && terminal.out.isTerminal;
    const tty = call.has("tty") && (shape?.tty ?? false) && onTerminal;
    if (call.has("tty") && !tty) {
      const why = onTerminal ? `container ${container} has no terminal (tty: true in its manifest)` : "this is none";
      await terminal.err.write(`Going on without a terminal: ${why}.\n`);
    }
    const session = await client.upgrade(`${path}/attach`, { container, stdin }, STREAM_PROTOCOL);
    if (tty && stdin) await terminal.err.write("If you see no prompt, press enter.\n");
    const result = await converseOnTerminal(terminal, session, { stdin, tty, redraw: true });
    if (result.kind === "exited") return result.exitCode;
    throw new CommandFailure(result.message);
  },
};
