import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openChannel, type Standing } from "../../../src/cri/grpc/channel.ts";
import { NEVER_SENT, STATUS } from "../../../src/cri/grpc/status.ts";
import { eventually } from "../../kit/eventually.ts";

const LIMIT = 1_000;

/** A channel to a server that answers each call by hand. */
async function open(onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const folder = mkdtempSync(join(tmpdir(), "grpc-"));
  const path = join(folder, "s.sock");
  const sessions: ServerHttp2Session[] = [];
  const server = createServer();
  server.on("session", (session) => sessions.push(session));
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    onCall(stream, headers);
  });
  await once(server.listen(path), "listening");
  const heard: Standing[] = [];
  const channel = openChannel(path, LIMIT, (standing) => heard.push(standing));
  onTestFinished(() => {
    channel.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const call = (deadlineMs?: number) =>
    new Promise<{ messages: string[]; status: number; details: string }>((resolve) => {
      const messages: string[] = [];
      channel.call(
        { path: "/a.B/C", message: Buffer.from("hello"), deadlineMs },
        {
          message: (bytes) => messages.push(bytes.toString()),
          end: (status, details) => resolve({ messages, status, details }),
        },
      );
    });
  return { channel, heard, sessions, call };
}

const message = (text: string, flag = 0): Buffer =>
  Buffer.concat([Buffer.from([flag, 0, 0, text.length >> 8, text.length & 0xff]), Buffer.from(text)]);

function answer(stream: ServerHttp2Stream, parts: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const part of parts) stream.write(part);
  stream.end();
}
const fine = (stream: ServerHttp2Stream): void => answer(stream, [message("hi")], { "grpc-status": "0" });

it("asks as gRPC asks, and a call that comes before the connection waits for it", async () => {
  const asked: IncomingHttpHeaders[] = [];
  const { call } = await open((stream, headers) => {
    asked.push(headers);
    fine(stream);
  });
  const calls = await Promise.all([call(), call(12_000), call(3e10)]);
  expect(calls).toEqual(Array.from({ length: 3 }, () => ({ messages: ["hi"], status: 0, details: "" })));
  expect(asked[0]).toMatchObject({
    ":method": "POST",
    ":path": "/a.B/C",
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
  });
  expect(asked.map((headers) => headers["grpc-timeout"])).toEqual([undefined, "12000m", "30000000S"]);
});

it("puts messages together, however they are cut", async () => {
  const bytes = Buffer.concat([message("one"), message(""), message("three")]);
  const { call } = await open((stream) =>
    answer(
      stream,
      Array.from(bytes, (byte) => Buffer.from([byte])),
      { "grpc-status": "0" },
    ),
  );
  expect((await call()).messages).toEqual(["one", "", "three"]);
});

it.each([
  [
    "status and words",
    [],
    { "grpc-status": "5", "grpc-message": "no container %22%C3%A4%22 100%" },
    STATUS.notFound,
    'no container "ä" 100%',
  ],
  ["a status that is none", [], { "grpc-status": "x" }, STATUS.unknown, ""],
  ["no status", [message("hi")], {}, STATUS.unknown, "an answer of HTTP 200 without a status of gRPC"],
  [
    "a message that is too long",
    [message("x".repeat(LIMIT + 1))],
    { "grpc-status": "0" },
    STATUS.resourceExhausted,
    "a message of 1001 bytes is larger than 1000",
  ],
  [
    "a compressed message",
    [message("x", 1)],
    { "grpc-status": "0" },
    STATUS.internal,
    "a message is compressed, which was not asked for",
  ],
])("tells of %s", async (_, parts, trailers, status, details) => {
  const { call } = await open((stream) => answer(stream, parts, trailers as Record<string, string>));
  expect(await call()).toMatchObject({ status, details });
});

it("tells what speaks HTTP and no gRPC", async () => {
  const { call } = await open((stream) => {
    stream.respond({ ":status": 404 });
    stream.end("no");
  });
  expect(await call()).toMatchObject({ status: STATUS.unimplemented });
});

it("ends a call at its deadline, and the server hears of it", async () => {
  const gone = Promise.withResolvers<number>();
  const { call } = await open((stream) => stream.on("close", () => gone.resolve(stream.rstCode)));
  expect(await call(30)).toMatchObject({ status: STATUS.deadlineExceeded });
  expect(await gone.promise).toBe(8);
});

it("goes on over another connection when the server goes away, while that still answers", async () => {
  const held: ServerHttp2Stream[] = [];
  const { call, sessions, heard } = await open((stream) => (held.length === 0 ? held.push(stream) : fine(stream)));
  const first = call();
  await eventually("it is asked", () => expect(held.length).toBe(1));
  sessions[0]?.goaway(0, 1);
  await eventually("there is another connection", () => expect(sessions.length).toBe(2));
  await eventually("it stands", () => expect(heard.at(-1)).toBe("ready"));
  expect(await call()).toMatchObject({ status: 0 });
  for (const stream of held) fine(stream);
  expect(await first).toMatchObject({ messages: ["hi"], status: 0 });
});

it("pauses before it dials a server again that hung up at once, and fails calls meanwhile", async () => {
  const { call, sessions, heard, channel } = await open(fine);
  await eventually("it stands", () => expect(heard).toEqual(["ready"]));
  sessions[0]?.destroy();
  await eventually("it is down", () => expect(heard).toEqual(["ready", "down"]));
  expect((await call()).details.startsWith(NEVER_SENT)).toBe(true);
  await eventually("it stands again", () => expect(channel.standing()).toBe("ready"));
  expect(await call()).toMatchObject({ status: 0 });
});
