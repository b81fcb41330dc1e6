import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:https";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RuntimeConnection } from "../../src/serve/runtime-connection.ts";
import { openForward, openSession } from "../../src/serve/runtime-stream.ts";
import { type Metrics, readMetrics } from "../kit/metrics.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { clientFrame, serverFrames, WEB_SOCKET_HEADERS } from "../serve/node-api/web-socket-client.ts";
import { type NodeWorld, openNodeWorld } from "./node-world.ts";

// The node's own API, asked directly in both its protocols, and by clients that mean no good (issue 9).

const LIVE = new AbortController().signal;
const TUNNEL = "SPDY/3.1+portforward.k8s.io";
const MIB = 1024 * 1024;
let world: NodeWorld;
beforeAll(async () => {
  world = await openNodeWorld("cluster-node-api-direct");
}, 300_000);
afterAll(() => world?.close());

const exec = (...command: string[]): string => {
  const query = new URLSearchParams({ input: "1", output: "1", error: "1" });
  for (const word of command) query.append("command", word);
  return `/exec/default/${world.name}/web?${query}`;
};

/** An upgrade to SPDY, as the administrator. */
async function openSpdy(path: string, protocol: string): Promise<RuntimeConnection> {
  const asked = request({
    host: world.address,
    port: world.port,
    path,
    method: "POST",
    agent: false,
    rejectUnauthorized: false,
    ...world.admin,
    headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol },
  });
  asked.on("error", () => {});
  asked.end();
  const [answer, socket, head] = (await once(asked, "upgrade")) as [{ headers: object }, Socket, Buffer];
  expect(answer.headers).toMatchObject({ "x-stream-protocol-version": protocol });
  return { socket, head };
}

/** A WebSocket as the administrator. */
function openWebSocket(path: string, protocol: string) {
  const { address: host, port, admin } = world;
  const socket: TLSSocket = connect({ host, port, rejectUnauthorized: false, ...admin });
  socket.on("error", () => {});
  const seen = serverFrames(socket);
  const lines = [`GET ${path} HTTP/1.1`, "Host: n", "Connection: Upgrade", ...WEB_SOCKET_HEADERS];
  socket.write(`${[...lines, `Sec-WebSocket-Protocol: ${protocol}`].join("\r\n")}\r\n\r\n`);
  return { socket, ...seen, send: (text: string, opcode = 2) => socket.write(clientFrame(opcode, Buffer.from(text))) };
}

/** Keeps what is said. */
function heard() {
  const chunks: Buffer[] = [];
  return { take: (bytes: Buffer) => void chunks.push(bytes), text: () => Buffer.concat(chunks).toString() };
}

/** One request over a stream of bytes, and its answer. */
async function fetchOver(connection: RuntimeConnection): Promise<void> {
  const { take, text } = heard();
  const forward = openForward(connection, 8080, { stdout: take }, LIVE);
  forward.writeStdin(Buffer.from("GET / HTTP/1.0\r\n\r\n"));
  await world.host.eventually("an answer", () => expect(text()).toContain("hello from the pod"));
  connection.socket.destroy();
}

/** The bytes inside a WebSocket, as if they were a socket's own. */
function insideOf({ socket, frames, until }: ReturnType<typeof openWebSocket>): RuntimeConnection {
  let told = 0;
  const bytes = new Duplex({
    read() {
      void until(() => frames.length > told).then(() => {
        const fresh = frames.slice(told).filter(({ opcode }) => opcode === 2);
        told = frames.length;
        this.push(Buffer.concat(fresh.map(({ payload }) => payload)));
      });
    },
    write(chunk: Buffer, _encoding, done) {
      socket.write(clientFrame(2, chunk), () => done());
    },
    destroy(_error, done) {
      socket.destroy();
      done(null);
    },
  });
  return { socket: bytes as Socket, head: Buffer.alloc(0) };
}

describe("directly on the node's port", () => {
  it("SPDY: exec with its end of stdin and its exit code, and a port", async () => {
    const connection = await openSpdy(exec("sh", "-c", "cat; echo bye >&2; exit 3"), "v4.channel.k8s.io");
    const [stdout, stderr] = [heard(), heard()];
    const session = openSession(
      connection,
      { stdin: true, stdout: true, stderr: true, tty: false },
      { stdout: stdout.take, stderr: stderr.take },
      LIVE,
    );
    session.writeStdin(Buffer.from("hello"));
    session.endStdin();
    expect(await session.ended).toEqual({ kind: "exited", exitCode: 3 });
    expect([stdout.text(), stderr.text()]).toEqual(["hello", "bye\n"]);
    await fetchOver(await openSpdy(`/portForward/default/${world.name}`, "portforward.k8s.io"));
  });

  it("WebSocket v5: exec with its end of stdin and its exit code", async () => {
    const session = openWebSocket(exec("sh", "-c", "cat; echo bye >&2; exit 3"), "v5.channel.k8s.io");
    session.send("\0hello");
    session.socket.write(clientFrame(2, Buffer.of(255, 0)));
    await session.until(() => session.frames.at(-1)?.opcode === 8);
    expect([session.channel(1), session.channel(2)]).toEqual(["hello", "bye\n"]);
    const causes = [{ reason: "ExitCode", message: "3" }];
    expect(JSON.parse(session.channel(3))).toMatchObject({ reason: "NonZeroExitCode", details: { causes } });
    session.socket.destroy();
  });

  it("WebSocket v4, plain and in base64: exec and its exit code, by the runtime itself", async () => {
    const plain = openWebSocket(exec("sh", "-c", "read line; echo got $line; exit 4"), "v4.channel.k8s.io");
    plain.send("\0there\n");
    await plain.until(() => plain.channel(3) !== "");
    expect([plain.channel(1), JSON.parse(plain.channel(3))]).toMatchObject(["got there\n", { status: "Failure" }]);
    plain.socket.destroy();
    const encoded = openWebSocket(exec("sh", "-c", "read line; echo got $line"), "base64.channel.k8s.io");
    encoded.send(`0${Buffer.from("there\n").toString("base64")}`, 1);
    const words = Buffer.from("got there\n").toString("base64");
    await encoded.until(() => encoded.frames.some(({ payload }) => payload.toString() === `1${words}`));
    encoded.socket.destroy();
  });

  it("SPDY inside a WebSocket: a port", async () => {
    await fetchOver(insideOf(openWebSocket(`/portForward/default/${world.name}`, TUNNEL)));
  });

  it("attach, over both", async () => {
    const path = `/attach/default/${world.name}/echo?input=1&output=1`;
    for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
      const session = openWebSocket(path, protocol);
      const word = randomBytes(4).toString("hex");
      session.send(`\0${word}\n`);
      await session.until(() => session.channel(1).includes(`got ${word}`));
      session.socket.destroy();
    }
    const connection = await openSpdy(path, "v4.channel.k8s.io");
    const stdout = heard();
    const outputs = { stdout: stdout.take, stderr: () => {} };
    const session = openSession(connection, { stdin: true, stdout: true, stderr: false, tty: false }, outputs, LIVE);
    session.writeStdin(Buffer.from("spdy\n"));
    await world.host.eventually("it answers", () => expect(stdout.text()).toContain("got spdy"));
    connection.socket.destroy();
  });
});

const descriptors = (): number => readdirSync(`/proc/${world.host.pid()}/fd`).length;
const residentMib = (): number =>
  Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${world.host.pid()}/status`, "utf8"))?.[1]) / 1024;

/** How long after their times probes of the whole agent began, at most, as far as the buckets tell. */
function lateSeconds(before: Metrics, after: Metrics): number {
  const [one, other] = [before, after].map((page) => page.by("berth_probe_lateness_seconds_bucket", "le"));
  const all = (other?.get("+Inf") ?? 0) - (one?.get("+Inf") ?? 0);
  const [bound] = [...(other ?? [])].find(([le, value]) => value - (one?.get(le) ?? 0) === all) ?? [];
  return Number(bound?.replace("+", "") ?? Number.NaN);
}

/** When the node's lease was renewed, seen once a second: the longest pause in seconds. */
async function watchLease(over: AbortSignal): Promise<number> {
  const args = ["get", "lease", "-n", "kube-node-lease", world.host.node, "-o", "jsonpath={.spec.renewTime}"];
  let longest = 0;
  let last: number | undefined;
  while (!over.aborted) {
    const renewed = Date.parse(await world.cluster.kubectl(args));
    if (last !== undefined) longest = Math.max(longest, (renewed - last) / 1000);
    last = renewed;
    await sleep(1000, undefined, { signal: over }).catch(() => {});
  }
  return longest;
}

/** A connection as the administrator, over which bytes are sent as they are. */
async function rawSocket(): Promise<TLSSocket> {
  const { address: host, port, admin } = world;
  const socket = connect({ host, port, rejectUnauthorized: false, ...admin });
  socket.on("error", () => {});
  await Promise.race([once(socket, "secureConnect"), once(socket, "close")]);
  return socket;
}
const closed = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<void>((resolve) => void socket.resume().once("close", resolve));

/** Sends one byte of a head after the other, until it is cut off. */
async function drip(): Promise<void> {
  const socket = await rawSocket();
  const over = closed(socket);
  const beat = setInterval(() => socket.writable && socket.write("x"), 500);
  socket.write("GET /pods HTTP/1.1\r\nX-Slow: ");
  await over;
  clearInterval(beat);
}

async function send(bytes: string | Buffer): Promise<void> {
  const socket = await rawSocket();
  const over = closed(socket);
  if (socket.writable) socket.write(bytes);
  socket.end();
  await over;
}

/** Drops a session whose command has begun; one that reads its input ends by that. */
async function dropSpdy(): Promise<void> {
  const connection = await openSpdy(exec("cat"), "v4.channel.k8s.io");
  const { take, text } = heard();
  const streams = { stdin: true, stdout: true, stderr: true, tty: false };
  openSession(connection, streams, { stdout: take, stderr: take }, LIVE).writeStdin(Buffer.from("x"));
  await world.host.eventually("it has begun", () => expect(text()).toBe("x"), { withinMs: 60_000 });
  connection.socket.destroy();
}

/** Drops a session before its streams are there. */
async function dropEarly(): Promise<void> {
  const { socket } = await openSpdy(exec("sleep", "600"), "v4.channel.k8s.io");
  socket.destroy();
}

async function dropWebSocket(): Promise<void> {
  const session = openWebSocket(exec("cat"), "v5.channel.k8s.io");
  session.send("\0x");
  await session.until(() => session.channel(1) === "x");
  session.socket.destroy();
}

const inRounds = async (all: number, at: number, one: () => Promise<void>): Promise<void> => {
  for (let done = 0; done < all; done += at) await Promise.all(Array.from({ length: at }, one));
};

it("hostile clients cost a bounded amount, leave nothing behind, and disturb neither heartbeats nor probes", {
  timeout: 300_000,
}, async () => {
  const { host, name } = world;
  const probe = { exec: { command: ["true"] }, periodSeconds: 1 };
  await host.manifests.drop(
    "probed.yaml",
    pod("probed", { containers: [container("main", { readinessProbe: probe, command: sh("sleep 1000") })] }),
  );
  await host.running("probed", "main");
  const before = { descriptors: descriptors(), residentMib: Math.round(residentMib()) };
  const quiet = await readMetrics(host.port);
  const over = new AbortController();
  const lease = watchLease(over.signal);
  let most = 0;
  const eye = setInterval(() => {
    most = Math.max(most, residentMib());
  }, 200);

  const slow = Promise.all(Array.from({ length: 60 }, drip));
  await inRounds(100, 25, dropEarly);
  await inRounds(200, 25, dropSpdy);
  await inRounds(200, 25, dropWebSocket);
  await inRounds(100, 20, () => send(randomBytes(2000)));
  await inRounds(40, 10, () => send(`GET /pods HTTP/1.1\r\nX-Long: ${"x".repeat(200_000)}\r\n\r\n`));
  await inRounds(20, 10, () =>
    send(`POST /stats/summary HTTP/1.1\r\nHost: n\r\nContent-Length: 9000000\r\n\r\n${"x".repeat(2 * MIB)}`),
  );
  await slow; // each was cut off
  await sleep(12_000); // a lease is renewed every 10 s
  clearInterval(eye);
  over.abort();
  const late = lateSeconds(quiet, await readMetrics(host.port));
  const leasePause = await lease;
  await host.eventually("all are closed", () => expect(descriptors()).toBeLessThan(before.descriptors + 10), {
    withinMs: 60_000,
  });
  const count = await host.eventually("no command is left", async () => {
    const text = await world.call("GET", `https://${world.address}:${world.port}/healthz`);
    expect(text.status).toBe(200);
    const ended = await runIn("ps | grep -cE '[s]leep 600|[c]at$'");
    expect(ended).toBe("0\n");
    return ended.trim();
  });
  console.log(
    JSON.stringify({
      before,
      after: { descriptors: descriptors(), residentMib: Math.round(residentMib()), mostMib: Math.round(most) },
      leftCommands: count,
      probesLateSecondsAtMost: late,
      leasePauseSeconds: leasePause,
    }),
  );
  expect(most - before.residentMib).toBeLessThan(64);
  expect(late).toBeLessThanOrEqual(2.5);
  expect(leasePause).toBeLessThan(20);
  expect(await host.pod("web")).toMatchObject({ status: { phase: "Running" } });
  expect(name).toContain("web");
});

/** What a command in the pod prints. */
async function runIn(script: string): Promise<string> {
  const session = openWebSocket(exec("sh", "-c", script), "v5.channel.k8s.io");
  session.socket.write(clientFrame(2, Buffer.of(255, 0)));
  await session.until(() => session.frames.at(-1)?.opcode === 8);
  session.socket.destroy();
  return session.channel(1);
}
