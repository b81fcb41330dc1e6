import { expect, it } from "vitest";
import { GATES } from "../../src/agent/gates.ts";
import { pullImage } from "../../src/agent/perform-pull.ts";
import type { Step } from "../../src/agent/step.ts";
import { BerthError } from "../../src/base/errors.ts";
import type { PullSecret } from "../../src/pod/credential.ts";
import type { PullRequest } from "../../src/ports.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { makeWorld } from "../kit/world.ts";

const LIVE = new AbortController().signal;

/** Pulls with these credentials, of which the registry takes those whose user is `good`. */
async function pull(
  users: readonly string[],
  imagePullSecrets = [{ name: "one" }, { name: "gone" }],
  { withdrawn = LIVE, find = async () => {} } = {},
) {
  const tried: (string | undefined)[] = [];
  const asked: (readonly PullSecret[])[] = [];
  const pod = desiredPod(plainPod("web"));
  const named = { ...pod, spec: { ...pod.spec, imagePullSecrets } };
  const tools = {
    documents: {
      bodies: () =>
        new Map([
          [`Secret/${pod.namespace}/one` as const, { type: "t", data: new Map(), binaryKeys: new Set<string>() }],
        ]),
    },
    credentials: {
      find: async (_image: string, secrets: readonly PullSecret[]) => {
        asked.push(secrets);
        await find();
        return users.map((username) => ({ username, password: "p" }));
      },
    },
    images: {
      find: async () => undefined,
      known: () => undefined,
      async pull({ credential }: PullRequest) {
        tried.push(credential?.username);
        if (credential === undefined || credential.username === "good") return { id: "image" };
        throw new BerthError("ImagePullFailed", credential.username === "slow" ? "registry is slow" : "unauthorized");
      },
    },
  };
  const step: Step = {
    pod: named,
    observed: { sandboxes: [], containers: [], listed: true },
    withdrawn,
    givenUp: LIVE,
    begun: () => {},
    notice: () => {},
    aside: () => {},
    closeRecord: async () => {},
  };
  const action = { subject: "image/app:1", kind: "pull-image", ref: "app:1" } as const;
  const outcome = await pullImage(tools, action, step).catch((error: unknown) => error);
  return { tried, asked, outcome };
}

it("hands over the pod's secrets that are there", async () => {
  const { asked } = await pull([], [{ name: "one" }, { name: "gone" }]);
  expect(asked.flat().map(({ name }) => name)).toEqual(["one"]);
  expect((await pull([], [{ name: "gone" }])).asked.flat()).toEqual([]);
});

it("pulls without a credential where there is none, and only there", async () => {
  expect((await pull([])).tried).toEqual([undefined]);
  expect((await pull(["bad", "worse"])).tried).toEqual(["bad", "worse"]);
});

it("goes on to the next one until one works", async () => {
  const { tried, outcome } = await pull(["bad", "good", "other"]);
  expect(tried).toEqual(["bad", "good"]);
  expect(outcome).toMatchObject({ kind: "done", seen: { image: { id: "image" } } });
});

it("tells each different failure once", async () => {
  expect((await pull(["bad", "worse"])).outcome).toMatchObject({ message: "unauthorized" });
  expect((await pull(["bad", "slow", "worse"])).outcome).toMatchObject({ message: "[unauthorized, registry is slow]" });
});

it("waits for no credential plugin once it is withdrawn, and asks the registry for nothing", async () => {
  const withdrawal = new AbortController();
  const never = (): Promise<void> => {
    withdrawal.abort(new Error("withdrawn"));
    return new Promise(() => {});
  };
  const { tried, outcome } = await pull(["good"], undefined, { withdrawn: withdrawal.signal, find: never });
  expect(outcome).toMatchObject({ message: "withdrawn" });
  expect(tried).toEqual([]);
});

it("that waited for others is told with both times: its own, and that with the waiting (B15)", async () => {
  const world = makeWorld();
  await world.start();
  for (let count = 0; count <= GATES.pull; count += 1) {
    const image = `app:${count}`;
    world.runtime.shelf.offer(image, { pullMs: 10_000 });
    const manifest = plainPod(`p${count}`, { containers: [{ name: "app", image }] });
    world.directory.put(`${count}.yaml`, { kind: "pod", manifest });
  }
  await world.clock.advance(60_000);
  const told = world.trace.flatMap(
    ({ text }) => /pulled image .* in (\S+) \((\S+) including/.exec(text)?.slice(1) ?? [],
  );
  const seconds = told.map((text) => Math.round(Number.parseFloat(text)));
  expect(seconds).toEqual([...Array.from({ length: 2 * GATES.pull }, () => 10), 10, 20]);
  await world.stop();
});
