import type { ErrorCode } from "../../../src/base/errors.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import type { Behaviour } from "../../kit/runtime/fake.ts";
import type { CallFault, EventFault } from "../../kit/runtime/faults.ts";

/** All that one simulation is made of; the same script gives the same run, and any part of it may be left out. */
export type Script = {
  readonly seed: number;
  /** The runtime has an event stream. */
  readonly events: boolean;
  /** When all trouble ends; what the directory asks for has to stand by `endAtMs`. */
  readonly calmAtMs: number;
  readonly endAtMs: number;
  readonly steps: readonly Step[];
};

/** Something that happens at a moment. */
export type Step = { readonly atMs: number } & Deed;

export type Deed =
  // the manifest directory
  | {
      readonly do: "put";
      readonly file: string;
      readonly documents: readonly Manifest[];
      readonly how: "rename" | "write";
    }
  | { readonly do: "spoil"; readonly file: string; readonly how: "text" | "document" | "unreadable" }
  | { readonly do: "remove"; readonly file: string }
  | { readonly do: "directory"; readonly how: "fails" | "unmounted" | "works" }
  // what runs
  | { readonly do: "behave"; readonly container: string; readonly lives: readonly Behaviour[] }
  | { readonly do: "exit"; readonly container: string; readonly code: number; readonly reason?: string }
  | {
      readonly do: "hook";
      readonly container: string;
      readonly hook: "postStart" | "preStop";
      readonly takesMs: number;
      readonly failure?: string;
    }
  | {
      readonly do: "probe";
      readonly container: string;
      readonly probe: "startup" | "liveness" | "readiness";
      readonly how: "success" | "failure" | "warning" | "hangs";
      readonly takesMs: number;
    }
  | { readonly do: "ask-restart"; readonly pod: string; readonly container: string }
  // the runtime
  | { readonly do: "fault"; readonly call: string; readonly fault: CallFault; readonly times: number }
  | { readonly do: "event-fault"; readonly fault: EventFault; readonly times: number }
  | { readonly do: "runtime-restart"; readonly downMs: number }
  | { readonly do: "runtime-hang"; readonly forMs: number }
  | { readonly do: "runtime-unready"; readonly forMs: number }
  | { readonly do: "network-down"; readonly forMs: number }
  | { readonly do: "lose-sandbox"; readonly pod: string }
  | { readonly do: "forget"; readonly pod: string; readonly what: "container" | "sandbox" }
  | { readonly do: "registry"; readonly image: string; readonly pullMs: number; readonly code?: ErrorCode }
  // the agent
  | { readonly do: "kill"; readonly crossings: number; readonly backAfterMs: number }
  | { readonly do: "upgrade"; readonly backAfterMs: number }
  | { readonly do: "reboot"; readonly backAfterMs: number }
  // the host
  | { readonly do: "disk-full"; readonly forMs: number }
  | { readonly do: "tear-record"; readonly pod: string }
  | { readonly do: "clock-jump"; readonly byMs: number }
  | { readonly do: "sink-fails"; readonly forMs: number };

/** One document of a manifest file. */
export type Manifest = v1.Pod | ConfigMap;
export type ConfigMap = {
  readonly apiVersion: "v1";
  readonly kind: "ConfigMap";
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
};
