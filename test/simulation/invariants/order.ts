import type { Invariant } from "./invariant.ts";

/** From the moment that the agent has seen that a pod is asked for no more, nothing of it is begun (T7). */
export const nothingForRemoved: Invariant = {
  number: 4,
  name: "nothing is started for a pod whose removal was seen",
  watch: ({ host, fail }) => {
    let gone = new Set<string>();
    const uidOf = (id: string): string | undefined => host.truth.instances.get(id)?.uid;
    return {
      life() {
        gone = new Set();
      },
      took(before, _sighting, after) {
        const now = new Set(after.accepted.map(({ pod }) => pod.uid));
        for (const { pod } of before.accepted) if (!now.has(pod.uid)) gone.add(pod.uid);
        for (const uid of now) gone.delete(uid);
      },
      call(call) {
        const uid =
          call.kind === "run-sandbox"
            ? call.pod.uid
            : call.kind === "create"
              ? call.request.pod.uid
              : call.kind === "start"
                ? uidOf(call.id)
                : undefined;
        if (uid !== undefined && gone.has(uid)) fail(`${call.kind} for ${uid.slice(0, 8)}, which nobody asks for`);
      },
    };
  },
};

/** Nothing of Berth's own goes wrong in a way that it does not expect. */
export const noFault: Invariant = {
  number: 5,
  name: "no fault in Berth itself",
  watch: ({ fail }) => ({ fault: (message) => fail(message) }),
};
