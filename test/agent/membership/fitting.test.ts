import { describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { makeFitting } from "../../../src/agent/membership/fitting.ts";
import { BerthError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Placement } from "../../../src/pod/cluster.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import { handClock, seededChance } from "../../kit/clock.ts";

const pod = (uid: string, disk?: string): v1.Pod => ({
  metadata: { uid, name: uid },
  spec: { containers: [], ...(disk === undefined ? {} : { nodeSelector: { disk } }) },
});

/** The newest labels are read only when somebody asks; `heard` is what came of the pods. */
function aFitting(labels: Record<string, string> | undefined, newest: Record<string, string> | BerthError) {
  const clock = handClock();
  const contact = makeContact({ clock, log: silentLog, meter: silentMeter });
  const leaving = new AbortController();
  const heard: string[] = [];
  let placement: Placement | undefined = labels && { labels, taints: [] };
  let reads = 0;
  let answer = newest;
  const { follower, run } = makeFitting({
    ...{ nodeName: "node", clock, chance: seededChance(1) },
    contact,
    placement: () => placement,
    follower: {
      onSet: (pods) => void heard.push(`set ${pods.map(({ metadata }) => metadata?.uid).join(" ")}`),
      onPut: ({ metadata }) => void heard.push(`put ${metadata?.uid}`),
      onGone: ({ metadata }) => void heard.push(`gone ${metadata?.uid}`),
    },
    async readNode() {
      reads += 1;
      await clock.sleep(100, leaving.signal);
      if (answer instanceof BerthError) throw answer;
      placement = { labels: answer, taints: [] };
    },
  });
  const ended = run(leaving.signal, () => {});
  return {
    ...{ follower, heard, clock, contact },
    answerNow(next: typeof newest) {
      answer = next;
    },
    reads: () => reads,
    async stop() {
      leaving.abort();
      await ended;
      expect(clock.sleepers).toBe(0);
    },
  };
}

describe("pods that are bound to the node", () => {
  it("are told of at once when they fit, or when nothing is known of the node", async () => {
    const one = aFitting({ disk: "fast" }, {});
    one.follower.onSet([pod("a", "fast")]);
    one.follower.onPut(pod("b"));
    one.follower.onGone(pod("a"));
    expect(one.heard).toEqual(["set a", "put b", "gone a"]);
    const other = aFitting(undefined, {});
    other.follower.onPut(pod("a", "fast"));
    expect(other.heard).toEqual(["put a"]);
    expect([one.reads(), other.reads()]).toEqual([0, 0]);
    await one.stop();
    await other.stop();
  });

  it("wait, in their order, until the node was read anew when one does not fit", async () => {
    const { follower, heard, clock, reads, stop } = aFitting({}, { disk: "fast" });
    follower.onSet([pod("a")]);
    follower.onPut(pod("b", "fast"));
    follower.onPut(pod("c"));
    follower.onGone(pod("a"));
    expect(heard).toEqual(["set a"]);
    await clock.advance(150);
    expect(heard).toEqual(["set a", "put b", "put c", "gone a"]);
    follower.onPut(pod("d", "fast"));
    expect([heard.at(-1), reads()]).toEqual(["put d", 1]);
    await stop();
  });

  it("what comes while the node is read waits for the next look when it does not fit", async () => {
    const { follower, heard, clock, reads, stop } = aFitting({}, {});
    follower.onPut(pod("a", "fast"));
    await clock.advance(50);
    follower.onPut(pod("b", "slow"));
    await clock.advance(60);
    expect(heard).toEqual(["put a"]);
    await clock.advance(100);
    expect([heard, reads()]).toEqual([["put a", "put b"], 2]);
    await stop();
  });

  it("are not looked at again once they were told of", async () => {
    const { follower, heard, clock, reads, stop } = aFitting({}, {});
    follower.onPut(pod("a", "fast"));
    await clock.advance(150);
    follower.onPut(pod("a", "fast"));
    follower.onSet([pod("a", "fast"), pod("b")]);
    expect([heard, reads()]).toEqual([["put a", "put a", "set a b"], 1]);
    await stop();
  });

  it("a whole set takes the place of all that waits", async () => {
    const { follower, heard, clock, stop } = aFitting({}, { disk: "fast" });
    follower.onPut(pod("a", "fast"));
    await clock.advance(50);
    follower.onSet([pod("b", "fast")]);
    await clock.advance(300);
    expect(heard).toEqual(["set b"]);
    await stop();
  });

  it.each([
    ["at the next try", 1000],
    ["after the pods were taken as they are", 60_000],
  ])("no failure is left when the node can be read again %s", async (_when, afterMs) => {
    const failure = new BerthError("ApiFailed", "status 500");
    const { follower, clock, contact, answerNow, stop } = aFitting({}, failure);
    follower.onPut(pod("a", "fast"));
    await clock.advance(afterMs);
    expect(contact.show().lastError?.message).toBe("status 500");
    answerNow({});
    follower.onPut(pod("b", "fast"));
    await clock.advance(60_000);
    expect(contact.show().lastError).toBeUndefined();
    await stop();
  });

  it("are taken as they are when the node cannot be read", async () => {
    const { follower, heard, clock, reads, stop } = aFitting({}, new BerthError("ApiFailed", "status 500"));
    follower.onPut(pod("a", "fast"));
    await clock.advance(1000);
    expect(heard).toEqual([]);
    await clock.advance(60_000);
    expect([heard, reads()]).toEqual([["put a"], 4]);
    await stop();
  });
});
