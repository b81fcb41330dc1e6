import type { CriClient } from "./client.ts";

/** What containerd tells of its networks, as far as it is of interest here. */
type CniConfig = {
  readonly Networks?: readonly {
    readonly IFName?: string;
    readonly Config?: {
      readonly Name?: string;
      readonly Plugins?: readonly {
        readonly Network?: { readonly capabilities?: Readonly<Record<string, boolean>> };
      }[];
    };
  }[];
};

/**
 * The name of the CNI list of pods, when none of its plugins takes port mappings: a hostPort then leads nowhere, and neither
 * the runtime nor CNI says a word. Undefined when one does, and when the runtime does not tell.
 */
export async function listWithoutPortMap(client: CriClient, signal: AbortSignal): Promise<string | undefined> {
  const { info } = await client.call("Status", { verbose: true }, signal);
  const networks = (parse(info.cniconfig)?.Networks ?? []).filter(({ IFName }) => IFName !== "lo");
  const plugins = networks.flatMap(({ Config }) => Config?.Plugins ?? []);
  if (plugins.length === 0 || plugins.some(({ Network }) => Network?.capabilities?.portMappings === true)) {
    return undefined;
  }
  return networks[0]?.Config?.Name ?? "";
}

function parse(text: string | undefined): CniConfig | undefined {
  try {
    return JSON.parse(text ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}
