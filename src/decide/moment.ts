import type { Action, Outcome } from "../pod/action.ts";
import type { DesiredPod, Ending } from "../pod/desired.ts";
import type { DnsWarning } from "../pod/dns.ts";
import type { TerminalPhase } from "../pod/memory.ts";
import type { Hold, ResizeRefusal } from "../pod/plan.ts";

/** Something that happened to a pod and may be worth an event. Pictures that go with it are those from before it was noted. */
export type Moment =
  /** An action has left its queue. */
  | { readonly kind: "begun"; readonly action: Action }
  /** `durationMs` counts from the plan, `queuedMs` is the part of it before the action began. */
  | {
      readonly kind: "settled";
      readonly action: Action;
      readonly outcome: Outcome;
      readonly durationMs: number;
      readonly queuedMs?: number;
    }
  /** A plan has a hold that the one before did not have. */
  | { readonly kind: "held"; readonly hold: Hold }
  /** One attempt of a probe that counts (R5). */
  | {
      readonly kind: "probed";
      readonly container: string;
      readonly probe: "startup" | "liveness" | "readiness";
      readonly result: {
        readonly kind: "success" | "warning" | "failure" | "discarded";
        readonly output: string;
      };
    }
  /** Admission refused the pod (A1); the message has no prefix. */
  | { readonly kind: "refused"; readonly reason: string; readonly message: string }
  /** The pod was told to end. */
  | { readonly kind: "ending"; readonly ending: Ending }
  /** A plan decided the final phase by itself. */
  | { readonly kind: "terminal"; readonly terminal: TerminalPhase }
  /** A resize comes to a point: `pod` is what is asked for. */
  | { readonly kind: "resize"; readonly stage: "started" | "completed" | ResizeRefusal; readonly pod: DesiredPod }
  | { readonly kind: "noticed"; readonly notice: Notice };

/** What an edge met on its way while an action went well. */
export type Notice =
  /** A hook's HTTPS request was answered in plain HTTP (H5); `address` is host:port. */
  | { readonly kind: "httpsFallback"; readonly address: string }
  | DnsWarning
  /** The network leads no port of the host to pods; `ports` lists those that were asked for. */
  | { readonly kind: "portsUnmapped"; readonly list: string; readonly ports: string };
