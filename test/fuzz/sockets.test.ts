import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFrameReader } from "../../src/serve/frames.ts";
import { ROUTES } from "../../src/serve/routes.ts";
import { makeSpdyReader } from "../../src/serve/spdy.ts";
import { type House, makePod, openHouse } from "../serve/house.ts";
import { hold } from "./hold.ts";
import { blow, struck } from "./mutate.ts";

/** As long as a server may take to end a connection that makes no sense to it. */
const PATIENCE_MS = 20_000;
const CLIENT_FAULTS = [400, 404, 405, 409, 411, 413, 414, 417, 431];
/** Of a session: there is no streaming server here. */
const NO_RUNTIME = 503;

let house: House;
beforeAll(async () => {
  house = await openHouse();
  house.put(makePod("web"));
  house.state.log = async function* () {
    yield Buffer.from("line\n");
  };
});
afterAll(() => house.close());

/** Sends bytes and ends its side; what came back until the connection closed. */
async function say(socket: string, ...pieces: readonly Uint8Array[]): Promise<string> {
  const connection = connect(socket);
  const heard: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error("the connection is not closed")), PATIENCE_MS);
  connection.on("data", (chunk: Buffer) => heard.push(chunk));
  connection.on("error", () => {}); // a server that has closed already resets it
  connection.on("close", () => resolve());
  for (const piece of pieces) connection.write(piece);
  connection.end();
  try {
    await promise;
  } finally {
    clearTimeout(late);
    connection.destroy();
  }
  return Buffer.concat(heard).toString("latin1");
}

const statusesIn = (heard: string): number[] =>
  [...heard.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));

/** Everything that was asked has its answer, of which none is a fault of the server's own. */
function checkAnswers(heard: string): void {
  if (heard === "") return;
  expect(heard).toMatch(/^HTTP\/1\.1 \d{3} /);
  for (const status of statusesIn(heard)) expect([100, 200, NO_RUNTIME, ...CLIENT_FAULTS]).toContain(status);
}

async function stillServes(): Promise<void> {
  const heard = await say(
    house.socket,
    Buffer.from("GET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
  );
  expect(statusesIn(heard)).toEqual([200]);
}

const segment = fc.constantFrom(
  "web",
  "web-node1",
  "default",
  "main",
  "..",
  "%2e%2e",
  "%",
  "%00",
  "",
  "__proto__",
  "é",
  "a%2Fb",
);
const path = fc.oneof(
  fc.constantFrom(...Object.values(ROUTES)).chain((route) =>
    fc.array(segment, { minLength: 3, maxLength: 3 }).map((words) => {
      let at = 0;
      return route.path.replaceAll(/:\w+/g, () => words[at++] ?? "");
    }),
  ),
  fc.array(segment, { maxLength: 5 }).map((words) => `/${words.join("/")}`),
  fc.constantFrom("*", "//", "http://x/v1/pods", "/v1/pods\t", "?", "/v1/../v1/version", "/v1/version#x"),
);
const names = [...new Set(Object.values(ROUTES).flatMap((route) => ("query" in route ? route.query : [])))];
const parameter = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, fc.constantFrom("x", "", "__proto__")),
    fc.constantFrom(
      "",
      "true",
      "1",
      "-1",
      "1e9",
      "99999999999999999999",
      "x",
      "%zz",
      "%00",
      "2026-99-99T00:00:00Z",
      "main",
    ),
  )
  .map((pair) => pair.join("="));
// What never ends by itself is left out: a watch lasts as long as its reader.
const query = fc.array(parameter, { maxLength: 4 }).map((all) => all.filter((one) => !/^(watch|follow)=/.test(one)));
const header = fc.constantFrom(
  ...[
    "Content-Length: 3",
    "Content-Length: -1",
    "Content-Length: 1, 2",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
  ],
  ...[
    "Expect: x",
    "Upgrade: berth-stream/1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "X: \u0001",
    `Y: ${"z".repeat(9000)}`,
  ],
  ...["Host: a", ": x", "Cookie", "Content-Type: application/json"],
);
const request = fc
  .record({
    method: fc.constantFrom("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", "X"),
    path,
    query,
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.constantFrom("", "abc", "5\r\nhello\r\n0\r\n\r\n", "GET /v1/version HTTP/1.1\r\n\r\n"),
  })
  .map(({ method, path: asked, query: all, headers, body }) => {
    const target = all.length === 0 ? asked : `${asked}?${all.join("&")}`;
    return Buffer.from(
      `${method} ${target} HTTP/1.1\r\nHost: x\r\n${headers.map((one) => `${one}\r\n`).join("")}\r\n${body}`,
    );
  });
const struckRequest = fc
  .tuple(request, fc.array(blow, { minLength: 1, maxLength: 5 }))
  .map(([bytes, hits]) => struck(bytes, hits));
const door = fc.constantFrom("socket" as const, "viewSocket" as const, "healthSocket" as const);

describe("a socket", () => {
  it("answers any request, or closes the connection, and none is a fault of its own", async () => {
    await hold(250, fc.tuple(door, request), async ([where, bytes]) => checkAnswers(await say(house[where], bytes)));
    await stillServes();
  });

  it("bears any bytes", async () => {
    const bytes = fc.oneof(struckRequest, fc.uint8Array({ maxLength: 500 }));
    await hold(250, fc.tuple(door, bytes), async ([where, sent]) => checkAnswers(await say(house[where], sent)));
    await stillServes();
  });

  it("reads no head without end", async () => {
    const filler = Buffer.from("a".repeat(64 * 1024));
    const connection = connect(house.socket);
    const { promise, resolve } = Promise.withResolvers<void>();
    connection.on("error", () => {});
    connection.on("close", () => resolve());
    connection.write("GET /v1/version HTTP/1.1\r\nX: ");
    let sent = 0;
    const more = (): void => {
      while (!connection.destroyed && sent < 4 * 2 ** 20) {
        sent += filler.length;
        if (!connection.write(filler)) return;
      }
    };
    connection.on("drain", more);
    more();
    await promise;
    expect(sent).toBeLessThan(4 * 2 ** 20);
    await stillServes();
  });
});

/** The same bytes in one piece and in many give the same, or both are refused. */
function sameInPieces<T>(make: () => (chunk: Uint8Array) => T[], bytes: Uint8Array, sizes: readonly number[]): void {
  const whole = outcome(() => make()(bytes));
  const pieces = outcome(() => {
    const read = make();
    const all: T[] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      all.push(...read(bytes.subarray(at, at + size)));
      at += size;
    }
    return all;
  });
  expect(pieces).toEqual(whole);
}

function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? "refused" : "no error";
  }
}

describe("frames", () => {
  const small = fc.tuple(fc.nat(6), fc.uint8Array({ maxLength: 30 })).map(([channel, payload]) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(channel, 0);
    head.writeUInt32BE(payload.length, 1);
    return Buffer.concat([head, payload]);
  });
  const control = fc.tuple(fc.nat(12), fc.nat(1), fc.uint8Array({ maxLength: 12 })).map(([type, flags, payload]) => {
    const head = Buffer.from([0x80, 3, 0, type, flags, 0, 0, payload.length]);
    return Buffer.concat([head, payload]);
  });
  const damaged = (one: fc.Arbitrary<Buffer>) =>
    fc
      .tuple(fc.array(one, { maxLength: 6 }), fc.array(blow, { maxLength: 2 }))
      .map(([all, hits]) => struck(Buffer.concat(all), hits));
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

  it("of a client are the same in pieces of any size", () =>
    hold(300, fc.tuple(damaged(small), sizes), ([bytes, cuts]) => sameInPieces(makeFrameReader, bytes, cuts)));

  it("of the runtime's streaming server are the same in pieces of any size", () =>
    hold(300, fc.tuple(damaged(control), sizes), ([bytes, cuts]) => sameInPieces(makeSpdyReader, bytes, cuts)));
});
