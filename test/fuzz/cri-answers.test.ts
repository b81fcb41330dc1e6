import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { BerthError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { makeCodec } from "../../src/base/protobuf.ts";
import { connectCri } from "../../src/cri/connect.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import type { Sighting } from "../../src/pod/observed.ts";
import { FACTS, podOf, SETTINGS } from "../cri/pod-of.ts";
import { startCpuTime } from "../kit/cpu-time.ts";
import { type CriServer, serveCri } from "../kit/cri-server.ts";
import { answerTo } from "./cri-messages.ts";
import { hold } from "./hold.ts";
import { blow, struck } from "./mutate.ts";

const LIVE = new AbortController().signal;
const codec = makeCodec(MESSAGES);
type Rpc = keyof typeof METHODS;
const RPCS = Object.keys(METHODS) as Rpc[];
const anyRpc = fc.constantFrom(...RPCS);
const blows = fc.array(blow, { maxLength: 6 });
/** An answer with its call, honest bytes or not. */
const damagedAnswer = (rpc: Rpc) =>
  fc.tuple(answerTo(rpc), fc.option(blows, { nil: [], freq: 1 })).map(([answer, hits]) => {
    const honest = codec.encode(METHODS[rpc].response, answer);
    return { rpc, bytes: struck(honest, hits) };
  });
const damaged = anyRpc.chain(damagedAnswer);

describe("bytes of an answer", () => {
  it("are a message or a RangeError, soon; a message goes out again as it came", () =>
    hold(1500, damaged, ({ rpc, bytes }) => {
      const name = METHODS[rpc].response;
      const cpuMs = startCpuTime();
      let message: object;
      try {
        message = codec.decode(name, bytes);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RangeError);
        return;
      } finally {
        expect(cpuMs()).toBeLessThan(2000);
      }
      expect(codec.decode(name, codec.encode(name, message))).toEqual(message);
    }));

  it("may be anything at all", () =>
    hold(500, fc.tuple(anyRpc, fc.uint8Array({ maxLength: 300 })), ([rpc, bytes]) => {
      try {
        codec.decode(METHODS[rpc].response, Buffer.from(bytes));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RangeError);
      }
    }));
});

describe("a runtime that answers nonsense", () => {
  /** What the runtime says next to each call. */
  const next = new Map<Rpc, Buffer>();
  let server: CriServer;
  let cri: ReturnType<typeof connectCri>;
  beforeAll(async () => {
    const none = Object.fromEntries(RPCS.filter((rpc) => rpc !== "GetContainerEvents").map((rpc) => [rpc, () => ({})]));
    const events = { GetContainerEvents: () => {} };
    server = await serveCri({ ...none, ...events, ...HONEST }, (rpc, bytes) => next.get(rpc) ?? bytes);
    cri = connectCri({
      runtimeEndpoint: server.endpoint,
      imageEndpoint: server.endpoint,
      requestTimeoutMs: 60_000,
      clock: systemClock,
      log: silentLog,
      meter: silentMeter,
      settings: SETTINGS,
      facts: FACTS,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    cri.runtime.onReconnect(resolve);
    if (cri.runtime.capabilities() === undefined) await promise;
  });
  afterAll(async () => {
    cri.close();
    await server[Symbol.asyncDispose]();
  });

  const pod = podOf({});
  const streams = { stdin: false, stdout: true, stderr: true, tty: false };
  const lists: readonly Rpc[] = ["ListPodSandbox", "ListContainers"];
  /** What is asked of the runtime, and the calls that it takes. */
  const asks: readonly { readonly takes: readonly Rpc[]; ask(): Promise<unknown> }[] = [
    { takes: lists, ask: async () => checkSightings(await cri.runtime.list(LIVE)) },
    {
      takes: [...lists, "PodSandboxStatus", "ContainerStatus"],
      ask: async () => checkSightings([await cri.runtime.look("1a-2b", LIVE)]),
    },
    {
      takes: ["ListContainers", "ContainerStatus"],
      async ask() {
        const found = await cri.runtime.container("c1", LIVE);
        if (found !== undefined) checkSightings([{ podUid: "u", sandboxes: [], containers: [found], gone: [] }]);
      },
    },
    { takes: ["Status"], ask: () => cri.runtime.health(LIVE) },
    { takes: ["ListPodSandbox"], ask: () => cri.runtime.foreignPods(LIVE) },
    { takes: ["ListContainerStats"], ask: () => cri.runtime.usage(LIVE) },
    { takes: ["RunPodSandbox", "PodSandboxStatus"], ask: () => cri.runtime.runSandbox({ pod, attempt: 0 }, LIVE) },
    { takes: ["ExecSync"], ask: () => cri.runtime.execSync("c1", ["x"], 1, LIVE) },
    { takes: ["Exec"], ask: () => cri.runtime.exec("c1", ["x"], streams, LIVE) },
    { takes: ["ImageStatus"], ask: () => cri.images.find("x", LIVE) },
    { takes: ["PullImage", "ImageStatus"], ask: () => cri.images.pull({ ref: "x", pod, attempt: 0 }, LIVE) },
    { takes: ["ListImages"], ask: () => cri.imageStore.list(LIVE) },
    { takes: ["ListContainers", "Status", "ImageStatus"], ask: () => cri.imageStore.used(LIVE) },
    { takes: ["ImageFsInfo"], ask: () => cri.imageStore.disk(LIVE) },
    { takes: ["StopPodSandbox"], ask: () => cri.runtime.stopSandbox("s1", LIVE) },
  ];
  it("is an answer or an error with a code to whoever asked, and the connection stays", () => {
    const said = fc
      .constantFrom(...asks)
      .chain(({ takes, ask }) => fc.tuple(fc.constant(ask), fc.tuple(...takes.map(damagedAnswer))));
    return hold(400, said, async ([ask, answers]) => {
      for (const { rpc, bytes } of answers) next.set(rpc, bytes);
      try {
        await ask();
      } catch (thrown) {
        if (!(thrown instanceof BerthError)) throw thrown;
        expect(thrown.code).not.toBe("Internal");
        expect(thrown.message).not.toBe("");
      } finally {
        next.clear();
      }
      expect(await cri.runtime.health(LIVE)).toMatchObject({ ready: true });
    });
  });
});

const HONEST = {
  Version: () => ({
    version: "0.1.0",
    runtime_name: "containerd",
    runtime_version: "v2.1.0",
    runtime_api_version: "v1",
  }),
  Status: () => ({
    status: {
      conditions: [
        { type: "RuntimeReady", status: true },
        { type: "NetworkReady", status: true },
      ],
    },
  }),
  RuntimeConfig: () => ({ linux: { cgroup_driver: 1 } }),
};

/** What is told of the runtime's objects can be shown, counted and sent back to it. */
function checkSightings(sightings: readonly Sighting[]): void {
  for (const { podUid, sandboxes, containers } of sightings) {
    expect(podUid).not.toBe("");
    for (const { id, attempt, createdWallMs } of [...sandboxes, ...containers]) {
      expect(id).not.toBe("");
      // It is counted on from there, and CRI has 31 bits for it.
      expect(attempt).toBeLessThan(2 ** 31 - 1);
      expect(Number.isFinite(createdWallMs)).toBe(true);
    }
    for (const { backOffMs } of containers) expect(Number.isSafeInteger(backOffMs)).toBe(true);
  }
}
