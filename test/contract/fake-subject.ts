import { systemClock } from "../../src/base/clock.ts";
import { type CriClient, makeCriClient } from "../../src/cri/client.ts";
import { seededChance } from "../kit/clock.ts";
import { serveCri } from "../kit/cri-server.ts";
import { makeFakeRuntime } from "../kit/runtime/fake.ts";
import { serveFake } from "../kit/runtime/served.ts";
import { IMAGE } from "./bench.ts";
import { behaviourOf, execOf } from "./programs.ts";
import type { Subject } from "./subject.ts";

/** The fake of the simulation, served over real gRPC and on the real clock. */
export async function openFakeSubject(name: string, events: boolean): Promise<Subject> {
  const served = serveFake({ behaviourOf, execOf }, (hooks) =>
    makeFakeRuntime({
      clock: systemClock,
      chance: seededChance(1),
      events,
      callMs: { RunPodSandbox: 30, CreateContainer: 10, StartContainer: 2, PullImage: 1 },
      ...hooks,
    }),
  );
  const { fake } = served;
  fake.shelf.has(IMAGE);
  fake.shelf.offer("docker.io/library/nginx:latest", { pullMs: 5 });
  fake.shelf.offer("docker.io/library/nowhere:1", { failure: { code: "ImagePullFailed", message: "not found" } });
  const server = await serveCri(served.handlers);
  const connect = (): CriClient => makeCriClient({ endpoint: server.endpoint, requestTimeoutMs: 60_000 });
  let client = connect();
  // A client stays until the end: its calls are to break off with the runtime, not with it.
  const clients = [client];

  return {
    name,
    events,
    cgroupParent: "",
    client: () => client,
    killContainer: async (id) => fake.state.exit(id, 137),
    killSandbox: async (id) => fake.state.loseSandbox(id),
    async down() {
      await server.stop();
      await fake.restart(0);
    },
    async up() {
      await server.start();
      client = connect();
      clients.push(client);
    },
    async close() {
      for (const one of clients) one.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
