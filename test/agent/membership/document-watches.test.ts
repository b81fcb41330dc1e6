import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ClusterShelf, makeClusterShelf } from "../../../src/agent/cluster-shelf.ts";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { makeDocumentWatches } from "../../../src/agent/membership/document-watches.ts";
import { makeBell } from "../../../src/base/bell.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ClusterDoors } from "../../../src/kube/connect.ts";
import type { DesiredPod, DocumentKey } from "../../../src/pod/desired.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";
import { runtimeClassKey } from "../../../src/pod/runtime-class.ts";
import { openDoors } from "../../kit/api-server/door.ts";
import { type ApiServer, startApiServer } from "../../kit/api-server/server.ts";
import { seededChance } from "../../kit/clock.ts";
import { pod } from "../../kit/pictures.ts";

/** Pauses are over soon: only their order counts here. */
const CLOCK = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 50, signal) };
const CONFIG = "ConfigMap/default/settings";
const SECRET = "Secret/default/key";

const using = (uid: string, ...keys: DocumentKey[]): DesiredPod =>
  pod({ uid, origin: { kind: "api" }, documents: keys.map((key) => ({ key, optional: false })) });

describe("ConfigMaps and Secrets of an API server (node.md 3.8)", () => {
  let folder: string;
  let server: ApiServer;
  let doors: ClusterDoors;
  let shelf: ClusterShelf;
  let rung: string[];
  let ended: AbortController;
  let over: Promise<void>;
  const bell = makeBell(systemClock);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-documents-"));
    server = await startApiServer();
    doors = await openDoors(server.url, join(folder, "kubeconfig"));
    ended = new AbortController();
    rung = [];
    shelf = makeClusterShelf((uids) => {
      rung.push(...uids);
      bell.ring();
    });
    const contact = makeContact({ clock: CLOCK, log: silentLog, meter: silentMeter });
    const round = makeDocumentWatches({
      ...{ cluster: doors.general, shelf, clock: CLOCK, chance: seededChance(1), contact },
    });
    over = round(ended.signal, () => undefined);
  });
  afterEach(async () => {
    ended.abort();
    doors.close();
    await server.close();
    await over;
    await rm(folder, { recursive: true, force: true });
  });

  const place = (value: string, immutable = false): void => {
    const metadata = { namespace: "default", name: "settings" };
    server.place("configmaps", { metadata, data: { COLOUR: value }, immutable });
  };
  const change = (value: string): void => {
    const before = server.shelf.get("configmaps", "default", "settings");
    server.shelf.put("configmaps", { ...before, data: { COLOUR: value } });
  };
  const colour = (): string | undefined => {
    const bytes = shelf.bodies([CONFIG]).get(CONFIG)?.data.get("COLOUR");
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  };
  const version = (key: DocumentKey = CONFIG): string | undefined => shelf.versions(using("x", key)).get(key);
  const until = async (so: () => boolean): Promise<void> => {
    while (!so() && !ended.signal.aborted) await bell.wait(undefined, ended.signal);
  };

  it("are heard of one by one, with their changes and their end", async () => {
    place("red");
    server.place("configmaps", { metadata: { namespace: "default", name: "other" }, data: {} });
    shelf.follow([using("a", CONFIG, SECRET)]);
    expect(version()).toBe("unheard");
    await until(() => colour() === "red" && version(SECRET) === "missing");
    change("blue");
    await until(() => colour() === "blue");
    server.remove("configmaps", "default", "settings");
    await until(() => version() === "missing");
    server.place("secrets", {
      metadata: { namespace: "default", name: "key" },
      type: "Opaque",
      data: { K: Buffer.from("canary").toString("base64") },
    });
    await until(() => Buffer.from(shelf.bodies([SECRET]).get(SECRET)?.data.get("K") ?? []).toString() === "canary");
    expect(new Set(rung)).toEqual(new Set(["a"]));
    expect(server.requests.filter((one) => one.startsWith("GET"))).toHaveLength(2);
  });

  it("have runtime classes beside them, of which only the handler counts", async () => {
    const key = runtimeClassKey("vm");
    shelf.follow([using("a", key)]);
    await until(() => version(key) === "missing");
    const kept = server.place("runtimeclasses", { metadata: { name: "vm" }, handler: "kata" });
    await until(() => version(key) === "handler kata");
    const before = rung.length;
    server.shelf.put("runtimeclasses", { ...kept, overhead: { podFixed: { memory: "64Mi" } } });
    server.remove("runtimeclasses", "", "vm");
    await until(() => version(key) === "missing");
    expect(rung.length).toBe(before + 1);
  });

  it("go on being used while the server is away, and are heard of when it is back", async () => {
    place("red");
    shelf.follow([using("a", CONFIG)]);
    await until(() => colour() === "red");
    change("green"); // seen by the watch, which is there then
    await until(() => colour() === "green");
    const failed = new Promise<void>((resolve) => {
      let times = 0;
      server.trouble(() => {
        times += 1;
        if (times === 3) resolve();
        return { kind: "status", status: 500 };
      });
    });
    server.breakWatches();
    await failed;
    change("blue");
    expect(colour()).toBe("green");
    server.trouble(undefined);
    await until(() => colour() === "blue");
  });

  it("that may not be read yet are asked for again: the server may learn of a binding late", async () => {
    place("red");
    let refusals = 3;
    server.trouble(({ resource }) => {
      if (resource !== "configmaps" || refusals === 0) return undefined;
      refusals -= 1;
      return { kind: "status", status: 403 };
    });
    shelf.follow([using("a", CONFIG)]);
    await until(() => colour() === "red");
    expect(refusals).toBe(0);
  });

  it("are asked for once, however many pods use them, and no longer than one does", async () => {
    place("red");
    shelf.follow([using("a", CONFIG), using("b", CONFIG)]);
    await until(() => colour() === "red");
    expect(rung).toEqual(["a", "b"]);
    shelf.follow([using("b", CONFIG)]);
    expect(colour()).toBe("red");
    shelf.follow([]);
    expect(colour()).toBeUndefined();
    shelf.follow([using("c", CONFIG)]);
    expect(version()).toBe("unheard");
    await until(() => colour() === "red");
    expect(server.requests.filter((one) => one === "GET configmaps")).toHaveLength(2);
  });

  it("that cannot change are not watched", async () => {
    place("red", true);
    shelf.follow([using("a", CONFIG)]);
    await until(() => colour() === "red");
    server.place("configmaps", { metadata: { namespace: "default", name: "more" }, data: {} });
    shelf.follow([using("a", CONFIG), using("b", "ConfigMap/default/more")]);
    await until(() => version("ConfigMap/default/more")?.includes("@") === true);
    expect(server.requests.filter((one) => one === "GET configmaps")).toHaveLength(2);
    expect(server.requests.filter((one) => one === "WATCH configmaps").length).toBeLessThanOrEqual(1);
  });

  it("of pods of files are none of this", () => {
    shelf.follow([pod({ documents: [{ key: CONFIG, optional: false }] })]);
    expect(shelf.wanted().size).toBe(0);
  });
});
