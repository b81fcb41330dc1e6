import { describe, expect, it } from "vitest";
import { noteStatus, podStatus } from "../../src/decide/status.ts";
import type { ContainerRole, RestartPolicy } from "../../src/pod/desired.ts";
import type { ContainerLife, ObservedContainer } from "../../src/pod/observed.ts";
import type { Hold, Picture } from "../../src/pod/plan.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { exitOf, facts, holdOn, instanceOf, NOW, pictureOf, readySandbox, shownAs } from "./status-kit.ts";

const ROLES: readonly ContainerRole[] = ["app", "init", "sidecar"];
const POLICIES: readonly RestartPolicy[] = ["Always", "OnFailure", "Never"];
const LIVES: readonly (ContainerLife | "failed" | "unread" | "none")[] = [
  "none",
  "created",
  "running",
  "unknown",
  "exited",
  "failed",
  "unread",
];
const SHOWN: readonly (v1.ContainerState | undefined)[] = [
  undefined,
  { waiting: { reason: "ContainerCreating" } },
  { waiting: { reason: "CrashLoopBackOff", message: "m" } },
  { running: { startedAt: "2026-01-02T03:00:00Z" } },
  { terminated: { exitCode: 1, reason: "Error", containerID: "containerd://x-1" } },
  { terminated: { exitCode: 0, reason: "Completed", containerID: "containerd://x-0" } },
];
const ENDS: readonly ("no" | "ending" | "terminal")[] = ["no", "ending", "terminal"];
const HOLDS: readonly (readonly Hold[])[] = [[], [holdOn("x", "ImagePullBackOff", "m")]];
const POST_STARTS = [undefined, "running", "done"] as const;

function instance(life: (typeof LIVES)[number]): readonly ObservedContainer[] {
  const before = exitOf("x", 1);
  if (life === "none") return [];
  if (life === "exited") return [exitOf("x", 0, { attempt: 1 }), before];
  if (life === "failed") return [exitOf("x", 3, { attempt: 1 }), before];
  const { exitCode: _, ...unread } = exitOf("x", 0, { attempt: 1 });
  return [life === "unread" ? unread : instanceOf("x", { attempt: 1, state: life }), before];
}

/** Every mixture of what can be seen, remembered and held about one container beside an app. */
function* pictures(): Generator<{ picture: Picture; holds: readonly Hold[]; name: string }> {
  for (const role of ROLES)
    for (const restartPolicy of POLICIES)
      for (const life of LIVES)
        for (const state of SHOWN)
          for (const end of ENDS)
            for (const holds of HOLDS)
              for (const postStart of POST_STARTS) {
                const x = { x: { role } };
                const picture = pictureOf({
                  restartPolicy,
                  ...(role === "app" ? { apps: { ...x, y: {} } } : { init: x }),
                  containers: instance(life),
                  sandboxes: [{ ...readySandbox, state: end === "no" ? "ready" : "notReady" }],
                  memory: {
                    shown: state ? shownAs("x", { state, restartCount: 2, containerID: "containerd://x-1" }) : {},
                    instances: postStart ? { "x-1": { postStart } } : {},
                    ...(end === "terminal" ? { terminal: { phase: "Failed", bootId: "b" } } : {}),
                  },
                  picture: end === "ending" ? { ending: { cause: "removed", graceSeconds: 1, sinceMonoMs: 0 } } : {},
                });
                const name = JSON.stringify({ role, restartPolicy, life, state, end, held: holds.length, postStart });
                yield { picture, holds, name };
              }
}

const later = (picture: Picture, status: v1.PodStatus): Picture => ({
  ...picture,
  memory: noteStatus(picture, status),
  now: { wallMs: NOW.wallMs + 9000, monoMs: NOW.monoMs + 9000 },
});

const containersOf = (status: v1.PodStatus): v1.ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
];

describe("every status", () => {
  const all = [...pictures()].map((one) => ({ ...one, status: podStatus(one.picture, one.holds, facts) }));

  it("comes from a good number of pictures", () => {
    expect(all.length).toBe(3 * 3 * 7 * 6 * 3 * 2 * 3);
  });

  it("has one status for each container, in exactly one state", () => {
    const wrong = all.filter(({ picture, status }) => {
      const states = containersOf(status).map(({ state }) => Object.keys(state ?? {}).length);
      return states.length !== picture.desired.containers.length || states.some((count) => count !== 1);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("calls only running apps and sidecars ready, and only started ones", () => {
    const wrong = all.filter(({ picture, status }) =>
      containersOf(status).some(({ name, ready, started, state }) => {
        const plain = picture.desired.containers.find((container) => container.name === name)?.role === "init";
        return plain ? ready !== (state?.terminated?.exitCode === 0) : ready && !(started && state?.running);
      }),
    );
    // A status that was shown before is taken as it is, and this one was made up for the test.
    const own = wrong.filter(({ picture, status }) => {
      const shown = picture.memory.shown.x;
      return containersOf(status).every((container) => container !== shown);
    });
    expect(own.map(({ name }) => name)).toEqual([]);
  });

  it("never counts restarts back (C5)", () => {
    const wrong = all.filter(({ picture, status }) => {
      const before = picture.memory.shown.x?.restartCount ?? 0;
      return containersOf(status).some(({ name, restartCount }) => name === "x" && restartCount < before);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("is not final while something may run (P3)", () => {
    const wrong = all.filter(
      ({ picture, status }) =>
        (status.phase === "Failed" || status.phase === "Succeeded") &&
        picture.observed.containers.some(
          ({ state, exitCode }) =>
            state === "running" || state === "unknown" || (state === "exited" && exitCode === undefined),
        ),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("stays what it is once it was noted and nothing changed: no plan goes round in circles", () => {
    const wrong = all.filter(({ picture, holds, status }) => {
      const next = later(picture, status);
      // A phase that has just become final ends the pod, which may show in its containers.
      if (next.memory.terminal !== picture.memory.terminal) return false;
      return JSON.stringify(podStatus(next, holds, facts)) !== JSON.stringify(status);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("settles after a final phase as well", () => {
    const wrong = all.filter(({ picture, holds, status }) => {
      const second = later(picture, status);
      const secondStatus = podStatus(second, holds, facts);
      const third = later(second, secondStatus);
      return JSON.stringify(podStatus(third, holds, facts)) !== JSON.stringify(secondStatus);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("P4: never makes a final phase of what only the agent stopped", () => {
    const stopped = all.filter(({ picture }) => picture.ending && picture.observed.containers.length === 0);
    const kept = stopped.filter(({ picture }) => {
      const { terminated, running } = picture.memory.shown.x?.state ?? {};
      return terminated === undefined && running === undefined;
    });
    expect(kept.length).toBeGreaterThan(0);
    expect(
      kept.filter(({ picture, status }) => later(picture, status).memory.terminal).map(({ name }) => name),
    ).toEqual([]);
  });
});
