import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 20_000;
const COUNT = 10_000;

/**
 * A TCP port on loopback that is free now: the wanted one, or any below the range from which the kernel hands out ports to
 * clients, so that it is still free when its owner comes back after a crash.
 */
export async function freePort(wanted?: number): Promise<number> {
  for (let port = wanted ?? anyPort(), tries = 0; tries < 100; port = anyPort(), tries += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST} on`);
}

function anyPort(): number {
  return FIRST + Math.floor(Math.random() * COUNT);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
