import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";
import { makeImages } from "../../src/cri/images.ts";
import { makeRuntime } from "../../src/cri/runtime.ts";
import { openSession } from "../../src/cri/session.ts";
import { seededChance } from "../kit/clock.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { aNode, someSettings } from "../kit/node.ts";
import { overGrpc } from "../kit/runtime/over-grpc.ts";
import { makeWorld, type RuntimePorts, type WorldOptions } from "../kit/world.ts";
import { answerTo } from "./cri-messages.ts";
import { hold } from "./hold.ts";
import { memoryClient } from "./memory-client.ts";
import { blow, struck } from "./mutate.ts";

type Rpc = keyof typeof METHODS;
const codec = makeCodec(MESSAGES);
const USED: readonly Rpc[] = [
  ...(["ListPodSandbox", "ListContainers", "PodSandboxStatus", "ContainerStatus", "GetContainerEvents"] as const),
  ...(["RunPodSandbox", "CreateContainer", "ImageStatus", "PullImage", "Status", "Version"] as const),
];
const SHARE = 0.3;
const TROUBLE_MS = 60_000;
/** Longer than any back-off. */
const CALM_MS = 20 * 60_000;

/** A lie that the runtime tells in place of an answer, or what became of the answer on its way. */
const lie = fc.constantFrom(...USED).chain((rpc) =>
  fc.oneof(
    answerTo(rpc).map((answer) => ({ rpc, become: () => codec.encode(METHODS[rpc].response, answer) })),
    fc
      .array(blow, { minLength: 1, maxLength: 3 })
      .map((hits) => ({ rpc, become: (bytes: Buffer) => struck(bytes, hits) })),
  ),
);

describe("the agent", () => {
  it("goes on while the runtime answers nonsense, and has all in order when it no longer does", () =>
    hold(
      25,
      fc.tuple(fc.nat(), fc.array(lie, { minLength: 10, maxLength: 40 })),
      async ([seed, lies]) => {
        const chance = seededChance(seed);
        let lying = false;
        const through: NonNullable<WorldOptions["through"]> = (fake, clock, log): RuntimePorts => {
          const client = memoryClient(overGrpc(fake), (rpc, bytes) => {
            const fitting = lies.filter((one) => one.rpc === rpc);
            if (!lying || chance.fraction() > SHARE) return bytes;
            return fitting[Math.floor(chance.fraction() * fitting.length)]?.become(bytes) ?? bytes;
          });
          const session = openSession({ client, clock, log });
          const ground = { client, session, settings: someSettings(), facts: aNode };
          return { runtime: makeRuntime({ ...ground, clock, log }), images: makeImages({ ...ground, images: client }) };
        };
        const world = makeWorld({ seed, through });
        await world.start();
        world.directory.put("early.yaml", { kind: "pod", manifest: plainPod("early") });
        await world.clock.advance(2000);
        lying = true;
        world.directory.put("web.yaml", { kind: "pod", manifest: plainPod("web") });
        await world.clock.advance(TROUBLE_MS);
        world.directory.remove("early.yaml");
        await world.clock.advance(TROUBLE_MS);
        lying = false;
        await world.clock.advance(CALM_MS);
        const faults = world.trace.filter(({ kind, text }) => kind === "log" && text.includes("fault in Berth"));
        expect(faults.slice(0, 2).map(({ text }) => text)).toEqual([]);
        const containers = [...world.runtime.state.containers.values()].filter(({ state }) => state === "running");
        // Who was told that an instance has ended starts another beside it: that much a liar can do.
        expect([...new Set(containers.map(({ pod, name }) => `${pod.name}/${name}`))]).toEqual(["web-node/app"]);
        expect(world.pod("web")?.status?.phase).toBe("Running");
        world.kill();
      },
      { shrinks: false },
    ));
});
