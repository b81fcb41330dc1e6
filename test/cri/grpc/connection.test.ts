import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Connection, openConnection, type Reader } from "../../../src/cri/grpc/connection.ts";
import {
  FLAG,
  FRAME,
  type Frame,
  makeFrameReader,
  packFrame,
  packNumber,
  packSettings,
} from "../../../src/cri/grpc/frames.ts";
import { type Fields, packFields } from "../../../src/cri/grpc/hpack.ts";

const POST = packFields([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/echo"],
  [":authority", "localhost"],
]);

/** A reader that keeps what it hears. */
function listen() {
  const data: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<Fields | string>();
  const reader: Reader = {
    data: (bytes) => void data.push(Buffer.from(bytes)),
    end: resolve,
    broken: (reason, isUntouched) => resolve(isUntouched ? `untouched: ${reason}` : reason),
  };
  return { reader, ended: promise, data: () => Buffer.concat(data) };
}

describe("with another implementation at the other end", () => {
  async function serve(onStream: (stream: ServerHttp2Stream, server: Http2Server) => void): Promise<Connection> {
    const server = createServer({ maxSessionMemory: 100 });
    server.on("stream", (stream) => onStream(stream, server));
    server.on("sessionError", () => {});
    await once(server.listen(0, "127.0.0.1"), "listening");
    const ready = Promise.withResolvers<void>();
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const connection = openConnection(socket, { ready: ready.resolve, leaving() {}, closed() {} });
    onTestFinished(() => {
      connection.close();
      server.close();
    });
    await ready.promise;
    return connection;
  }

  it("every printable byte of a field is read", async () => {
    const text = String.fromCharCode(...Array.from({ length: 94 }, (_, place) => 33 + place));
    const connection = await serve((stream) => {
      stream.respond({ ":status": 200, "x-text": text });
      stream.end();
    });
    const heard = listen();
    connection.begin(POST, Buffer.from("x"), heard.reader);
    expect((await heard.ended) as Fields).toEqual(expect.objectContaining({}));
    expect(((await heard.ended) as Fields).get("x-text")).toBe(text);
  });

  it("bodies beyond every window go both ways, many at once", async () => {
    const connection = await serve((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const bodies = [1, 65_535, 65_536, 3_000_000, 20].map((length, place) => Buffer.alloc(length, place + 1));
    const heard = bodies.map((body) => {
      const one = listen();
      connection.begin(POST, body, one.reader);
      return one;
    });
    for (const [place, one] of heard.entries()) {
      expect(((await one.ended) as Fields).get(":status")).toBe("200");
      expect(one.data().equals(bodies[place] ?? Buffer.alloc(0)), `body ${place}`).toBe(true);
    }
  });

  it("a cancel reaches it, and nothing is told after it", async () => {
    const gone = Promise.withResolvers<number>();
    const begun = Promise.withResolvers<void>();
    const connection = await serve((stream) => {
      stream.on("close", () => gone.resolve(stream.rstCode));
      stream.on("error", () => {});
      begun.resolve();
    });
    const heard = listen();
    const cancel = connection.begin(POST, Buffer.from("x"), heard.reader);
    await begun.promise;
    cancel();
    expect(await gone.promise).toBe(8);
    expect(await Promise.race([heard.ended, Promise.resolve("silence")])).toBe("silence");
  });
});

describe("frame by frame", () => {
  /** A connection whose other end is the test. */
  function open() {
    const sent: Frame[] = [];
    const told: string[] = [];
    const read = makeFrameReader((frame) => void sent.push(frame));
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
    const socket: Duplex = new Duplex({
      read() {},
      write(bytes: Buffer, _encoding, done) {
        read(bytes.subarray(preface));
        preface = 0;
        done();
      },
      final(done) {
        socket.push(null);
        done();
      },
    });
    const closed = Promise.withResolvers<string>();
    const connection = openConnection(socket, {
      ready: () => told.push("ready"),
      leaving: () => told.push("leaving"),
      closed: closed.resolve,
    });
    const receive = async (...frames: Buffer[]): Promise<void> => {
      socket.push(Buffer.concat(frames));
      await new Promise((resolve) => setImmediate(resolve));
    };
    onTestFinished(() => connection.close());
    const of = (kind: number): Frame[] => sent.filter((frame) => frame.kind === kind);
    return { connection, receive, sent, of, told, closed: closed.promise };
  }
  const NO = Buffer.alloc(0);
  const SETTINGS = packSettings([]);
  const END = FLAG.endStream | FLAG.endHeaders;
  const OK = packFields([[":status", "200"]]);

  it("is ready once the server has spoken, acknowledges, and answers pings", async () => {
    const { receive, of, told } = open();
    expect(told).toEqual([]);
    await receive(
      SETTINGS,
      packFrame(FRAME.ping, 0, 0, Buffer.from("12345678")),
      packFrame(FRAME.ping, FLAG.ack, 0, Buffer.from("87654321")),
    );
    expect(told).toEqual(["ready"]);
    expect(of(FRAME.settings).map(({ flags }) => flags)).toEqual([0, FLAG.ack]);
    expect(of(FRAME.ping).map(({ flags, payload }) => [flags, payload.toString()])).toEqual([[FLAG.ack, "12345678"]]);
  });

  it("reads frames in pieces, padded, with priority, with fields over several", async () => {
    const { connection, receive } = open();
    const heard = listen();
    connection.begin(POST, Buffer.from("x"), heard.reader);
    const padded = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), OK.subarray(0, 4), Buffer.alloc(2)]);
    const bytes = Buffer.concat([
      SETTINGS,
      packFrame(FRAME.headers, FLAG.padded | FLAG.priority, 1, padded),
      packFrame(FRAME.continuation, 0, 1, OK.subarray(4, 8)),
      packFrame(FRAME.continuation, FLAG.endHeaders, 1, OK.subarray(8)),
      packFrame(FRAME.data, FLAG.padded, 1, Buffer.from("\x03body\0\0\0")),
      packFrame(77, 0, 1, Buffer.from("nobody knows this kind")),
      packFrame(FRAME.headers, END, 1, packFields([["grpc-status", "0"]])),
    ]);
    for (const byte of bytes) await receive(Buffer.from([byte]));
    expect([...((await heard.ended) as Fields)]).toEqual([
      [":status", "200"],
      ["grpc-status", "0"],
    ]);
    expect(heard.data().toString()).toBe("body");
  });

  it("sends no more than there is room for", async () => {
    const { connection, receive, of } = open();
    await receive(packSettings([[4, 10]]));
    connection.begin(POST, Buffer.alloc(25, 1), listen().reader);
    const sizes = () => of(FRAME.data).map(({ flags, payload }) => [flags, payload.length]);
    expect(sizes()).toEqual([[0, 10]]);
    await receive(packNumber(FRAME.windowUpdate, 1, 3));
    expect(sizes()).toEqual([
      [0, 10],
      [0, 3],
    ]);
    await receive(packSettings([[4, 22]]));
    expect(sizes().at(-1)).toEqual([FLAG.endStream, 12]);
  });

  it("gives room back to a stream that goes on for long", async () => {
    const { connection, receive, of } = open();
    connection.begin(POST, Buffer.from("x"), listen().reader);
    await receive(SETTINGS, packFrame(FRAME.headers, FLAG.endHeaders, 1, OK));
    const part = packFrame(FRAME.data, 0, 1, Buffer.alloc(16_384));
    for (let mib = 0; mib < 32; mib += 1) await receive(...Array.from({ length: 64 }, () => part));
    const given = of(FRAME.windowUpdate).map(({ stream, payload }) => [stream, payload.readUInt32BE()]);
    expect(given.slice(1)).toEqual([
      [0, 2 ** 25],
      [1, 2 ** 25],
    ]);
  });

  it("takes back what a server that goes has not begun, and lets the rest go on", async () => {
    const { connection, receive, told, closed } = open();
    const [first, second] = [listen(), listen()];
    connection.begin(POST, Buffer.from("x"), first.reader);
    connection.begin(POST, Buffer.from("x"), second.reader);
    const goAway = Buffer.alloc(8);
    goAway.writeUInt32BE(1);
    await receive(SETTINGS, packFrame(FRAME.goAway, 0, 0, goAway));
    expect(told).toEqual(["ready", "leaving"]);
    expect(await second.ended).toMatch(/^untouched: /);
    await receive(packFrame(FRAME.headers, END, 1, OK));
    expect(((await first.ended) as Fields).get(":status")).toBe("200");
    await closed;
  });

  it.each([
    ["refused before it began", 7, /^untouched: /],
    ["reset", 2, /code 2/],
  ])("tells of a stream that was %s", async (_, code, text) => {
    const { connection, receive } = open();
    const heard = listen();
    connection.begin(POST, Buffer.from("x"), heard.reader);
    await receive(SETTINGS, packNumber(FRAME.reset, 1, code));
    expect(await heard.ended).toMatch(text);
  });

  it.each([
    ["a frame that is too long", Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1])],
    ["a push", packFrame(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.alloc(8))],
    [
      "fields in the middle of fields",
      Buffer.concat([packFrame(FRAME.headers, 0, 1, OK), packFrame(FRAME.ping, 0, 0, Buffer.alloc(8))]),
    ],
    ["a continuation of nothing", packFrame(FRAME.continuation, FLAG.endHeaders, 1, OK)],
    ["fields that are none", packFrame(FRAME.headers, END, 1, Buffer.from([0xff, 0xff]))],
    ["more padding than room", packFrame(FRAME.data, FLAG.padded, 1, Buffer.from([9, 1]))],
    ["a ping cut short", packFrame(FRAME.windowUpdate, 0, 0, NO)],
  ])("%s closes the connection, and what goes on breaks", async (_, bytes) => {
    const { connection, receive, closed } = open();
    const heard = listen();
    connection.begin(POST, Buffer.from("x"), heard.reader);
    await receive(SETTINGS, bytes);
    expect(await heard.ended).toBe(await closed);
  });
});
