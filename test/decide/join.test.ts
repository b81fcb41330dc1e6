import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { join, joinMessage, type Known, nothingKnown } from "../../src/decide/join.ts";
import type { ContainerLife, ObservedContainer, ObservedSandbox, Sighting } from "../../src/pod/observed.ts";
import { exited, instance, sandbox } from "../kit/pictures.ts";

const news = (wish: Partial<Sighting> = {}): Sighting => ({
  podUid: "uid-1",
  sandboxes: [],
  containers: [],
  gone: [],
  ...wish,
});
const whole = (begunMonoMs: number, wish: Partial<Sighting> = {}): Sighting =>
  news({ ...wish, whole: { begunMonoMs } });
const heard = (...all: readonly (readonly [number, Sighting])[]): Known =>
  all.reduce((known, [at, one]) => join(known, one, at), nothingKnown);
const ids = (known: Known): readonly string[] => known.observed.containers.map(({ id }) => id);

describe("news that was made before the newest whole list", () => {
  const old = news({ madeMonoMs: 50, containers: [instance("web", { attempt: 4 })], sandboxes: [sandbox()] });

  it("brings nothing that the list did not show", () => {
    const known = heard([110, whole(100)], [5_000, old]);
    expect(known.observed).toEqual({ sandboxes: [], containers: [], listed: true });
  });

  it.each([
    ["made after the list began", [110, whole(40)], old],
    ["that does not tell when it was made", [110, whole(100)], news({ containers: old.containers })],
  ] as const)("%s counts", (_, list, late) => {
    expect(ids(heard(list, [5_000, late]))).toHaveLength(1);
  });

  it("still moves on what is known, and tells what is gone", () => {
    const known = heard(
      [110, whole(100, { containers: [instance("web"), instance("log")] })],
      [120, news({ madeMonoMs: 50, containers: [exited("web", 3)], gone: [instance("log").id] })],
    );
    expect(known.observed.containers).toMatchObject([{ name: "web", state: "exited" }]);
  });
});

describe("a container", () => {
  it("only moves created < running < unknown < exited", () => {
    const lives: readonly ContainerLife[] = ["exited", "running", "created", "unknown"];
    const known = heard(...lives.map((state) => [1, news({ containers: [instance("web", { state })] })] as const));
    expect(known.observed.containers).toMatchObject([{ state: "exited" }]);
  });

  it("may be lost first and prove to have exited later", () => {
    const known = heard(
      [1, news({ containers: [instance("web", { state: "unknown" })] })],
      [2, news({ containers: [exited("web", 3)] })],
    );
    expect(known.observed.containers).toMatchObject([{ state: "exited", exitCode: 3 }]);
  });

  it("keeps its details when a list tells less", () => {
    const {
      exitCode: _code,
      reason: _reason,
      finishedWallMs: _end,
      ...bare
    } = exited("web", 3, 0, { detailed: false });
    const known = heard([1, news({ containers: [exited("web", 3)] })], [2, whole(1.5, { containers: [bare] })]);
    expect(known.observed.containers).toMatchObject([{ state: "exited", exitCode: 3, detailed: true }]);
  });

  it("lacks details again when only its later state is known", () => {
    const list = instance("web", { state: "exited", detailed: false });
    const known = heard([1, news({ containers: [instance("web")] })], [2, whole(1.5, { containers: [list] })]);
    expect(known.observed.containers).toMatchObject([{ state: "exited", detailed: false }]);
  });

  it("takes the runtime's own end for the agent's estimate, whichever came first", () => {
    const estimate = exited("web", 0, 0, { detailed: false, finishedWallMs: 2000 });
    const told = exited("web", 0, 0, { finishedWallMs: 1990 });
    for (const order of [
      [estimate, told],
      [told, estimate],
    ]) {
      const known = heard(...order.map((container) => [1, news({ containers: [container] })] as const));
      expect(known.observed.containers).toMatchObject([{ finishedWallMs: 1990, detailed: true }]);
    }
  });

  it("keeps the message that was read from what it left behind (C4)", () => {
    const known = joinMessage(heard([1, news({ containers: [exited("web", 1)] })]), "web-0", "out of cheese", 2);
    const { terminationMessage: _none, ...bare } = exited("web", 1);
    expect(join(known, news({ containers: [bare] }), 3).observed.containers).toMatchObject([
      { terminationMessage: "out of cheese" },
    ]);
  });
});

describe("absence", () => {
  const seen: readonly [number, Sighting] = [10, news({ containers: [instance("web")] })];

  it("counts in a list that was begun after the id was known", () => {
    expect(ids(heard(seen, [20, whole(11)]))).toEqual([]);
  });

  it("counts for nothing in a list that was begun before", () => {
    expect(ids(heard(seen, [20, whole(9)]))).toEqual(["web-0"]);
  });

  it("is taken back by a later list that shows the id", () => {
    const back = whole(25, { containers: [instance("web")] });
    expect(ids(heard(seen, [20, whole(11)], [30, back]))).toEqual(["web-0"]);
  });

  it("is not taken back by late news", () => {
    expect(ids(heard(seen, [20, whole(11)], [30, seen[1]]))).toEqual([]);
  });
});

describe("what is gone for certain", () => {
  it("stays gone, whatever news or list follows", () => {
    const gone = news({ gone: ["web-0"] });
    const shown = { containers: [instance("web")] };
    expect(ids(heard([1, gone], [2, news(shown)], [3, whole(2.5, shown)]))).toEqual([]);
  });

  it("is forgotten once a list much later does not show it, and after many more have gone", () => {
    expect(heard([1, news({ gone: ["web-0"] })], [190_000, whole(185_000)]).gone.size).toBe(0);
    expect(heard([1, news({ gone: ["web-0"] })], [170_000, whole(165_000)]).gone.size).toBe(1);
    const many = Array.from({ length: 500 }, (_, index) => [1, news({ gone: [`c-${index}`] })] as const);
    const known = heard(...many);
    expect(known.gone.size).toBe(64);
    expect(known.gone.has("c-499")).toBe(true);
  });
});

describe("the observation", () => {
  it("is listed once a whole list was read", () => {
    expect(heard([1, news({ containers: [instance("web")] })]).observed.listed).toBe(false);
    expect(heard([1, whole(0)]).observed.listed).toBe(true);
  });

  it("is the same object when nothing changed", () => {
    const known = heard([1, whole(0, { sandboxes: [sandbox()], containers: [instance("web"), exited("db", 1)] })]);
    const again = join(known, whole(2, { sandboxes: [sandbox()], containers: [exited("db", 1), instance("web")] }), 3);
    expect(again.observed).toBe(known.observed);
    expect(again.since).toBe(known.since);
  });

  it("has the newest sandbox and the newest container first", () => {
    const known = heard([
      1,
      news({
        sandboxes: [sandbox({ attempt: 0 }), sandbox({ attempt: 2 }), sandbox({ attempt: 1 })],
        containers: [instance("web"), instance("web", { attempt: 1 })],
      }),
    ]);
    expect(known.observed.sandboxes.map(({ id }) => id)).toEqual(["box-2", "box-1", "box-0"]);
    expect(ids(known)).toEqual(["web-1", "web-0"]);
  });

  it("has an instance behind its successors that a call made long after it was given up", () => {
    const successor = instance("web", { attempt: 9, createdWallMs: 1_000 });
    const late = instance("web", { id: "late", attempt: 4, state: "created", createdWallMs: 120_000 });
    expect(ids(heard([1, news({ containers: [successor] })], [2, news({ containers: [late] })]))).toEqual([
      successor.id,
      "late",
    ]);
  });

  it("has a sandbox that is not ready for ever, with the addresses that it had", () => {
    const known = heard(
      [1, news({ sandboxes: [sandbox({ state: "notReady", ips: [] })] })],
      [2, news({ sandboxes: [sandbox()] })],
    );
    expect(known.observed.sandboxes).toMatchObject([{ state: "notReady", ips: ["10.88.0.7"] }]);
  });
});

/** Accounts of a few objects that all speak of the same truth, some late, some without details. */
const lives: readonly ContainerLife[] = ["created", "running", "unknown", "exited"];
const account = fc
  .record({
    name: fc.constantFrom("a", "b"),
    attempt: fc.integer({ min: 0, max: 1 }),
    state: fc.constantFrom(...lives),
    detailed: fc.boolean(),
    late: fc.integer({ min: 0, max: 3 }),
    left: fc.boolean(),
  })
  .map(({ name, attempt, state, detailed, late, left }): ObservedContainer => {
    const { startedWallMs = 0, ...base } = instance(name, { attempt, state, detailed });
    const begun = state !== "created" && detailed ? { startedWallMs: startedWallMs + (detailed ? 0 : late) } : {};
    const ended = state === "exited" ? { finishedWallMs: 5000 + (detailed ? 0 : late) } : {};
    const told = state === "exited" && detailed ? { exitCode: attempt, reason: "Error" } : {};
    const message = state === "exited" && left ? { terminationMessage: `of ${name}` } : {};
    return { ...base, ...begun, ...ended, ...told, ...message, image: detailed ? "name:1" : "sha256:00" };
  });
const box = fc
  .record({ attempt: fc.integer({ min: 0, max: 1 }), ready: fc.boolean(), told: fc.boolean() })
  .map(({ attempt, ready, told }): ObservedSandbox => {
    const { ips = [], ...rest } = sandbox({ attempt, state: ready ? "ready" : "notReady" });
    return told ? { ...rest, ips } : rest;
  });
const sightings = fc.array(
  fc
    .record({
      sandboxes: fc.array(box, { maxLength: 2 }),
      containers: fc.array(account, { maxLength: 3 }),
      gone: fc.array(fc.constantFrom("a-0", "b-1", "box-0"), { maxLength: 1 }),
    })
    .map(news),
  { maxLength: 6 },
);
const joinAll = (all: readonly Sighting[]): Known => all.reduce((known, one) => join(known, one, 1), nothingKnown);

describe("joining, whatever the news", () => {
  it("gives the same in any order", () => {
    const shuffled = sightings.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(joinAll(other).observed).toEqual(joinAll(one).observed);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same when news comes twice", () => {
    fc.assert(
      fc.property(sightings, fc.nat(), (all, pick) => {
        const known = joinAll(all);
        const again = all[pick % Math.max(1, all.length)];
        if (again !== undefined) expect(join(known, again, 2).observed).toBe(known.observed);
      }),
      { numRuns: 500 },
    );
  });

  it("never moves an object back", () => {
    fc.assert(
      fc.property(sightings, (all) => {
        let known = nothingKnown;
        for (const one of all) {
          const next = join(known, one, 1);
          for (const { id, state } of next.observed.containers) {
            const before = known.observed.containers.find((other) => other.id === id);
            if (before) expect(lives.indexOf(state)).toBeGreaterThanOrEqual(lives.indexOf(before.state));
          }
          for (const id of known.gone.keys()) expect(ids(next)).not.toContain(id);
          known = next;
        }
      }),
      { numRuns: 300 },
    );
  });
});
