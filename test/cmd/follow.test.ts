import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeSeam } from "../../src/cmd/berth/follow-log.ts";
import { runBerth } from "../../src/cmd/berth/run.ts";
import type { Problem } from "../../src/pod/problem.ts";
import { type House, makePod, makeTerminal, openHouse } from "../serve/house.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

/** A command that follows something. */
function following(line: string) {
  const seen = makeTerminal(house.socket);
  return { ...seen, end: runBerth(line.split(" "), seen.terminal) };
}
const pod = (name: string, phase = "Running") => {
  const made = makePod(name);
  return { ...made, status: { ...made.status, phase } };
};
const LEFT = "berthd has ended the connection; waiting for the next one\n";

describe("a watch goes on under the next berthd", () => {
  it("get pods -w shows what has changed meanwhile, and nothing else", async () => {
    for (const name of ["same", "other", "gone"]) house.put(pod(name));
    const { out, err, until, interrupt, end } = following("get pods -w");
    await until("gone-node1");
    const before = out();
    await house.leave();
    house.put({ ...pod("other"), status: { ...pod("other").status, containerStatuses: [] } });
    house.remove(pod("gone"));
    await house.comeBack();
    await until("other-node1   0/1");
    house.put(pod("gone"));
    await expect.poll(() => out().split("gone-node1").length).toBe(3);
    interrupt();
    expect(await end).toBe(130);
    const lines = out().slice(before.length).trim().split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["other-node1", "gone-node1"]);
    expect(err()).toBe(LEFT);
  });

  it("-o name says nothing again that it has said", async () => {
    house.put(pod("same"));
    const { out, until, interrupt, end } = following("get pods -w -o name");
    await until("same-node1");
    await house.leave();
    house.put(pod("new"));
    await house.comeBack();
    await until("new-node1");
    interrupt();
    await end;
    expect(out()).toBe("pod/same-node1\npod/new-node1\n");
  });

  it("get events -w tells each event once", async () => {
    const object = { kind: "Pod", namespace: "default", name: "web-node1", uid: "u" } as const;
    const event = (message: string) => ({ type: "Normal", reason: "Killing", message, object, atWallMs: 0 }) as const;
    house.state.events = [event("first")];
    house.state.goOn = true;
    const { out, until, interrupt, end } = following("get events -w");
    await until("first");
    await house.leave();
    house.state.events = [event("first"), event("second")];
    await house.comeBack();
    await until("second");
    interrupt();
    await end;
    expect(out().match(/first|second/g)).toEqual(["first", "second"]);
  });

  it("get problems -w tells the list again only when it differs", async () => {
    const problem = (message: string): Problem => ({
      ...{ code: "FieldUnknown", severity: "error", file: "/m/a.yaml", line: 1, column: 1, message, advice: "none" },
    });
    house.state.problems = [problem("first")];
    house.state.goOn = true;
    const { out, until, interrupt, end } = following("get problems -w");
    await until("first");
    await house.leave();
    await house.comeBack();
    await expect.poll(() => house.state.watchers).toBe(1);
    await house.leave();
    house.state.problems = [problem("second")];
    await house.comeBack();
    await until("second");
    interrupt();
    expect(await end).toBe(130);
    expect(out().match(/first|second/g)).toEqual(["first", "second"]);
  });

  it("wait sees what has happened while berthd was away", async () => {
    house.put(pod("web"));
    const gone = following("wait web --for=delete --timeout=60s");
    await expect.poll(() => house.state.watchers).toBe(1);
    await house.leave();
    house.remove(pod("web"));
    await house.comeBack();
    expect(await gone.end).toBe(0);
    expect(gone.out()).toBe("pod/web deleted\n");
  });

  it("wait bears a berthd that is away for a moment, as while it is reloaded; a single look does not", async () => {
    await house.leave();
    const once = following("wait web --for=condition=Ready --timeout=0");
    expect(await once.end).toBe(1);
    expect(once.err()).toContain("berthd is not running");
    const waiting = following("wait web --for=create --timeout=60s");
    await expect.poll(() => waiting.err()).toContain("berthd is not running");
    house.put(pod("web"));
    await house.comeBack();
    expect(await waiting.end).toBe(0);
    expect(waiting.out()).toBe("pod/web condition met\n");
  });

  it("one that was never there is not waited for", async () => {
    await house.leave();
    const { err, end } = following("get pods -w");
    expect(await end).toBe(1);
    expect(err()).toContain("berthd is not running");
    await house.comeBack();
  });
});

describe("logs -f goes on under the next berthd", () => {
  const line = (nanos: number, text: string): string =>
    `2026-01-02T03:04:05.${String(nanos).padStart(9, "0")}Z ${text}`;

  it("each line is shown once, from where it broke off", async () => {
    house.put(makePod("web"));
    const whole = [line(1, "one\n"), line(2, "two\n"), line(2, "also two\n"), line(3, "three\n")];
    house.state.log = async function* (signal) {
      yield Buffer.from(whole.slice(0, 3).join("").slice(0, -5));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const { out, err, until, end } = following("logs -f web --tail 10");
    await until("also");
    house.state.log = async function* () {
      yield Buffer.from(whole.join(""));
    };
    await house.leave();
    house.put({ ...makePod("web") }, { instances: false });
    await house.comeBack();
    const key = "default/web-node1/main/newest";
    const instance = house.state.instances.get(key);
    await expect.poll(() => out()).toContain("three");
    if (instance !== undefined)
      house.state.instances.set(key, { ...instance, running: false, ended: true, last: true });
    house.put({ ...makePod("web") }, { instances: false });
    expect(await end).toBe(0);
    expect(out()).toBe("one\ntwo\nalso two\nthree\n");
    expect(err()).toBe(LEFT);
    expect(house.state.logReads.map(({ options }) => [options.tailLines, options.sinceWallMs])).toEqual([
      [10, undefined],
      [undefined, Date.parse("2026-01-02T03:04:05Z")],
    ]);
  });

  it.each([false, true])("a seam at any two bytes neither loses nor repeats one (timestamps: %s)", (withStamps) => {
    const lines: [number, string][] = [
      [1, "a\n"],
      [1, "b b\n"],
      [1, "a\n"],
      [2, "\n"],
      [1_000_000, "long line\n"],
      [1_000_001, "x"],
    ];
    const text = lines.map(([nanos, words]) => line(nanos, words)).join("");
    const wanted = withStamps ? text : lines.map(([, words]) => words).join("");
    for (let first = 0; first <= text.length; first += 2) {
      for (let second = 0; second <= text.length; second += 5) {
        const seam = makeSeam(withStamps);
        let out = "";
        for (const end of [first, second, text.length]) {
          for (let at = 0; at < end; at += 11) out += seam.take(Buffer.from(text.slice(at, Math.min(end, at + 11))));
          seam.resume();
        }
        expect(out, `seams at ${first} and ${second}`).toBe(wanted);
      }
    }
  });
});
