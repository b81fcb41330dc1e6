import type { CriClient } from "../../src/cri/client.ts";

/** A runtime that is held to the contract, and what happens to it from outside CRI. */
export type Subject = {
  readonly name: string;
  /** It has the stream of container events. */
  readonly events: boolean;
  /** Of cgroups that sandboxes are put below; empty for a runtime that has none. */
  readonly cgroupParent: string;
  /** A client of the runtime as it is now; a new one after each restart. */
  client(): CriClient;
  /** SIGKILL for the first process of a container. */
  killContainer(id: string): Promise<void>;
  /** SIGKILL for the process that holds a sandbox open. */
  killSandbox(id: string): Promise<void>;
  /** The runtime ends, by SIGTERM or SIGKILL; what it has started runs on. */
  down(signal: "TERM" | "KILL"): Promise<void>;
  /** It comes back on the same state and answers again. */
  up(): Promise<void>;
  close(): Promise<void>;
};
