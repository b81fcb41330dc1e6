import type { Container } from "../../kit/runtime/state.ts";
import type { Call } from "../host/witness.ts";

/** Which attempt of each container was asked for last. */
export type AskedAttempts = {
  note(call: Call): void;
  /** A call that was given up long ago takes effect: by then a higher attempt was asked for. */
  isLate(made: Container): boolean;
};

/** Nothing was asked for. */
export function askedAttempts(): AskedAttempts {
  const last = new Map<string, number>();
  return {
    note(call) {
      if (call.kind === "create")
        last.set(`${call.request.pod.uid}/${call.request.container.name}`, call.request.attempt);
    },
    isLate: ({ pod, name, attempt }) => attempt < (last.get(`${pod.uid}/${name}`) ?? 0),
  };
}
