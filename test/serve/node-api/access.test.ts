import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findNodeRoute, NODE_PATHS } from "../../../src/serve/node-api/routes.ts";
import { makeAuthority } from "./authority.ts";
import { closed, type NodeHouse, openNodeHouse } from "./node-house.ts";

let house: NodeHouse;
beforeEach(async () => {
  house = await openNodeHouse();
});
afterEach(() => house.close());

const PAGE = join(import.meta.dirname, "../../../docs/node-api.md");
/** A row of the page: method, path, what is asked for, and the answers to nobody, somebody bad, somebody weak, somebody good. */
type Row = readonly [string, string, string[], number, number, number, number];
const ROWS = readFileSync(PAGE, "utf8")
  .split("\n")
  .flatMap((line): Row[] => {
    const [, method, path, rights, ...statuses] = /^\| ([A-Z]+) \| `(\S+)` \| ([a-z, ]+) \|(.*)\|$/.exec(line) ?? [];
    if (method === undefined || path === undefined || rights === undefined) return [];
    const [none = 0, bad = 0, weak = 0, good = 0] = (statuses[0] ?? "").split("|").map(Number);
    return [[method, path, rights.split(", "), none, bad, weak, good]];
  });

describe("every path", () => {
  it("of the node's own API stands on its page", () => {
    const named = ROWS.map(([, path]) => findNodeRoute(path).row?.path);
    expect(NODE_PATHS.filter((path) => !named.includes(path))).toEqual([]);
  });

  it.each(ROWS)("%s %s asks for %s", async (method, path, subresources, none, bad, weak, status) => {
    house.admit();
    const statusFor = async (credential: object): Promise<number> => (await house.ask(path, credential, method)).status;
    const strangers = makeAuthority("strangers").issue({ name: "admin", groups: ["system:masters"] });
    expect(await statusFor({})).toBe(none);
    expect(await statusFor({ token: "bad" })).toBe(bad);
    expect(await statusFor({ certificate: strangers })).toBe(bad);
    expect(await statusFor({ token: "weak" })).toBe(weak);
    expect(await statusFor({ token: "good" })).toBe(status);
    expect(await statusFor({ certificate: house.authority.issue({ name: "admin" }) })).toBe(status);
    const asked = house.cluster.questions.filter(({ user }) => user.name === "nobody");
    expect(asked.map(({ subresource }) => subresource)).toEqual(subresources);
    expect(new Set(asked.map(({ verb }) => verb))).toEqual(
      new Set([{ GET: "get", POST: "create", DELETE: "delete" }[method]]),
    );
  });

  it("one right of several is enough, and gives nothing else", async () => {
    house.cluster.users.set("reader", { name: "reader", groups: [] });
    house.cluster.allows = ({ subresource }) => subresource === "pods";
    expect((await house.ask("/pods", { token: "reader" })).status).toBe(200);
    const logs = await house.ask("/containerLogs/default/web/main", { token: "reader" });
    expect(logs).toMatchObject({ status: 403 });
    expect(logs.text).toBe("Forbidden (user=reader, verb=get, resource=nodes, subresource(s)=[proxy])\n");
  });
});

describe("who somebody is", () => {
  it("a certificate tells name and groups", async () => {
    house.admit();
    const certificate = house.authority.issue({ name: "admin", groups: ["a", "b"] });
    await house.ask("/pods", { certificate });
    expect(house.cluster.questions[0]?.user).toEqual({ name: "admin", groups: ["a", "b", "system:authenticated"] });
  });

  it("a certificate that has expired is nobody's, and a token beside a bad one does not help", async () => {
    house.admit();
    const certificate = house.authority.issue({ name: "admin", fromMs: 0, untilMs: Date.now() - 1000 });
    expect((await house.ask("/pods", { certificate })).status).toBe(401);
    expect((await house.ask("/pods", { certificate, token: "good" })).status).toBe(401);
  });

  it("an answer about a token is remembered, whichever it is", async () => {
    house.admit();
    for (const token of ["good", "good", "bad", "bad", "weak", "weak"]) await house.ask("/pods", { token });
    expect(house.cluster.tokensAsked).toBe(3);
    expect(house.cluster.questions.length).toBe(3); // pods for one, pods and proxy for the other
  });

  it("a cluster that cannot be asked is an error, is asked again, and lets nobody in", async () => {
    house.admit();
    house.cluster.isDown = true;
    expect((await house.ask("/pods", { token: "good" })).status).toBe(503);
    const certificate = house.authority.issue({ name: "admin" });
    expect((await house.ask("/pods", { certificate })).status).toBe(500);
    house.cluster.isDown = false;
    expect((await house.ask("/pods", { token: "good" })).status).toBe(200);
  });
});

describe("anonymous", () => {
  it("is only who shows no credential at all", async () => {
    const open = await openNodeHouse({ anonymous: true });
    try {
      open.cluster.allows = ({ user }) => user.name === "system:anonymous";
      expect((await open.ask("/healthz")).status).toBe(200);
      expect((await open.ask("/healthz", { token: "bad" })).status).toBe(401);
      const strangers = makeAuthority("strangers").issue({ name: "x" });
      expect((await open.ask("/healthz", { certificate: strangers })).status).toBe(401);
      expect(open.cluster.questions[0]?.user).toEqual({
        name: "system:anonymous",
        groups: ["system:unauthenticated"],
      });
    } finally {
      await open.close();
    }
  });
});

describe("certificates", () => {
  const servedBy = async (): Promise<string> => {
    const socket = connect({ host: "127.0.0.1", port: house.api.ports.secure, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };

  it("a renewed one is served without a restart, a broken one is not", async () => {
    const first = await servedBy();
    house.renew();
    await house.api.look();
    const second = await servedBy();
    expect(second).not.toBe(first);
    writeFileSync(house.files.certFile, "broken");
    await house.api.look();
    expect(await servedBy()).toBe(second);
  });

  it("an authority that is replaced takes all its clients with it", async () => {
    house.admit();
    const certificate = house.authority.issue({ name: "admin" });
    expect((await house.ask("/pods", { certificate })).status).toBe(200);
    const heir = makeAuthority("heir");
    writeFileSync(house.clientCaFile, heir.certificate);
    await house.api.look();
    expect((await house.ask("/pods", { certificate })).status).toBe(401);
    expect((await house.ask("/pods", { certificate: heir.issue({ name: "admin" }) })).status).toBe(200);
  });

  it("a connection that was made under the old authority is not used again", async () => {
    house.admit();
    const { certificate: cert, key } = house.authority.issue({ name: "admin" });
    const socket = connect({ host: "127.0.0.1", port: house.api.ports.secure, rejectUnauthorized: false, cert, key });
    const request = "GET /healthz HTTP/1.1\r\nHost: n\r\n\r\n";
    socket.write(request);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toContain(" 200 ");
    writeFileSync(house.clientCaFile, makeAuthority("heir").certificate);
    await house.api.look();
    const over = closed(socket);
    socket.write(request);
    await over;
  });

  it("TLS below 1.2 is refused", async () => {
    const socket = connect({
      host: "127.0.0.1",
      port: house.api.ports.secure,
      rejectUnauthorized: false,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
    });
    const [error] = (await once(socket, "error")) as [Error];
    expect(error.message).toMatch(/protocol|version|unsupported/i);
  });
});
