import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { type KeptHouse, startKeeper } from "../../src/cmd/keeper.ts";
import type { SupervisorNews } from "../../src/ports.ts";
import { handClock } from "../kit/clock.ts";

type Settings = { readonly maxPods: number };

/** A keeper over houses that write down what happens to them. `file.settings` is what stands in the configuration. */
async function keep() {
  const falls: ((reason: Error) => void)[] = [];
  const done: string[] = [];
  const file: { settings: Settings | undefined; impossible?: number | "all" } = { settings: { maxPods: 1 } };
  const clock = handClock();
  const build = async ({ maxPods }: Settings): Promise<KeptHouse> => {
    if (file.impossible === "all" || maxPods === file.impossible) throw new Error("the port is taken");
    done.push(`open ${maxPods}`);
    const { promise: fallen, resolve } = Promise.withResolvers<unknown>();
    falls.push(resolve);
    return {
      fallen,
      view: { health: () => ({ live: true, ready: true, reasons: [] }), pods: () => [], problems: () => [] },
      rescan: () => void done.push(`rescan ${maxPods}`),
      close: async () => void done.push(`close ${maxPods}`),
    };
  };
  const supervisor = { tell: async ({ kind }: SupervisorNews) => void done.push(kind) };
  const keeper = await startKeeper({
    settings: { maxPods: 1 },
    readAgain: async () => file.settings,
    build,
    supervisor,
    clock,
    log: silentLog,
  });
  await clock.settle();
  return { keeper, file, clock, done: () => done.splice(0), falls };
}

describe("the keeper", () => {
  it("says that it is ready, and that it leaves", async () => {
    const { keeper, done } = await keep();
    expect(done()).toEqual(["open 1", "ready"]);
    await keeper.leave();
    expect(done()).toEqual(["stopping", "close 1"]);
  });

  it("reads only the manifests again when the settings are the same", async () => {
    const { keeper, done } = await keep();
    done();
    await keeper.reload();
    expect(done()).toEqual(["reloading", "rescan 1", "ready"]);
  });

  it("exchanges the agent when the settings differ", async () => {
    const { keeper, file, clock, done } = await keep();
    done();
    file.settings = { maxPods: 2 };
    await Promise.all([keeper.reload(), keeper.reload()]);
    await clock.settle();
    const all = done();
    expect(all.slice(0, 3)).toEqual(["reloading", "close 1", "open 2"]);
    expect(all.filter((word) => word.startsWith("open"))).toEqual(["open 2"]);
    expect(all.at(-1)).toBe("ready");
  });

  it("changes nothing when the settings are broken", async () => {
    const { keeper, file, done } = await keep();
    done();
    file.settings = undefined;
    await keeper.reload();
    expect(done()).toEqual(["reloading", "rescan 1", "ready"]);
  });

  it("goes on with the old settings when the new ones cannot be had", async () => {
    const { keeper, file, clock, done } = await keep();
    done();
    file.settings = { maxPods: 7 };
    file.impossible = 7;
    await keeper.reload();
    await clock.settle();
    expect(done()).toEqual(["reloading", "close 1", "open 1", "ready"]);
  });

  it("tells when neither the new settings nor the old ones can be had", async () => {
    const { keeper, file } = await keep();
    file.settings = { maxPods: 7 };
    file.impossible = "all";
    await keeper.reload();
    expect(await keeper.fallen).toMatchObject({ message: "the port is taken" });
  });

  it("tells when the agent falls, but not of one that it has exchanged", async () => {
    const { keeper, file, falls, clock } = await keep();
    let fallen: unknown;
    void keeper.fallen.then((reason) => {
      fallen = reason;
    });
    file.settings = { maxPods: 2 };
    await keeper.reload();
    falls[0]?.(new Error("late news"));
    await clock.settle();
    falls[1]?.(new Error("a kubelet was found"));
    await clock.settle();
    expect(fallen).toMatchObject({ message: "a kubelet was found" });
  });

  it("does not begin anew while it leaves", async () => {
    const { keeper, file, done } = await keep();
    done();
    file.settings = { maxPods: 2 };
    const left = keeper.leave();
    await keeper.reload();
    await left;
    expect(done()).toEqual(["stopping", "close 1"]);
  });
});
