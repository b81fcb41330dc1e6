import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as plainConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { makeSecureServer, type SecureServer } from "../../../src/serve/node-api/secure-server.ts";
import { makeSelfSigned } from "../../../src/serve/node-api/self-signed.ts";

let dir: string;
let own: SecureServer | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-"));
});
afterEach(() => {
  own?.stop();
  own?.server.close();
  own?.server.closeAllConnections();
  rmSync(dir, { recursive: true });
});

const pem = (): string => join(dir, "kubelet-server-current.pem");
const keep = (name: string): void => {
  const { certificate, key } = makeSelfSigned([name], Date.now());
  writeFileSync(pem(), `${certificate}${key}`);
};

/** A server whose certificate is one file with its key, which is issued some day. */
async function open(): Promise<number> {
  const files = { certFile: pem(), keyFile: pem() };
  own = await makeSecureServer({ files, isAwaited: true, minVersion: "TLSv1.2", cipherSuites: [] }, silentLog);
  own.server.listen(0, "127.0.0.1");
  await once(own.server, "listening");
  return (own.server.address() as AddressInfo).port;
}

/** Who the server says it is; undefined when it cannot say. */
async function nameAt(port: number): Promise<string | undefined> {
  const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    const name: unknown = socket.getPeerCertificate().subject.CN;
    return String(name);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

it("a certificate that is to be issued is served once it is there; until then no handshake succeeds", async () => {
  const port = await open();
  expect(await nameAt(port)).toBeUndefined();
  keep("one");
  await own?.look();
  expect(await nameAt(port)).toBe("one");
  keep("two");
  await own?.look();
  expect(await nameAt(port)).toBe("two");
});

it("one that vanishes stays in use", async () => {
  keep("one");
  const port = await open();
  rmSync(pem());
  await own?.look();
  expect(await nameAt(port)).toBe("one");
});

it("an awaited one is looked for by itself", async () => {
  const port = await open();
  keep("one");
  await expect.poll(() => nameAt(port), { timeout: 20_000, interval: 200 }).toBe("one");
});

it("what is no handshake ends its own connection alone", async () => {
  keep("one");
  const port = await open();
  const socket = plainConnect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.end("GET / HTTP/1.1\r\n\r\n");
  await once(socket.resume(), "close");
  expect(await nameAt(port)).toBe("one");
});
