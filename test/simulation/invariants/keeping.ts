import { podKey } from "../../../src/pod/desired.ts";
import { askedBy } from "../host/directory.ts";
import type { Invariant } from "./invariant.ts";

/** A removal may be acted on so long after it was true. */
const LATE_MS = 6000;

/** A pod ends only when its manifest is gone or other: what cannot be read, or does not compile, leaves it as it is (8.2). */
export const keepsLastGood: Invariant = {
  number: 12,
  name: "a pod whose manifest is there, or cannot be read, is not ended",
  watch: ({ host, script, fail }) => {
    /** Which file asked for a pod last, and since when or until when it did not. */
    const files = new Map<string, string>();
    const missingAt = new Map<string, number>();
    const disputed = new Set<string>();
    const podNames = new Map<string, string>();
    let asked: ReadonlySet<string> = new Set();

    /** Where neither its record nor its manifest can be read, nobody can tell that it is meant. */
    const isUnrecorded = (uid: string): boolean =>
      !host.disk.records.has(uid) ||
      script.steps.some(
        ({ atMs, ...step }) =>
          step.do === "tear-record" &&
          atMs <= host.clock.now().monoMs &&
          podNames.get(uid)?.startsWith(`${step.pod}-`) === true,
      );

    const look = (): void => {
      const truth = host.directory.truth();
      const { monoMs } = host.clock.now();
      if (truth.how !== "works") return;
      const before = asked;
      const now = new Set<string>();
      const names = new Map<string, string>();
      for (const [name, file] of truth.files) {
        for (const [uid, pod] of askedBy({ ...truth, files: new Map([[name, file]]) })) {
          now.add(uid);
          const other = names.get(podKey(pod));
          // Which of two files has a name, only a record can tell, and records may be lost (D5).
          if (other !== undefined && other !== uid) for (const one of [uid, other]) disputed.add(one);
          names.set(podKey(pod), uid);
          podNames.set(uid, pod.name);
          files.set(uid, name);
        }
      }
      asked = now;
      for (const [uid, name] of files) {
        const file = truth.files.get(name);
        const isUnknown = file !== undefined && (!file.readable || file.spoilt);
        // Whoever comes back was missing until this moment.
        if (!now.has(uid) ? !isUnknown : !before.has(uid) && missingAt.has(uid)) missingAt.set(uid, monoMs);
      }
    };
    return {
      directory: look,
      nodePlan(_picture, { end, orphans }) {
        for (const uid of [...end.map((one) => one.uid), ...orphans]) {
          if (!files.has(uid) || disputed.has(uid)) continue;
          const at = missingAt.get(uid);
          const isMissing = at !== undefined && (!asked.has(uid) || host.clock.now().monoMs - at < LATE_MS);
          if (!isMissing && (host.directory.truth().how === "fails" || !isUnrecorded(uid)))
            fail(`${uid.slice(0, 8)} is ended though its manifest was never gone`);
        }
      },
    };
  },
};
