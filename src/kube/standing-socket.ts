import type { Socket } from "node:net";

const KEEP_ALIVE_MS = 30_000;

/** Waits until a socket stands, as its event says. Throws what broke, or the signal's reason; the socket is closed then. */
export function standingSocket<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => give(signal.reason);
    const onClose = (): void => give(new Error("the connection was closed before it stood"));
    const give = (error: unknown): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("close", onClose);
      if (error === undefined) resolve(socket);
      else {
        socket.destroy();
        reject(error);
      }
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", give); // stays: an error without a listener would end the process
    socket.once("close", onClose);
    socket.once(event, () => give(undefined));
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    if (signal.aborted) onAbort();
  });
}
