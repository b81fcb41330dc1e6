import { STREAM_PROTOCOL } from "../../serve/frames.ts";
import { type Call, type Command, namespaceOf, podName, podPath } from "./command.ts";
import { converseOnTerminal } from "./session.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const exec: Command = {
  usage: "POD -- COMMAND [ARGUMENT...]",
  help: "Run a command in a container; the exit code is the command's own.",
  flags: ["namespace", "container", "stdin", "tty"],
  examples: ["berth exec web -- ls /", "echo x | berth exec -i web -- cat", "berth exec -it web -c shell -- sh"],
  async run(call) {
    const { pod, command } = commandOf(call);
    const stdin = call.has("stdin");
    const tty = call.has("tty") && (call.terminal.in.isTTY ?? false) && call.terminal.out.isTerminal;
    if (call.has("tty") && !tty) {
      await call.terminal.err.write("Going on without a terminal: standard input or output is none.\n");
    }
    const path = `${podPath(namespaceOf(call) ?? "default", pod)}/exec`;
    const query = { container: call.value("container"), command, stdin, tty };
    const session = await call.client.upgrade(path, query, STREAM_PROTOCOL);
    const result = await converseOnTerminal(call.terminal, session, { stdin, tty });
    if (result.kind === "exited") return result.exitCode;
    throw new CommandFailure(plainMessage(result.message));
  },
};

/** What runc says of a program that cannot be begun, out of the layers of words around it. */
const plainMessage = (message: string): string => {
  const [, program, why] = /unable to start container process: exec: ("(?:[^"\\]|\\.)*"): ([^:]+)/.exec(message) ?? [];
  return program === undefined ? message : `the container cannot run ${program}: ${why}`;
};

/** `POD -- COMMAND`; without `--` the first word is the pod and all else the command, as kubectl once had it. */
function commandOf(call: Call): { pod: string; command: readonly string[] } {
  const [pod, ...more] = call.words;
  const command = [...more, ...(call.rest ?? [])];
  if (pod === undefined) throw usageFailure("which pod? berth exec POD -- COMMAND");
  if (command.length === 0) throw usageFailure("which command? berth exec POD -- COMMAND");
  return { pod: podName(pod), command };
}
