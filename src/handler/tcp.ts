import { connect } from "node:net";
import type { Target } from "./target.ts";

/** Connects and closes again. Throws what the connection threw, or the signal's reason. */
export function tcpConnect(target: Target, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    socket.on("error", (error) => {
      signal.removeEventListener("abort", giveUp);
      reject(error);
    });
    socket.on("connect", () => {
      signal.removeEventListener("abort", giveUp);
      // A reset leaves no socket behind in TIME_WAIT.
      socket.resetAndDestroy();
      resolve();
    });
  });
}
