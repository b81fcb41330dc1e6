import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { makeCriClient } from "../../src/cri/client.ts";
import type { ContainerEventResponse } from "../../src/cri/generated/types.ts";
import { openSession } from "../../src/cri/session.ts";
import { type AnswerStream, CriFault, type CriHandlers, serveCri } from "../kit/cri-server.ts";

const WELL: CriHandlers = {
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
    runtime_handlers: [{ name: "", features: { user_namespaces: true } }],
    features: { supplemental_groups_policy: true },
  }),
};

/** A session with a runtime; `connected` rings at each connection. */
async function open(handlers: CriHandlers) {
  const server = await serveCri(handlers);
  const warnings: string[] = [];
  const client = makeCriClient({ endpoint: server.endpoint, requestTimeoutMs: 5_000 });
  const log = {
    ...silentLog,
    warn: (message: string, fields?: object) =>
      warnings.push(`${message} ${String((fields as { error?: unknown })?.error)}`),
  };
  const session = openSession({ client, clock: systemClock, log });
  let ring = Promise.withResolvers<void>();
  session.onConnected(() => ring.resolve());
  onTestFinished(async () => {
    session.close();
    client.close();
    await server[Symbol.asyncDispose]();
  });
  const connected = async (): Promise<void> => {
    await ring.promise;
    ring = Promise.withResolvers();
  };
  return { server, client, session, connected, warnings };
}

const LIVE = new AbortController().signal;

describe("a session", () => {
  it("learns what the runtime is and can do", async () => {
    const { session, connected } = await open({
      ...WELL,
      RuntimeConfig: () => ({ linux: { cgroup_driver: 0 } }),
      GetContainerEvents: () => {},
    });
    await connected();
    expect(session.facts()).toMatchObject({
      name: "containerd",
      version: "v2.1.0",
      cgroupDriver: "systemd",
      features: { supplemental_groups_policy: true },
      handlers: [{ name: "", features: { user_namespaces: true, recursive_read_only_mounts: false } }],
    });
    expect(session.events(LIVE)).toBeDefined();
  });

  it("makes do with a runtime that lacks RuntimeConfig and events", async () => {
    const { session, connected } = await open(WELL);
    await connected();
    expect(session.facts()?.cgroupDriver).toBeUndefined();
    expect(session.events(LIVE)).toBeUndefined();
  });

  it("takes a RuntimeConfig without Linux for no answer, not for systemd", async () => {
    const { session, connected } = await open({ ...WELL, RuntimeConfig: () => ({}) });
    await connected();
    expect(session.facts()?.cgroupDriver).toBeUndefined();
  });

  it("looks again after each connection, at a runtime that may have changed", async () => {
    const { session, connected, server } = await open({ ...WELL, GetContainerEvents: () => {} });
    await connected();
    expect(session.events(LIVE)).toBeDefined();
    await server.stop();
    await server.start({ ...WELL, RuntimeConfig: () => ({ linux: { cgroup_driver: 1 } }) });
    await connected();
    expect(session.facts()?.cgroupDriver).toBe("cgroupfs");
    expect(session.events(LIVE)).toBeUndefined();
  });

  it("keeps what it learnt while the runtime is away", async () => {
    const { session, connected, server } = await open(WELL);
    await connected();
    await server.stop();
    expect(session.facts()?.name).toBe("containerd");
  });

  it("asks on while the runtime still loads", async () => {
    let asked = 0;
    const { session, connected, warnings } = await open({
      ...WELL,
      Version: (request, call) => {
        asked += 1;
        if (asked < 3) throw new CriFault(14, "server is not initialized yet");
        return WELL.Version?.(request, call) ?? {};
      },
    });
    await connected();
    expect(asked).toBe(3);
    expect(session.facts()?.name).toBe("containerd");
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain("server is not initialized yet");
  });

  it.each([
    ["no name", { Version: () => ({ version: "0.1.0", runtime_version: "1", runtime_api_version: "v1" }) }],
    [
      "another API",
      { Version: () => ({ version: "0.2.0", runtime_name: "x", runtime_version: "1", runtime_api_version: "v2" }) },
    ],
    ["too few conditions", { Status: () => ({ status: { conditions: [{ type: "RuntimeReady" }] } }) }],
    ["an unknown cgroup driver", { RuntimeConfig: () => ({ linux: { cgroup_driver: 7 } }) }],
  ] as const)("does not take a runtime with %s for connected", async (_, wrong) => {
    const first = Promise.withResolvers<string>();
    await using server = await serveCri({ ...WELL, ...wrong });
    const client = makeCriClient({ endpoint: server.endpoint, requestTimeoutMs: 5_000 });
    const log = {
      ...silentLog,
      warn: (_message: string, fields?: object) => first.resolve(String((fields as { error: unknown }).error)),
    };
    const session = openSession({ client, clock: systemClock, log });
    expect(await first.promise).toMatch(/^CriError: (Version|Status|RuntimeConfig): /);
    expect(session.facts()).toBeUndefined();
    session.close();
    client.close();
  });
});

describe("the event stream of a session", () => {
  it("is opened once for questions and first reader, so that no event is lost between them", async () => {
    const streams: AnswerStream<ContainerEventResponse>[] = [];
    const { session, connected } = await open({
      ...WELL,
      GetContainerEvents: (_, stream) => {
        streams.push(stream);
        stream.send({ container_id: "early" });
      },
    });
    await connected();
    const leaving = new AbortController();
    const closed = Promise.withResolvers<void>();
    streams[0]?.signal.addEventListener("abort", () => closed.resolve());
    for await (const event of session.events(leaving.signal) ?? []) {
      expect(event.container_id).toBe("early");
      leaving.abort();
    }
    expect(streams).toHaveLength(1);
    await closed.promise;
  });

  it("is opened anew for a later reader", async () => {
    let streams = 0;
    const { session, connected } = await open({
      ...WELL,
      GetContainerEvents: (_, stream) => {
        streams += 1;
        stream.send({ container_id: String(streams) });
      },
    });
    await connected();
    for (const expected of ["1", "2"]) {
      for await (const event of session.events(LIVE) ?? []) {
        expect(event.container_id).toBe(expected);
        break;
      }
    }
  });

  it("is one, whoever asks for it before the runtime has answered", async () => {
    const streams: AnswerStream<ContainerEventResponse>[] = [];
    const answered = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const { session, connected } = await open({
      ...WELL,
      Version: async (request, context) => {
        asked.resolve();
        await answered.promise;
        return WELL.Version?.(request, context) ?? {};
      },
      GetContainerEvents: (_, stream) => void streams.push(stream),
    });
    await asked.promise;
    expect(session.events(LIVE)).toBeUndefined();
    answered.resolve();
    await connected();
    expect(session.events(LIVE)).toBeDefined();
    expect(streams).toHaveLength(1);
  });

  it("ends with the connection, whichever of the two is heard of first", async () => {
    const { session, connected, server } = await open({
      ...WELL,
      GetContainerEvents: (_, stream) => stream.send({ container_id: "a" }),
    });
    await connected();
    const read = async (): Promise<void> => {
      for await (const _event of session.events(LIVE) ?? []) await server.stop();
    };
    await read().catch((error: unknown) => expect(error).toMatchObject({ code: "RuntimeUnavailable" }));
  });
});
