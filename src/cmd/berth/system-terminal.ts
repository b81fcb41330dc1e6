import type { WriteStream } from "node:tty";
import type { Output, Terminal } from "./terminal.ts";

/** The terminal of this process. */
export function systemTerminal(signal: AbortSignal): Terminal {
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    in: process.stdin,
    environment: process.env,
    signal,
    now: Date.now,
  };
}

function outputOf(stream: WriteStream): Output {
  // a reader that left, such as `| head`, is no reason for a complaint
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    if (stream === process.stdout)
      process.stderr.write(`error: what was asked for cannot be written: ${error.message}\n`);
    process.exit(1);
  });
  return {
    write: (chunk) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (stream.write(chunk)) resolve();
      else stream.once("drain", () => resolve());
      return promise;
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get rows() {
      return stream.isTTY ? stream.rows : undefined;
    },
    onResize: (listener) => void stream.on("resize", listener),
  };
}
