import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A streaming server of a runtime that echoes stdin to stdout and exits with a code when stdin ends. */
export async function startStreaming(exitCode: number) {
  const seen: string[] = [];
  const taken = new Set<Socket>();
  const server = createServer();
  server.on("upgrade", (request, socket: Socket) => {
    seen.push(`${request.method} ${request.headers.upgrade} ${request.headers["x-stream-protocol-version"]}`);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
    taken.add(socket);
    serve(socket, exitCode, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/exec/token`,
    seen,
    /** Breaks every session. */
    cut: () => {
      for (const socket of taken) socket.destroy();
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function serve(socket: Socket, exitCode: number, seen: string[]): void {
  let held = Buffer.alloc(0);
  const streams: Record<string, number> = {};
  const ports: Record<number, string> = {};
  const send = (stream: number, payload: Buffer, isLast: boolean): void => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(stream, 0);
    header.writeUInt32BE(payload.length, 4);
    header.writeUInt8(isLast ? 1 : 0, 4);
    socket.write(Buffer.concat([header, payload]));
  };
  const finish = (): void => {
    const status = exitCode === 0 ? { status: "Success" } : failure(exitCode);
    send(streams.stderr ?? 0, Buffer.from("bye\n"), true);
    send(streams.stdout ?? 0, Buffer.alloc(0), true);
    send(streams.error ?? 0, Buffer.from(JSON.stringify(status)), true);
  };
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 8 && held.length >= 8 + held.readUIntBE(5, 3)) {
      const payload = held.subarray(8, 8 + held.readUIntBE(5, 3));
      const first = held.readUInt32BE(0);
      const isLast = held.readUInt8(4) === 1;
      held = held.subarray(8 + payload.length);
      if (first & 0x80000000) {
        // the header block is stored as it is: the stream's type stands in it in plain text
        const type =
          ["error", "stdin", "stdout", "stderr", "resize", "data"].find((word) => payload.includes(word, 10)) ?? "?";
        streams[type] = payload.readUInt32BE(0);
        seen.push(`open ${type}`);
        const [, port] = /port\0\0\0.(\d+)/s.exec(payload.toString("latin1")) ?? [];
        if (port !== undefined) ports[payload.readUInt32BE(0)] = port;
      } else if (first === streams.data) {
        // a port echoes in capitals and closes when it has heard the end; port 9 is one at which nobody answers
        if (ports[first] === "9") {
          send(streams.error ?? 0, Buffer.from("connection refused"), true);
          send(first, Buffer.alloc(0), true);
          ports[first] = "";
        } else if (payload.length > 0) send(first, Buffer.from(payload.toString().toUpperCase()), false);
        if (isLast && ports[first] !== "") {
          send(first, Buffer.alloc(0), true);
          send(streams.error ?? 0, Buffer.alloc(0), true);
        }
      } else if (first === streams.resize) {
        const { Width, Height } = JSON.parse(payload.toString()) as { Width: number; Height: number };
        seen.push(`size ${Width} ${Height}`);
      } else if (first === streams.stdin) {
        if (payload.length > 0) send(streams.stdout ?? 0, Buffer.from(payload), false);
        if (isLast) finish();
      }
    }
    if (streams.stdin === undefined && streams.stderr !== undefined) finish();
  });
}

function failure(exitCode: number) {
  return {
    status: "Failure",
    reason: "NonZeroExitCode",
    message: "command terminated with non-zero exit code",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}
