import { chmod, chown, lstat, mkdir, readFile, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** Where a server listens. */
export type Door =
  | { readonly kind: "socket"; readonly path: string; readonly group: string }
  | { readonly kind: "tcp"; readonly address: string; readonly port: number };

/** Begins to listen. Throws SocketTaken when somebody else does already, FileFailed when the place is not usable. */
export async function listen(server: Server, door: Door, log: Log): Promise<void> {
  switch (door.kind) {
    case "socket":
      return listenOnSocket(server, door.path, door.group, log);
    case "tcp":
      return begin(server, { host: door.address, port: door.port }, `${door.address}:${door.port}`);
  }
}

/** Ends listening and every connection, and takes the socket's file away. */
export async function closeDoor(server: Server, door: Door): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
  if (door.kind === "socket") await unlink(door.path).catch(() => undefined); // Node.js has removed it already
}

async function listenOnSocket(server: Server, path: string, group: string, log: Log): Promise<void> {
  await removeStale(path);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    throw new BerthError("FileFailed", `making the directory of the socket ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  });
  await begin(server, { path }, path);
  await openToGroup(path, group, log);
}

/** A socket file that nobody answers at is left from an agent that was killed. Anything else is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new BerthError("SocketTaken", `${path} is in the way: it is not a socket`);
  if (await answers(path)) throw new BerthError("SocketTaken", `another program listens on ${path}`);
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function begin(
  server: Server,
  where: { path: string } | { host: string; port: number },
  name: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    reject(new BerthError("SocketTaken", `listening on ${name}: ${error.message}`, { cause: error }));
  });
  // a socket's file is made within this call: nobody else may connect before it is opened to its group
  const maskBefore = process.umask(0o177);
  try {
    server.listen(where, () => {
      server.removeAllListeners("error");
      resolve();
    });
  } finally {
    process.umask(maskBefore);
  }
  await promise;
}

/** Lets the group in; where there is no such group, root alone may connect, which is said once. */
async function openToGroup(path: string, group: string, log: Log): Promise<void> {
  const gid = await findGroup(group);
  if (gid === undefined) {
    if (group !== "") log.info("no such group: only root may use the socket", { socket: path, group });
    return;
  }
  try {
    await chown(path, -1, gid);
    await chmod(path, 0o660);
  } catch (error) {
    log.warn("the socket could not be given to its group: only this user may use it", {
      socket: path,
      group,
      error: reasonOf(error),
    });
  }
}

async function findGroup(group: string): Promise<number | undefined> {
  const groups = await readFile("/etc/group", "utf8").catch(() => "");
  const entry = groups.split("\n").find((line) => line.startsWith(`${group}:`));
  const gid = Number(entry?.split(":")[2]);
  return entry === undefined || group === "" || !Number.isInteger(gid) ? undefined : gid;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
