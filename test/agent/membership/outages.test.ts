import { describe, expect, it } from "vitest";
import { makeWatch } from "../../../src/agent/watch.ts";
import { BerthError } from "../../../src/base/errors.ts";
import type { DocumentKey } from "../../../src/pod/desired.ts";
import type { CountedEvent } from "../../../src/pod/event.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import type { PodChange } from "../../../src/ports.ts";
import { pod } from "../../kit/pictures.ts";
import { aMember, type Member } from "./member.ts";
import type { Asked } from "./small-cluster.ts";

const MINUTE_MS = 60_000;
const CONFIG: DocumentKey = "ConfigMap/default/settings";

const staticPod = (name: string, phase: string): v1.Pod => ({
  metadata: { name, namespace: "default", uid: name, annotations: { "kubernetes.io/config.hash": name } },
  spec: { nodeName: "node", containers: [{ name: "c", image: "i" }] },
  status: {
    phase,
    startTime: "2026-01-01T00:00:00Z",
    conditions: [{ type: "Ready", status: phase === "Running" ? "True" : "False" }],
  },
});
const event = (message: string, atWallMs: number): CountedEvent => ({
  ...{
    type: "Warning",
    reason: "BackOff",
    message,
    count: 1,
    name: `crashes.${message}`,
    firstWallMs: atWallMs,
    atWallMs,
  },
  object: { kind: "Pod", namespace: "default", name: "crashes", uid: "crashes" },
});

/** A node with three static pods, a document in use and an event, that has been one of the cluster's for a while. */
async function settled(): Promise<Member & { put(pod: v1.Pod): void; gone(name: string): void }> {
  let host: ReturnType<typeof makeWatch<PodChange>> | undefined;
  const member = aMember({
    before: (small) =>
      void small.stored.set("configmaps/settings", { metadata: { name: "settings", uid: "c", resourceVersion: "0" } }),
    view: (clock) => {
      const watch = makeWatch<PodChange>(clock);
      host = watch;
      const first = ["stays", "crashes", "goes"].map(
        (name): PodChange => ({ kind: "put", pod: staticPod(name, "Running") }),
      );
      return {
        watchPods: (signal) => watch.follow([...first, { kind: "synced" }], signal),
        health: () => ({ live: true, ready: true, reasons: [] }),
      };
    },
  });
  const documents = [{ key: CONFIG, optional: false }];
  member.shelf.follow([pod({ uid: "u", origin: { kind: "api" }, documents })]);
  await member.clock.advance(20 * MINUTE_MS);
  return {
    ...member,
    put: (one) => host?.tell(one.metadata?.name ?? "", { kind: "put", pod: one }),
    gone: (name) => host?.tell(name, { kind: "gone", key: `default/${name}` }),
  };
}

const phaseOf = ({ stored }: Member, name: string): unknown =>
  (stored.get(`pods/${name}`)?.status as v1.PodStatus | undefined)?.phase;

/** Begins and ends a trouble. `perMinute`: requests that may be made meanwhile. */
type Trouble = {
  readonly begin: (member: Member) => void;
  readonly end?: (member: Member) => void;
  readonly perMinute: number;
};
const failing = (how: () => BerthError, perMinute: number): Trouble => ({
  begin: (member) => member.fail(how),
  perMinute,
});
/** Lease and status every 7 s; four watches, a mirror and an event every 12 s at the latest; and the quick first tries. */
const AWAY = (2 * 60) / 7 + (6 * 60) / 12 + 3;

const TROUBLES: readonly (readonly [string, Trouble])[] = [
  ["is away", failing(() => new BerthError("ApiUnreachable", "connection refused", { effect: "unknown" }), AWAY)],
  ["does not answer in time", failing(() => new BerthError("ApiTimeout", "no answer", { effect: "unknown" }), AWAY)],
  ["answers 500", failing(() => new BerthError("ApiFailed", "status 500", { effect: "unknown" }), AWAY)],
  ["answers 429", failing(() => new BerthError("ApiBusy", "status 429", { retryAfterMs: 5000 }), AWAY)],
  ["takes the certificate for expired", failing(() => new BerthError("ApiUnauthorized", "status 401"), AWAY)],
  ["answers 403", failing(() => new BerthError("ApiForbidden", "status 403"), AWAY)],
  [
    "breaks each watch in the middle of an event",
    {
      begin: (member) =>
        member.fail(({ verb }: Asked) =>
          verb === "watch" ? new BerthError("ApiUnreachable", "terminated") : undefined,
        ),
      perMinute: 6 + 1 + (5 * 60) / 12,
    },
  ],
  [
    "takes 5 s for each answer",
    { begin: (member) => member.slow(5000), end: (member) => member.slow(0), perMinute: 20 },
  ],
  [
    "has a clock that is an hour away",
    {
      begin: (member) => member.clock.jumpWall(3_600_000),
      end: (member) => member.clock.jumpWall(-3_600_000),
      perMinute: 12,
    },
  ],
];

describe("a server that", () => {
  it.each(TROUBLES)("%s for 10 minutes is told all within 30 s of its return", async (_, { begin, end, perMinute }) => {
    const member = await settled();
    const { clock, asked } = member;
    expect(["stays", "crashes", "goes"].map((name) => phaseOf(member, name))).toEqual(Array(3).fill("Running"));

    begin(member);
    const before = asked.length;
    await clock.advance(2 * MINUTE_MS);
    for (let minute = 0; minute < 5; minute += 1) {
      member.put(staticPod("crashes", minute % 2 === 0 ? "Failed" : "Running"));
      member.tellOn(event(`crash ${minute}`, clock.now().wallMs));
      await clock.advance(MINUTE_MS);
    }
    member.gone("goes");
    member.put(staticPod("comes", "Running"));
    member.stand(() => ({ networkReady: false, message: "cni" }));
    const config = member.stored.get("configmaps/settings");
    if (config !== undefined) member.touch("configmaps", "settings");
    await clock.advance(3 * MINUTE_MS);
    const tries = asked.slice(before).filter(({ verb }) => verb !== "disconnect");
    expect(tries.length / 10).toBeLessThanOrEqual(perMinute);
    expect(member.shelf.bodies([CONFIG]).has(CONFIG)).toBe(true); // what was known goes on being used

    member.fail(undefined);
    end?.(member);
    const returned = asked.length;
    const returnedMs = clock.now().monoMs;
    await clock.advance(30_000);
    expect(phaseOf(member, "stays")).toBe("Running");
    expect(phaseOf(member, "crashes")).toBe("Failed");
    expect(phaseOf(member, "comes")).toBe("Running");
    expect(phaseOf(member, "goes")).toBeUndefined();
    expect(member.condition("Ready")).toMatchObject({ status: "False" });
    expect([...member.stored.keys()].filter((key) => key.startsWith("events/"))).toHaveLength(5);
    const version = member.stored.get("configmaps/settings")?.metadata.resourceVersion;
    expect(member.shelf.versions(pod({ documents: [{ key: CONFIG, optional: false }] })).get(CONFIG)).toBe(
      `c@${version}`,
    );
    expect(member.count("replace", "leases", returnedMs)).toBeGreaterThanOrEqual(2);
    expect(member.contact()).toMatchObject({ connected: true });
    expect(member.contact().lastError).toBeUndefined();
    // lease 4, node 4, five events, mirrors 6, and lists and watches of five selections
    expect(asked.slice(returned).filter(({ verb }) => verb !== "disconnect").length).toBeLessThanOrEqual(29);
    await member.stop();
    expect(clock.sleepers).toBe(0);
  });
});
