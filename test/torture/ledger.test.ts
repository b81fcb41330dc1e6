import { expect, it } from "vitest";
import type { RuntimeView, SeenContainer, SeenStatus } from "../kit/cri.ts";
import { eventually } from "../kit/eventually.ts";
import { openLedger } from "./ledger.ts";

type Life = { readonly id: string; readonly beganMs: number; endedMs: number; listed: boolean };

/** A runtime that holds these lives of one container, and whose lists take so long to arrive. */
function viewOf(lives: readonly Life[], onWay: () => Promise<void>): Pick<RuntimeView, "containers" | "status"> {
  const seen = ({ id, endedMs }: Life): SeenContainer => ({
    id,
    sandboxId: "box",
    namespace: "default",
    pod: "web",
    uid: "1",
    name: "main",
    attempt: 0,
    state: endedMs === 0 ? "running" : "exited",
    createdAtMs: 1,
    labels: {},
    annotations: {},
  });
  return {
    async containers() {
      const listed = lives.filter((life) => life.listed).map(seen);
      await onWay();
      return listed;
    },
    async status(id): Promise<SeenStatus> {
      const life = lives.find((one) => one.id === id && one.listed);
      if (life === undefined) throw new Error("gone");
      const { beganMs, endedMs } = life;
      const state = endedMs === 0 ? "running" : "exited";
      return { state, startedAtMs: beganMs, finishedAtMs: endedMs, exitCode: 0, reason: "", pid: 1 };
    },
  };
}

it("two that run at the same time are told", async () => {
  const beganMs = Date.now();
  const lives = ["one", "other"].map((id, at): Life => ({ id, beganMs: beganMs + at, endedMs: 0, listed: true }));
  const ledger = openLedger(
    viewOf(lives, async () => {}),
    1,
  );
  try {
    await eventually("it is told", () => expect(ledger.overlaps()).toHaveLength(1));
  } finally {
    await ledger.stop();
  }
});

it("a successor that began while a list was on its way is no twin, though the end of the first was never read", async () => {
  const first: Life = { id: "one", beganMs: Date.now(), endedMs: 0, listed: true };
  const lives = [first];
  let lists = 0;
  const ledger = openLedger(
    viewOf(lives, async () => {
      lists += 1;
      if (lists !== 2) return;
      // All of it while this list, which still shows the first one, is on its way.
      await new Promise((resolve) => setTimeout(resolve, 20));
      first.listed = false;
      lives.push({ id: "other", beganMs: Date.now(), endedMs: 0, listed: true });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }),
    1,
  );
  try {
    await eventually("both are known", () => expect(ledger.starts).toBe(2));
    expect(ledger.overlaps()).toEqual([]);
  } finally {
    await ledger.stop();
  }
});
