import { createPrivateKey, createPublicKey } from "node:crypto";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Certificate, makeAuthority } from "../../dev/cluster/certificates.ts";
import { writeKubeconfig } from "../../dev/cluster/kubeconfig.ts";
import type { Cluster, OwnCluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";
import { certify } from "../kit/certificates.ts";

/** What goes wrong between a node and its API server. */
export type Trouble =
  | { readonly kind: "none" }
  /** Each answer takes so long. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Requests arrive and are never answered. */
  | { readonly kind: "silent" }
  /** All is answered with this status, and nothing else happens. */
  | { readonly kind: "status"; readonly status: number }
  /** Every watch breaks in the middle of its next event. */
  | { readonly kind: "half-events" }
  /** The node shows the server a certificate that is no longer good. */
  | { readonly kind: "client-expired" }
  /** The server shows one. */
  | { readonly kind: "server-expired" }
  /** Nobody listens. */
  | { readonly kind: "gone" };

/** One request of the node. */
export type Asked = { readonly atMs: number; readonly method: string; readonly path: string };

/** A way to the API server that can be disturbed, with a count of all that passes. */
export type FaultyDoor = {
  /** Of the node, by way of the door. */
  readonly kubeconfig: string;
  /** Every request, oldest first. `performance.now()` says when. */
  readonly asked: readonly Asked[];
  /** Connections that the node has made. */
  readonly dialled: () => number;
  become(trouble: Trouble): void;
  close(): Promise<void>;
};

const HOUR_MS = 3_600_000;
/** Headers that are about one connection. */
const OWN_HEADERS = new Set([":authority", ":scheme", "host"]);

/** Opens a door for one node: it ends the node's TLS, and speaks to the real server with the node's own certificate. */
export async function openFaultyDoor(cluster: Cluster, node: string): Promise<FaultyDoor> {
  const folder = join(workFolder, "doors", node);
  const authority = await makeAuthority(folder);
  const serving = await authority.issue("door", { commonName: "door", names: ["IP:127.0.0.1"] });
  const own = await cluster.nodeCertificate(node);
  const ca = await readFile(cluster.clientAuthority, "utf8");
  const serverCa = await readFile(cluster.serverAuthority, "utf8");
  const good = { client: await read(own), server: await read(serving) };
  const expired = {
    client: await expiredClient(cluster, good.client, node),
    server: await expire(authority, good.server, { commonName: "door" }),
  };
  const asked: Asked[] = [];
  let trouble: Trouble = { kind: "none" };
  let dialled = 0;
  let upstream: ClientHttp2Session | undefined;
  const sessions = new Set<ServerHttp2Session>();

  const server = createSecureServer({ ...good.server, ca, requestCert: true, rejectUnauthorized: true });
  const toServer = (): ClientHttp2Session => {
    if (upstream !== undefined && !upstream.closed && !upstream.destroyed) return upstream;
    const shown = trouble.kind === "client-expired" ? expired.client : good.client;
    upstream = connect(cluster.server, { ...shown, ca: serverCa });
    upstream.on("error", () => {}); // its streams are told
    return upstream;
  };
  const breakAll = (): void => {
    upstream?.destroy();
    for (const session of sessions) session.destroy();
  };
  const answer = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> => {
    asked.push({ atMs: performance.now(), method: String(headers[":method"]), path: String(headers[":path"]) });
    stream.on("error", () => {});
    const now = trouble;
    if (now.kind === "silent") return;
    if (now.kind === "status") return refuse(stream, now.status);
    if (now.kind === "slow") await sleep(now.delayMs);
    const body = await bodyOf(stream);
    if (isOpen(stream)) forward(stream, headers, body, toServer(), () => trouble);
  };

  server.on("session", (session) => {
    dialled += 1;
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    answer(stream, headers).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, "kubeconfig");
  const user = { "client-certificate": own.certificate, "client-key": own.key };
  await writeKubeconfig(kubeconfig, {
    server: `https://127.0.0.1:${port}`,
    authority: authority.certificate,
    user,
  });
  return {
    kubeconfig,
    asked,
    dialled: () => dialled,
    become(next) {
      const before = trouble;
      trouble = next;
      const certificates = ["client-expired", "server-expired"];
      if (next.kind === "gone") server.close();
      if (before.kind === "gone") server.listen(port, "127.0.0.1");
      if (certificates.includes(before.kind) || certificates.includes(next.kind)) {
        server.setSecureContext({ ...(next.kind === "server-expired" ? expired.server : good.server), ca });
        breakAll();
      }
      // Watches that stand would feel nothing of a server that refuses, or is slow, or silent.
      if (next.kind !== "half-events" && next.kind !== "none") breakAll();
    },
    async close() {
      breakAll();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function bodyOf(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    for (const end of ["end", "close"]) stream.once(end, () => resolve(Buffer.concat(chunks)));
  });
}

const isOpen = (stream: ServerHttp2Stream): boolean => !stream.destroyed && !stream.closed;

function refuse(stream: ServerHttp2Stream, status: number): void {
  const body = JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    message: "as told",
    code: status,
  });
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(body);
}

function forward(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  body: Buffer,
  session: ClientHttp2Session,
  troubleNow: () => Trouble,
): void {
  const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
  const onward = session.request(Object.fromEntries(kept), { endStream: body.length === 0 });
  if (body.length > 0) onward.end(body);
  const isWatch = /[?&]watch=true/.test(String(headers[":path"]));
  stream.on("close", () => onward.close(constants.NGHTTP2_CANCEL));
  onward.on("error", () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  onward.on("response", (head) => {
    if (!isOpen(stream)) return;
    stream.respond(Object.fromEntries(Object.entries(head)));
    const breaks = (): boolean => isWatch && troubleNow().kind === "half-events";
    pass(onward, stream, breaks).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
}

/**
 * Hands an answer on. Not from within the events of what comes: Node.js 24 never comes to an end with what is written and ended
 * in the turn in which TLS brought it, nor with a write of nothing.
 */
async function pass(from: ClientHttp2Stream, to: ServerHttp2Stream, breaks: () => boolean): Promise<void> {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (!isOpen(to)) return;
    if (chunk.length === 0) continue;
    if (breaks()) {
      const half = chunk.subarray(0, Math.ceil(chunk.length / 2));
      to.write(half, () => to.close(constants.NGHTTP2_INTERNAL_ERROR));
      return;
    }
    to.write(chunk);
  }
  to.end();
}

type Pem = { readonly cert: string; readonly key: string };

const read = async ({ certificate, key }: Certificate): Promise<Pem> => ({
  cert: await readFile(certificate, "utf8"),
  key: await readFile(key, "utf8"),
});

/** As `expire`, where the cluster's own authority is at hand; another one shows what is good. */
async function expiredClient(cluster: Cluster | OwnCluster, good: Pem, node: string): Promise<Pem> {
  const subject = { commonName: `system:node:${node}`, organization: "system:nodes" };
  return "authority" in cluster ? expire(cluster.authority, good, subject) : good;
}

/** The same key with a certificate of the same authority that ended an hour ago. */
async function expire(
  authority: Certificate,
  { key }: Pem,
  subject: { readonly commonName: string; readonly organization?: string },
): Promise<Pem> {
  const issuer = createPrivateKey(await readFile(authority.key, "utf8"));
  const times = { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS };
  return { key, cert: certify({ ...subject, ...times }, createPublicKey(createPrivateKey(key)), issuer) };
}
