import type * as v1 from "../../pod/v1.ts";
import { parseDurationMs } from "../config/duration.ts";
import { type Call, type Command, namespaceOf, podArgument, podPath } from "./command.ts";
import { usageFailure } from "./terminal.ts";

export const logs: Command = {
  usage: "POD",
  help: "Print a container's log.",
  flags: ["namespace", "container", "follow", "previous", "tail", "since", "timestamps", "limit-bytes"],
  examples: ["berth logs web", "berth logs -f web -c nginx --tail 20", "berth logs -p web"],
  async run(call) {
    const { terminal, client } = call;
    const name = podArgument(call);
    const path = podPath(namespaceOf(call) ?? "default", name);
    const query = {
      follow: call.has("follow"),
      previous: call.has("previous"),
      timestamps: call.has("timestamps"),
      tailLines: tailLines(call.value("tail")),
      sinceSeconds: sinceSeconds(call.value("since")),
      limitBytes: wholeNumber("limit-bytes", call.value("limit-bytes")),
    };
    const container = call.value("container") ?? (await sayDefault(call, path));
    const answer = await client.bytes(`${path}/log`, { ...query, container }, terminal.signal);
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) await terminal.out.write(chunk);
    } catch (error) {
      if (!terminal.signal.aborted) throw error;
    }
    return 0;
  },
};

/** With several containers, says which one is taken when none was named. */
async function sayDefault(call: Call, path: string): Promise<string | undefined> {
  const pod = await call.client.get<v1.Pod>(path);
  const names = (pod.spec?.containers ?? []).map((container) => container.name);
  const taken = pod.metadata?.annotations?.["kubectl.kubernetes.io/default-container"] ?? names[0];
  const all = [...names, ...(pod.spec?.initContainers ?? []).map((container) => `${container.name} (init)`)];
  if (all.length > 1) await call.terminal.err.write(`Defaulted container "${taken}" out of: ${all.join(", ")}\n`);
  return taken;
}

function tailLines(written: string | undefined): number | undefined {
  return written === "-1" ? undefined : wholeNumber("tail", written);
}

function wholeNumber(flag: string, written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (/^\d+$/.test(written)) return Number(written);
  throw usageFailure(`--${flag} is a whole number, not ${JSON.stringify(written)}`);
}

function sinceSeconds(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const sinceMs = parseDurationMs(written);
  if (sinceMs !== undefined && sinceMs > 0) return Math.ceil(sinceMs / 1000);
  throw usageFailure(`--since is a duration such as 5m or 1h30m, not ${JSON.stringify(written)}`);
}
