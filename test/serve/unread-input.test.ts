import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openSession, UNREAD_INPUT_MS } from "../../src/serve/runtime-stream.ts";

/** The streams of a session by their numbers in SPDY, in the order in which they are opened. */
const STREAM = { error: 1, stdin: 3, stdout: 5, stderr: 7 } as const;
const MANY_BYTES = Buffer.alloc(32 * 2 ** 20);

let server: Server;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  server.close();
});

function lastFrame(stream: number, payload = ""): Buffer {
  const frame = Buffer.alloc(8 + payload.length);
  frame.writeUInt32BE(stream, 0);
  frame.writeUInt32BE(payload.length, 4);
  frame.writeUInt8(1, 4);
  frame.write(payload, 8);
  return frame;
}

/** A session with a runtime that reads nothing unless it is told to; its command has written all that it will. */
async function sessionAfterOutput(input: Buffer) {
  server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [runtime] = await accepted;
  runtime.on("error", () => {});
  const { promise: silent, resolve: hush } = Promise.withResolvers<void>();
  const outputs = { stdout: () => {}, stderr: () => hush() };
  const asked = { stdin: true, stdout: true, stderr: true, tty: false };
  const session = openSession({ socket, head: Buffer.alloc(0) }, asked, outputs, new AbortController().signal);
  session.writeStdin(input);
  runtime.write(Buffer.concat([lastFrame(STREAM.stdout), lastFrame(STREAM.stderr)]));
  await silent;
  return { socket, runtime, session };
}

it("a command that ended without reading its input fails its session, which the runtime never would", async () => {
  const { session, socket } = await sessionAfterOutput(MANY_BYTES);
  await expect.poll(() => socket.writableLength).toBeGreaterThan(0);
  vi.advanceTimersByTime(UNREAD_INPUT_MS);
  expect(await session.ended).toEqual({
    kind: "failed",
    message: expect.stringContaining("without reading its input"),
  });
  expect(socket.destroyed).toBe(true);
});

it("one that has closed its outputs and goes on reading is waited for, and its exit code comes", async () => {
  const { session, socket, runtime } = await sessionAfterOutput(MANY_BYTES);
  runtime.resume();
  await expect.poll(() => socket.writableLength).toBe(0);
  vi.advanceTimersByTime(3 * UNREAD_INPUT_MS);
  expect(socket.destroyed).toBe(false);
  runtime.write(lastFrame(STREAM.error, '{"status":"Success"}'));
  expect(await session.ended).toEqual({ kind: "exited", exitCode: 0 });
  expect(vi.getTimerCount()).toBe(0);
});
