/** What the doctor looks at; a test stands in for any part of it. */
export type Ground = {
  /** What berthd works with, or would. */
  readonly settings: {
    readonly runtimeEndpoint: string;
    readonly cgroupDriver: "cgroupfs" | "systemd";
    readonly rootDir: string;
    readonly podLogsDir: string;
    readonly staticPodPath: string;
    readonly allowKubelet: boolean;
  };
  /** Begins before each path of the host: empty but in tests. */
  readonly root: string;
  readonly runtime: RuntimeAnswers;
  readonly signal: AbortSignal;
};

/** The runtime as it was found. */
export type RuntimeAnswers =
  | { readonly kind: "silent"; readonly code: string; readonly message: string }
  /** Something answers, and knows nothing of CRI. */
  | { readonly kind: "noCri"; readonly message: string }
  | {
      readonly kind: "answers";
      readonly name: string;
      readonly version: string;
      readonly conditions: readonly {
        readonly type: string;
        readonly status: boolean;
        readonly reason: string;
        readonly message: string;
      }[];
      /** From RuntimeConfig, or from the runtime's own configuration. */
      readonly cgroupDriver: "systemd" | "cgroupfs" | undefined;
      /** It comes from RuntimeConfig. */
      readonly tellsDriver: boolean;
      readonly cni:
        | { readonly confDir: string; readonly binDirs: readonly string[]; readonly ownLoopback: boolean }
        | undefined;
      /** Sandbox image: by configuration, by a pin, or as this version usually has it. */
      readonly sandboxImage: SandboxImage;
      /** Where it keeps images and containers. */
      readonly imageDirectory: string | undefined;
      readonly foreignPods: number;
    };

export type SandboxImage = {
  readonly name: string;
  readonly isSure: boolean;
  /** Undefined when it is not there. */
  readonly found: { readonly entrypoint: readonly string[]; readonly architecture: string } | undefined;
};
