import { describe, expect, it } from "vitest";
import { BerthError } from "../../src/base/errors.ts";
import type { ObservedContainer, ObservedSandbox, Sighting } from "../../src/pod/observed.ts";
import { handClock, seededChance } from "../kit/clock.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { makeFakeRuntime } from "../kit/runtime/fake.ts";

const never = new AbortController().signal;
const pod = desiredPod(plainPod("web"));

function bench() {
  const clock = handClock();
  const fake = makeFakeRuntime({ clock, chance: seededChance(1) });
  const { runtime } = fake;
  /** The promise's end, with as much time as it takes. */
  const end = async <T>(work: Promise<T>, withinMs = 1000): Promise<T> => {
    const settled = work.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await clock.advance(withinMs);
    const result = await Promise.race([settled, Promise.resolve("pending" as const)]);
    if (result === "pending") throw new Error("it has not ended");
    if ("error" in result) throw result.error;
    return result.value;
  };
  const code = async (work: Promise<unknown>, withinMs?: number): Promise<string> => {
    try {
      await end(work, withinMs);
      return "done";
    } catch (error) {
      return error instanceof BerthError ? `${error.code} ${error.effect}` : String(error);
    }
  };
  const container = pod.containers[0];
  if (container === undefined) throw new Error("the pod has no container");
  const create = (sandbox: ObservedSandbox, attempt = 0): Promise<ObservedContainer> =>
    runtime.createContainer(
      { pod, container, attempt, sandbox, image: { id: "i" }, backOffMs: 0, environment: [], mounts: [] },
      never,
    );
  const running = async (): Promise<{ sandbox: ObservedSandbox; made: ObservedContainer }> => {
    const sandbox = await end(runtime.runSandbox({ pod, attempt: 0 }, never));
    const made = await end(create(sandbox));
    await end(runtime.startContainer(made.id, never));
    return { sandbox, made };
  };
  const state = async (id: string): Promise<ObservedContainer | undefined> => end(runtime.container(id, never));
  return { clock, fake, runtime, end, code, create, running, state };
}

describe("the runtime fake behaves as containerd", () => {
  it("holds a sandbox's name until it is removed", async () => {
    const { end, code, runtime } = bench();
    const sandbox = await end(runtime.runSandbox({ pod, attempt: 0 }, never));
    expect(await code(runtime.runSandbox({ pod, attempt: 0 }, never))).toBe("RuntimeNameReserved unknown");
    await end(runtime.stopSandbox(sandbox.id, never));
    expect(await code(runtime.runSandbox({ pod, attempt: 0 }, never))).toBe("RuntimeNameReserved unknown");
    expect(await code(runtime.runSandbox({ pod, attempt: 1 }, never))).toBe("done");
    await end(runtime.removeSandbox(sandbox.id, never));
    expect(await code(runtime.runSandbox({ pod, attempt: 0 }, never))).toBe("done");
  });

  it("holds a container's name by its attempt", async () => {
    const { code, create, running } = bench();
    const { sandbox } = await running();
    expect(await code(create(sandbox))).toBe("RuntimeNameReserved unknown");
    expect(await code(create(sandbox, 1))).toBe("done");
  });

  it("starts a created container once, and none in a sandbox that has stopped", async () => {
    const { code, create, end, runtime, running } = bench();
    const { sandbox, made } = await running();
    expect(await code(runtime.startContainer(made.id, never))).toBe("RuntimeRefused unknown");
    const second = await end(create(sandbox, 1));
    await end(runtime.stopSandbox(sandbox.id, never));
    expect(await code(runtime.startContainer(second.id, never))).toBe("RuntimeRefused unknown");
    expect(await code(create(sandbox, 2))).toBe("RuntimeRefused unknown");
  });

  it("leaves a container whose start failed exited with 128", async () => {
    const { code, create, end, fake, runtime, state } = bench();
    fake.behave("app", { startFails: "exec: no such file" });
    const sandbox = await end(runtime.runSandbox({ pod, attempt: 0 }, never));
    const made = await end(create(sandbox));
    expect(await code(runtime.startContainer(made.id, never))).toBe("RuntimeRefused unknown");
    expect(await state(made.id)).toMatchObject({ state: "exited", exitCode: 128, reason: "StartError" });
  });

  it("gives a process that ignores SIGTERM its grace and then kills it", async () => {
    const { clock, fake, runtime, running, state, end } = bench();
    fake.behave("app", { onTerm: "ignores" });
    const { made } = await running();
    const stopping = runtime.stopContainer(made.id, 5, never);
    await clock.advance(4900);
    expect((await state(made.id))?.state).toBe("running");
    await end(stopping);
    expect(await state(made.id)).toMatchObject({ state: "exited", exitCode: 137 });
  });

  it("ends only the wait of a stop when its caller leaves", async () => {
    const { clock, fake, runtime, running, state, code } = bench();
    fake.behave("app", { onTerm: "ignores" });
    const { made } = await running();
    const leaving = new AbortController();
    const stopping = runtime.stopContainer(made.id, 5, leaving.signal);
    await clock.settle();
    leaving.abort();
    expect(await code(stopping, 1)).toBe("RuntimeCancelled unknown");
    await clock.advance(5000);
    expect((await state(made.id))?.state).toBe("running");
    expect(await code(runtime.stopContainer(made.id, 1, never), 1_100)).toBe("done");
    expect(await state(made.id)).toMatchObject({ state: "exited", exitCode: 137 });
  });

  it("stops and removes what is gone without a word", async () => {
    const { code, runtime } = bench();
    expect(await code(runtime.stopContainer("none", 2, never))).toBe("done");
    expect(await code(runtime.removeContainer("none", never))).toBe("done");
    expect(await code(runtime.stopSandbox("none", never))).toBe("done");
    expect(await code(runtime.removeSandbox("none", never))).toBe("done");
    expect(await code(runtime.startContainer("none", never))).toBe("RuntimeNotFound none");
  });

  it("takes the containers of a sandbox with it", async () => {
    const { end, fake, runtime, running } = bench();
    const { sandbox } = await running();
    await end(runtime.removeSandbox(sandbox.id, never));
    expect([fake.state.containers.size, fake.state.sandboxes.size]).toEqual([0, 0]);
  });

  it("tells each change as an event, and an exit when it happens", async () => {
    const { clock, fake, runtime, running } = bench();
    fake.behave("app", { exitsAfterMs: 10_000, exitCode: 3 });
    const seen: Sighting[] = [];
    const events = runtime.events(never);
    void (async () => {
      for await (const news of events ?? []) seen.push(news);
    })();
    await running();
    await clock.advance(10_000);
    expect(seen.map(({ containers }) => containers[0]?.state)).toEqual([undefined, "created", "running", "exited"]);
    expect(seen.at(-1)?.containers[0]).toMatchObject({ exitCode: 3, reason: "Error", detailed: true });
  });

  it("lists without details", async () => {
    const { clock, end, fake, runtime, running } = bench();
    fake.behave("app", { exitsAfterMs: 1 });
    await running();
    await clock.advance(10);
    const [listed] = await end(runtime.list(never));
    expect(listed?.containers[0]).toMatchObject({ state: "exited", detailed: false });
    expect(listed?.containers[0]?.exitCode).toBeUndefined();
    expect(listed?.pod).toEqual({ namespace: "default", name: "web-node" });
  });

  it("can take effect after its caller has given up", async () => {
    const { clock, code, fake, runtime } = bench();
    fake.faults.script("RunPodSandbox", { kind: "times out after", effectAfterMs: 250_000 });
    expect(await code(runtime.runSandbox({ pod, attempt: 0 }, never), 240_001)).toBe("RuntimeTimeout unknown");
    expect(fake.state.sandboxes.size).toBe(0);
    await clock.advance(10_000);
    expect(fake.state.sandboxes.size).toBe(1);
  });

  it("can lose an answer, fail without effect, and time out without effect", async () => {
    const { code, fake, runtime } = bench();
    fake.faults.script("RunPodSandbox", { kind: "fails", code: "RuntimeExhausted" });
    fake.faults.script("RunPodSandbox", { kind: "times out before" });
    fake.faults.script("RunPodSandbox", { kind: "answer lost" });
    const run = (): Promise<unknown> => runtime.runSandbox({ pod, attempt: 0 }, never);
    expect([await code(run()), fake.state.sandboxes.size]).toEqual(["RuntimeExhausted none", 0]);
    expect([await code(run(), 240_001), fake.state.sandboxes.size]).toEqual(["RuntimeTimeout unknown", 0]);
    expect([await code(run()), fake.state.sandboxes.size]).toEqual(["RuntimeUnavailable unknown", 1]);
  });

  it("breaks calls and streams when it restarts, keeps what runs, and calls back", async () => {
    const { clock, code, fake, runtime, running } = bench();
    const { made } = await running();
    let back = 0;
    runtime.onReconnect(() => {
      back += 1;
    });
    let streamEnd = "";
    void (async () => {
      for await (const _ of runtime.events(never) ?? []);
    })().catch((error: unknown) => {
      streamEnd = error instanceof BerthError ? error.code : "";
    });
    await clock.settle();
    const calling = code(runtime.runSandbox({ pod, attempt: 1 }, never), 1);
    const restarting = fake.restart(3000);
    expect(await calling).toBe("RuntimeUnavailable unknown");
    expect(await code(runtime.list(never), 1)).toBe("RuntimeUnavailable none");
    await clock.advance(3000);
    await restarting;
    expect([back, streamEnd, fake.state.containers.get(made.id)?.state]).toEqual([1, "RuntimeUnavailable", "running"]);
  });

  it("shows after a reboot that nothing runs", async () => {
    const { fake, running, state } = bench();
    const { made, sandbox } = await running();
    fake.state.reboot();
    expect(await state(made.id)).toMatchObject({ state: "exited", exitCode: 255, reason: "Unknown" });
    expect(fake.state.sandboxes.get(sandbox.id)?.state).toBe("notReady");
  });
});
