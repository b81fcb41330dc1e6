import { join } from "node:path";
import { AGENTS_FOLDER } from "../runtime/agents.ts";
import type { Places } from "../runtime/places.ts";

/** Where all that belongs to one berthd beside a private runtime lies. */
export type AgentPlaces = {
  /** All of it but the manifests is below this folder. */
  readonly folder: string;
  readonly manifests: string;
  readonly root: string;
  readonly podLogs: string;
  readonly containerLogs: string;
  readonly config: string;
  readonly dropIns: string;
  /** Short enough for a socket, wherever the checkout lies. */
  readonly socket: string;
  readonly viewSocket: string;
};

/** Names the places of the berthd that has this name among those of a runtime. Touches nothing. */
export function agentPlacesOf(runtime: Pick<Places, "folder" | "short">, name: string): AgentPlaces {
  const folder = join(runtime.folder, AGENTS_FOLDER, name);
  return {
    folder,
    manifests: join(folder, "manifests"),
    root: join(folder, "root"),
    podLogs: join(folder, "log/pods"),
    containerLogs: join(folder, "log/containers"),
    config: join(folder, "config.yaml"),
    dropIns: join(folder, "config.d"),
    socket: join(runtime.short, AGENTS_FOLDER, name, "berth.sock"),
    viewSocket: join(runtime.short, AGENTS_FOLDER, name, "view.sock"),
  };
}
