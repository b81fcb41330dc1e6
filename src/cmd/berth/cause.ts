import type { Hold } from "../../pod/plan.ts";
import type { Problem } from "../../pod/problem.ts";
import type * as v1 from "../../pod/v1.ts";
import type { ProbeView } from "../../pod/view.ts";
import type { EventItem } from "./get-events.ts";

/** One reason why a pod is not ready, and the next thing to try. Both are whole sentences or begin one. */
export type Cause = { readonly text: string; readonly next: string };

/** A hold as the sockets' API tells it. */
export type ToldHold = Omit<Hold, "until"> & { readonly waitsMs?: number };

/** All that is known of a pod. */
export type Known = {
  readonly pod: v1.Pod;
  readonly holds: readonly ToldHold[];
  readonly probes: readonly ProbeView[];
  /** Its own ones, by their last time. */
  readonly events: readonly EventItem[];
  /** Those of its file or its name. */
  readonly problems: readonly Problem[];
};

/** A row of advice: the first whose pattern fits. */
export type Advice = readonly [pattern: RegExp, next: string];

/** The advice for a message; `otherwise` when none fits. */
export function adviceFor(message: string, advice: readonly Advice[], otherwise: string): string {
  return advice.find(([pattern]) => pattern.test(message))?.[1] ?? otherwise;
}

/** A message as the end of a sentence. */
export const ended = (message: string): string => message.trim().replace(/[.\s]+$/, "");

/** A pod as a command names it: with its namespace, unless that is the default one. */
export const podWords = ({ metadata }: v1.Pod): string =>
  metadata?.namespace === "default" ? `${metadata.name}` : `-n ${metadata?.namespace} ${metadata?.name}`;
