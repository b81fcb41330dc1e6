import { askedBy } from "../host/directory.ts";
import type { Invariant } from "./invariant.ts";

/** So long may the count of a new instance wait before it is written. */
const WRITTEN_AFTER_MS = 10_000;

/** Once trouble has ended, the record of each pod that is asked for counts every instance that the runtime holds (D8, K3, S28). */
export const recordsFollow: Invariant = {
  number: 22,
  name: "once faults stop, records count what the runtime holds",
  watch: ({ host: { clock, directory, disk, truth }, fail }) => ({
    calm() {
      const { records } = disk;
      const { monoMs } = clock.now();
      for (const { uid, name } of askedBy(directory.truth()).values()) {
        const attempts = records.get(uid)?.record.attempts ?? {};
        for (const one of truth.ofPod(uid)) {
          if (one.goneAt !== undefined || monoMs - one.createdAt < WRITTEN_AFTER_MS) continue;
          const counted = attempts[one.name] ?? 0;
          if (counted <= one.attempt) fail(`${name}/${one.name}#${one.attempt} stands as ${counted} in the record`);
        }
      }
    },
  }),
};
