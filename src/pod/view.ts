/** One probe of a running container as people see it. */
export type ProbeView = {
  readonly container: string;
  readonly probe: "startup" | "liveness" | "readiness";
  /** What it counts for at the moment (R5). */
  readonly result: "unknown" | "passed" | "failed";
  /** So many equal attempts in a row, the last one among them. */
  readonly streak?: { readonly verdict: "passed" | "failed"; readonly count: number };
  readonly last?: {
    readonly attempt: "passed" | "failed" | "discarded";
    readonly atWallMs: number;
    readonly tookMs: number;
    /** Why it did not succeed. */
    readonly output: string;
  };
};

/** One instance of a container, for whoever reads its log. */
export type InstanceView = {
  readonly id: string;
  readonly running: boolean;
  readonly ended: boolean;
  readonly attempt: number;
  readonly logPath: string;
  /** It ended, and no other instance will follow it as far as is known. */
  readonly last: boolean;
};

/** How the agent itself is. */
export type AgentHealth = {
  /** False when a loop has stood still for too long. */
  readonly live: boolean;
  /** The first full pass over the manifests is done and the runtime answers. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
};
