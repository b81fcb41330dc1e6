import type { Clock, MonoMs } from "../../base/clock.ts";
import type { Meter } from "../../pod/metrics.ts";

/** When the host and the agent began, on the clock's own scale. */
export type Beginnings = { readonly hostMonoMs: MonoMs; readonly agentMonoMs: MonoMs };

/** How long a new node took from the boot of its host until it was ready, told once (node.md 7.1). */
export type NodeStartup = {
  /** The server is asked to take the node. */
  asks(): void;
  /** The server has made it: it is a new one. */
  isMade(): void;
  /** The server was told that it is ready. */
  isReady(): void;
};

/** Of a node that the server knew before nothing is told: its host may have booted long ago for other reasons. */
export function makeNodeStartup(tools: {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly began: Beginnings;
}): NodeStartup {
  const { clock, meter, began } = tools;
  let asked: MonoMs | undefined;
  let made: MonoMs | undefined;
  let isTold = false;
  return {
    asks() {
      asked ??= clock.now().monoMs;
    },
    isMade() {
      made ??= clock.now().monoMs;
    },
    isReady() {
      if (isTold || asked === undefined || made === undefined) return;
      isTold = true;
      const { monoMs } = clock.now();
      const seconds = (from: MonoMs, to: MonoMs): number => (to - from) / 1000;
      meter.set("kubelet_node_startup_pre_kubelet_duration_seconds", {}, seconds(began.hostMonoMs, began.agentMonoMs));
      meter.set("kubelet_node_startup_pre_registration_duration_seconds", {}, seconds(began.agentMonoMs, asked));
      meter.set("kubelet_node_startup_registration_duration_seconds", {}, seconds(asked, made));
      meter.set("kubelet_node_startup_post_registration_duration_seconds", {}, seconds(made, monoMs));
      meter.set("kubelet_node_startup_duration_seconds", {}, seconds(began.hostMonoMs, monoMs));
    },
  };
}
