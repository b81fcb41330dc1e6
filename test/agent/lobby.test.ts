import { describe, expect, it } from "vitest";
import { makeLobby } from "../../src/agent/lobby.ts";
import { join, nothingKnown } from "../../src/decide/join.ts";
import type { ObservedSandbox, Sighting } from "../../src/pod/observed.ts";

const pod = { namespace: "default", name: "web" };
const box: ObservedSandbox = { id: "box", attempt: 0, state: "ready", createdWallMs: 0, ips: [], hostNetwork: true };
const shows = (sandboxes: readonly ObservedSandbox[], begunMonoMs: number, gone: readonly string[] = []): Sighting => ({
  podUid: "uid",
  pod,
  sandboxes,
  containers: [],
  gone,
  whole: { begunMonoMs },
});

describe("the lobby", () => {
  it("does not take a list that began before a pod's end for news of it", () => {
    let now = 1000;
    const lobby = makeLobby(join, () => now);
    const known = join(join(nothingKnown, shows([box], 900), now), shows([], 0, ["box"]), now);
    lobby.enter("uid", pod, known);
    now = 1500;
    lobby.seeAll(950, [shows([box], 950)]);
    expect(lobby.strangers()).toEqual([]);
  });

  it("forgets the ids of a pod that left nothing once later lists confirm it", () => {
    let now = 1000;
    const lobby = makeLobby(join, () => now);
    lobby.enter("uid", pod, join(join(nothingKnown, shows([box], 900), now), shows([], 0, ["box"]), now));
    now = 200_000;
    lobby.seeAll(now, []);
    expect(lobby.leave("uid").gone.size).toBe(0);
    expect(lobby.strangers()).toEqual([]);
  });
});
