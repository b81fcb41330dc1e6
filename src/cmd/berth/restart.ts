import { type Command, namespaceOf, podArgument, podPath } from "./command.ts";

export const restart: Command = {
  usage: "POD",
  help: "Restart the containers of a pod, or one of them, with their grace period.",
  flags: ["namespace", "container"],
  examples: ["berth restart web", "berth restart web -c nginx"],
  async run(call) {
    const path = podPath(namespaceOf(call) ?? "default", podArgument(call));
    const query = { container: call.value("container") };
    const { pod, restarted } = await call.client.post<{ pod: string; restarted: string[] }>(`${path}/restart`, query);
    await call.terminal.out.write(
      restarted.map((container) => `${pod} container ${container} is restarted\n`).join(""),
    );
    return 0;
  },
};
