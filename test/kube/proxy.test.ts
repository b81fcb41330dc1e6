import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { makeCalls } from "../../src/kube/calls.ts";
import type { Credentials } from "../../src/kube/credentials.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { openDoors } from "../kit/api-server/door.ts";
import { startApiServer } from "../kit/api-server/server.ts";
import { selfSigned } from "../kit/certificates.ts";
import { type ConnectProxy, type ProxyConduct, startProxy } from "../kit/connect-proxy.ts";
import { overHttp1, overHttp2, serving } from "./greeter.ts";

const LIVE = new AbortController().signal;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const client = selfSigned({ commonName: "box" });

async function someProxy(...how: Parameters<typeof startProxy>): Promise<ConnectProxy> {
  const proxy = await startProxy(...how);
  closing.push(proxy.close);
  return proxy;
}

/** Calls to a server by way of a proxy, which a test may change. */
function calling(port: number, proxy: string, options: { timeoutMs?: number; tls?: object } = {}) {
  let way = proxy;
  const current = async (): Promise<Credentials> => ({
    server: new URL(`https://127.0.0.1:${port}`),
    tls: { insecure: true, ...client, ...options.tls },
    proxy: new URL(way),
  });
  const calls = makeCalls({
    credentials: { current, place: current, refused: () => {} },
    userAgent: "test",
    timeoutMs: options.timeoutMs ?? 20_000,
    meter: silentMeter,
  });
  closing.push(calls.disconnect);
  const call = (path: string) => ({ doing: "asking", method: "GET" as const, path });
  return {
    calls,
    ask: (signal = LIVE) => calls.whole(call("/"), signal),
    watch: async () => (await calls.stream(call("/watch"), LIVE))[Symbol.asyncIterator](),
    change: (next: string) => {
      way = next;
    },
  };
}
const thrownBy = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error("nothing was thrown"),
    (error: Error) => error,
  );

describe.each([
  ["HTTP/2", overHttp2],
  ["HTTP/1.1", overHttp1],
])("a proxy before a server of %s", (_protocol, serve) => {
  it("is asked for every connection, and does not see who the node is", async () => {
    const server = await serve();
    closing.push(server.close);
    const proxy = await someProxy();
    const { ask, watch, calls } = calling(server.port, `http://127.0.0.1:${proxy.port}`);
    const stream = await watch();
    expect(String((await stream.next()).value)).toBe("box\n");
    expect(await ask()).toBe("box\n");
    expect(await ask()).toBe("box\n");
    const target = { target: `127.0.0.1:${server.port}`, authorization: undefined };
    expect(new Set(proxy.asked.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify(target)]));
    expect(server.open()).toBeGreaterThan(0);
    await expect.poll(() => server.open() <= proxy.open()).toBe(true);
    calls.disconnect();
    await expect.poll(proxy.open).toBe(0);
  });

  it("that breaks its tunnels breaks what is under way; the next call makes another one", async () => {
    const server = await serve();
    closing.push(server.close);
    const proxy = await someProxy();
    const { ask, watch } = calling(server.port, `http://127.0.0.1:${proxy.port}`);
    const stream = await watch();
    expect(String((await stream.next()).value)).toBe("box\n");
    proxy.cut();
    await stream.next().catch(() => {}); // HTTP/2 ends it, HTTP/1.1 throws
    await expect.poll(proxy.open).toBe(0);
    expect(await ask()).toBe("box\n");
  });
});

describe("a proxy", () => {
  it("is told the user and password of its URL, without their escapes", async () => {
    const server = await overHttp2();
    closing.push(server.close);
    const proxy = await someProxy();
    const { ask } = calling(server.port, `http://us%40er:p%3Ass@127.0.0.1:${proxy.port}`);
    expect(await ask()).toBe("box\n");
    expect(proxy.asked).toEqual([
      {
        target: `127.0.0.1:${server.port}`,
        authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
      },
    ]);
  });

  it("cannot lead to another server than the one that is meant", async () => {
    const server = await overHttp2();
    closing.push(server.close);
    const proxy = await someProxy();
    const known = { insecure: false, authority: serving.certificate };
    const way = `http://127.0.0.1:${proxy.port}`;
    for (const serverName of ["api.example.org", "192.0.2.44"])
      expect(await calling(server.port, way, { tls: { ...known, serverName } }).ask()).toBe("box\n");
    for (const serverName of ["other.example.org", "192.0.2.45"]) {
      const wrong = calling(server.port, way, { tls: { ...known, serverName } });
      expect((await thrownBy(wrong.ask())).message).toContain("does not match certificate's altnames");
    }
    // The address itself, when no name is told.
    const bare = calling(server.port, way, { tls: known });
    expect((await thrownBy(bare.ask())).message).toContain("does not match certificate's altnames");
  });

  it("behind https has to be known, unless nobody has", async () => {
    const server = await overHttp2();
    closing.push(server.close);
    const proxy = await someProxy(selfSigned({ commonName: "proxy" }));
    const url = `https://127.0.0.1:${proxy.port}`;
    const { ask, calls } = calling(server.port, url);
    expect(await ask()).toBe("box\n");
    expect(proxy.asked).toHaveLength(1);
    calls.disconnect();
    await expect.poll(proxy.open).toBe(0);
    const careful = calling(server.port, url, { tls: { insecure: false } });
    expect((await thrownBy(careful.ask())).message).toMatch(
      `asking: the proxy 127.0.0.1:${proxy.port} cannot be reached`,
    );
    expect(proxy.asked).toHaveLength(1);
  });

  it("that is another one now gets the next call, and the tunnels of the old one are left at once", async () => {
    const server = await overHttp2();
    closing.push(server.close);
    const [first, second] = [await someProxy(), await someProxy()];
    const { ask, change } = calling(server.port, `http://127.0.0.1:${first.port}`);
    expect(await ask()).toBe("box\n");
    change(`http://127.0.0.1:${second.port}`);
    expect(await ask()).toBe("box\n");
    expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
    await expect.poll(first.open).toBe(0);
  });

  it.each<[string, ProxyConduct, string]>([
    ["wants another password", 407, "does not connect to TARGET: it answered 407 Proxy Authentication Required"],
    ["may not lead there", 403, "does not connect to TARGET: it answered 403 Forbidden"],
    ["makes up a status", 799, "does not connect to TARGET: it answered 799"],
    ["hangs up", "hangs up", "did not answer whether it connects to TARGET: socket hang up"],
  ])("that %s is named with what it did, and its password is not", async (_what, conduct, words) => {
    const proxy = await someProxy();
    proxy.conduct(conduct);
    const error = await thrownBy(calling(9, `http://u:s3cret@127.0.0.1:${proxy.port}`).ask());
    const expected = `asking: the proxy 127.0.0.1:${proxy.port} ${words.replace("TARGET", "127.0.0.1:9")}`;
    expect(error).toMatchObject({ code: "ApiUnreachable", effect: "none", message: expected });
    const shown = inspect(error, { depth: 10, showHidden: true });
    expect(shown).not.toContain("s3cret");
    expect(shown).not.toContain(Buffer.from("u:s3cret").toString("base64"));
  });

  it("that is not there is named", async () => {
    const proxy = await startProxy();
    await proxy.close();
    const error = await thrownBy(calling(9, `http://u:s3cret@127.0.0.1:${proxy.port}`).ask());
    expect(error.message).toMatch(
      new RegExp(`^asking: the proxy 127.0.0.1:${proxy.port} cannot be reached: .*REFUSED`),
    );
    expect(inspect(error, { depth: 10 })).not.toContain("s3cret");
  });

  it("that says nothing is waited for as long as a call may take, and no longer than somebody waits", async () => {
    const proxy = await someProxy();
    proxy.conduct("mute");
    const url = `http://u:s3cret@127.0.0.1:${proxy.port}`;
    const hasty = calling(9, url, { timeoutMs: 100 });
    expect(await thrownBy(hasty.ask())).toMatchObject({
      code: "ApiTimeout",
      message: `asking: no answer within 0.1 s by way of the proxy 127.0.0.1:${proxy.port}`,
    });
    const patient = calling(9, url);
    const asker = new AbortController();
    const asked = thrownBy(patient.ask(asker.signal));
    await expect.poll(() => proxy.asked.length).toBe(2);
    asker.abort(new Error("gone"));
    expect((await asked).message).toContain("gone");
    expect(proxy.waiting()).toBe(2); // others might have waited for the same connection
    hasty.calls.disconnect();
    patient.calls.disconnect();
    await expect.poll(proxy.waiting).toBe(0);
  });
});

it("a kubeconfig with a proxy-url leads every door through it: nothing goes around", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-proxy-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startApiServer();
  closing.push(server.close);
  const proxy = await someProxy();
  const doors = await openDoors(server.url, join(folder, "kubeconfig"), {
    "proxy-url": `http://u:s3cret@127.0.0.1:${proxy.port}`,
  });
  closing.push(doors.close);
  server.place("nodes", { metadata: { name: "n1" } });
  const object = { kind: "nodes", name: "n1" } as const;
  const of = { kind: "nodes", fieldSelector: "metadata.name=n1" } as const;

  for (const door of [doors.general, doors.heartbeat]) {
    const { version } = await door.list(of, "newest", LIVE);
    const watch = door.watch(of, { version, timeoutSeconds: 300 }, LIVE)[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ value: { kind: "open" } });
    expect((await door.get(object, LIVE)).metadata.name).toBe("n1");
  }
  const { length } = server.requests;
  expect(length).toBe(6);
  expect(new Set(proxy.asked.map(({ target }) => `http://${target}`))).toEqual(new Set([server.url]));

  doors.general.disconnect();
  doors.heartbeat.disconnect();
  proxy.conduct(503);
  const asks = [
    () => doors.general.get(object, LIVE),
    () => doors.heartbeat.get(object, LIVE),
    () => doors.reviews.token("t", LIVE),
  ];
  for (const ask of asks)
    expect((await thrownBy(ask())).message).toMatch(/does not connect to .*: it answered 503 Service Unavailable$/);
  expect(server.requests).toHaveLength(length);
});
