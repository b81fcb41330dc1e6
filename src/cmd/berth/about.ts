import type { AboutAgent } from "../../serve/api.ts";
import type { Call } from "./command.ts";

/** What berthd says of itself at /v1/agent. */
export type About = AboutAgent & {
  readonly version: string;
  readonly nodeName: string;
  readonly drained: boolean;
};

/** Asks berthd where and how it works. */
export function askAbout(call: Call): Promise<About> {
  return call.client.get<About>("/v1/agent");
}
