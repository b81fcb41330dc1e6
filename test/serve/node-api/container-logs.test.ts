import { once } from "node:events";
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { makeLogs } from "../../../src/logs/read.ts";
import { makeTurns } from "../../../src/logs/turns.ts";
import type { InstanceView } from "../../../src/pod/view.ts";
import { makePod } from "../house.ts";
import { type NodeHouse, openNodeHouse } from "./node-house.ts";

let house: NodeHouse;
let path: string;

const instance = (changes: Partial<InstanceView> = {}): InstanceView => ({
  id: "id-main",
  running: true,
  ended: false,
  last: false,
  attempt: 0,
  logPath: path,
  ...changes,
});
const setInstance = (which: "newest" | "previous", changes?: Partial<InstanceView>): void => {
  house.house.state.instances.set(`default/web-node1/main/${which}`, instance(changes));
};
const line = (second: number, text: string, tag = "F"): string =>
  `2026-01-02T03:04:0${second}.5Z stdout ${tag} ${text}\n`;

beforeEach(async () => {
  house = await openNodeHouse();
  house.admit();
  mkdirSync(join(house.house.dir, "log"));
  path = join(house.house.dir, "log", "0.log");
  writeFileSync(path, line(1, "one") + line(2, "two") + line(3, "three"));
  const logs = makeLogs(silentLog, makeTurns());
  house.house.sources.logs.read = async function* (...args) {
    yield* logs.read(...args);
  };
  house.house.put(makePod("web"));
  setInstance("newest");
});
afterEach(() => house.close());

const logs = (query: string) => house.ask(`/containerLogs/default/web-node1/main?${query}`, { token: "good" });

describe("/containerLogs", () => {
  it.each([
    ["", "one\ntwo\nthree\n"],
    ["tailLines=1", "three\n"],
    ["tailLines=0", ""],
    ["tail=2", "two\nthree\n"],
    ["tail=all", "one\ntwo\nthree\n"],
    ["sinceTime=2026-01-02T03:04:02Z", "two\nthree\n"],
    ["sinceSeconds=1", ""],
    ["sinceSeconds=999999999", "one\ntwo\nthree\n"],
    ["limitBytes=5", "one\nt"],
    ["timestamps=true&tailLines=1", "2026-01-02T03:04:03.500000000Z three\n"],
    ["timestamps=1&tailLines=1&limitBytes=4", "2026"],
    ["stream=All&tailLines=1&follow=false&previous=0", "three\n"],
  ])("?%s", async (query, text) => {
    expect(await logs(query)).toEqual({ status: 200, text, type: "text/plain" });
  });

  it.each([
    ["tailLines=x", 400, '{"message": "Unable to decode query."}'],
    ["sinceSeconds=1.5", 400, '{"message": "Unable to decode query."}'],
    ["sinceTime=yesterday", 400, '{"message": "Unable to decode query."}'],
    ["tailLines=-1", 422, '{"message": "Invalid request."}'],
    ["sinceSeconds=0", 422, '{"message": "Invalid request."}'],
    ["limitBytes=0", 422, '{"message": "Invalid request."}'],
    ["sinceSeconds=1&sinceTime=2026-01-02T03:04:02Z", 422, '{"message": "Invalid request."}'],
    ["stream=Stdout", 400, '{"message": "stream: only All is supported."}'],
    ["previous=true", 400, 'previous terminated container "main" in pod "web-node1" not found'],
  ])("?%s is refused", async (query, status, text) => {
    expect(await logs(query)).toMatchObject({ status, text });
  });

  it("unknown pods and containers are told apart", async () => {
    const of = (place: string) => house.ask(`/containerLogs/${place}`, { token: "good" });
    expect(await of("default/web/main")).toMatchObject({ status: 404, text: 'pod "web" does not exist' });
    expect(await of("other/web-node1/main")).toMatchObject({ status: 404 });
    expect(await of("default/web-node1/side")).toMatchObject({
      status: 404,
      text: 'container "side" not found in pod "web-node1"',
    });
  });

  it("a container that was only made shows the one before it; one that never ran says why", async () => {
    setInstance("newest", { id: "id-new", running: false, logPath: "/nowhere" });
    expect(await logs("")).toMatchObject({
      status: 400,
      text: 'container "main" in pod "web-node1" is waiting to start: ContainerCreating',
    });
    setInstance("previous", { running: false, ended: true });
    expect(await logs("tailLines=1")).toMatchObject({ status: 200, text: "three\n" });
    expect(await logs("tailLines=1&previous=true")).toMatchObject({ status: 200, text: "three\n" });
  });

  it("an ephemeral container is known like any other", async () => {
    const { spec, status, ...pod } = makePod("web");
    const waiting = { reason: "ImagePullBackOff" };
    house.house.put({
      ...pod,
      spec: { containers: [], ...spec, ephemeralContainers: [{ name: "debug", image: "tools" }] },
      status: {
        ...status,
        ephemeralContainerStatuses: [
          { name: "debug", ready: false, restartCount: 0, image: "tools", imageID: "", state: { waiting } },
        ],
      },
    });
    const of = () => house.ask("/containerLogs/default/web-node1/debug", { token: "good" });
    expect(await of()).toMatchObject({ status: 400, text: expect.stringContaining("trying and failing to pull") });
    house.house.state.instances.set("default/web-node1/debug/newest", instance({ id: "id-debug" }));
    expect(await of()).toMatchObject({ status: 200, text: "one\ntwo\nthree\n" });
  });

  it("a pull that fails is named", async () => {
    const pod = makePod("web");
    const [status] = pod.status?.containerStatuses ?? [];
    if (status !== undefined) status.state = { waiting: { reason: "ImagePullBackOff" } };
    house.house.put(pod, { instances: false });
    house.house.state.instances.clear();
    expect(await logs("")).toMatchObject({ status: 400, text: expect.stringContaining("trying and failing to pull") });
  });

  it("follows over a rotation, and ends when the container has ended and all is told", async () => {
    const asked = request(
      house.options("/containerLogs/default/web-node1/main?follow=true&tailLines=1", "GET", { token: "good" }),
    );
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    let text = "";
    const heard = new Set<() => void>();
    answer.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const listener of heard) listener();
    });
    const until = (words: string) =>
      new Promise<void>((resolve) => {
        const listener = (): void => {
          if (text.endsWith(words)) resolve();
        };
        heard.add(listener);
        listener();
      });
    await until("three\n");
    appendFileSync(path, line(4, "four"));
    await until("four\n");
    renameSync(path, `${path}.old`);
    appendFileSync(`${path}.old`, line(5, "late"));
    writeFileSync(path, line(6, "new"));
    await until("new\n");
    const ended = once(answer, "end");
    setInstance("newest", { running: false, ended: true });
    appendFileSync(path, line(7, "last"));
    await ended;
    expect(text).toBe("three\nfour\nlate\nnew\nlast\n");
  });

  it("a client that leaves ends its reading", async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    house.house.sources.logs.read = (_path, _options, signal) => house.house.state.log(signal);
    house.house.state.log = async function* (signal) {
      yield Buffer.from("begun\n");
      await new Promise<void>((done) => signal.addEventListener("abort", () => done(), { once: true }));
      resolve();
    };
    const asked = request(house.options("/containerLogs/default/web-node1/main?follow=true", "GET", { token: "good" }));
    asked.on("error", () => {});
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    await once(answer, "data");
    answer.on("error", () => {});
    answer.destroy();
    await ended;
  });
});
