import { writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { AccessQuestion, User } from "../../../src/pod/user.ts";
import { makeSelfSigned } from "../../../src/serve/node-api/self-signed.ts";
import type { NodeApiOptions } from "../../../src/serve/node-api/server.ts";
import { startNodeApi } from "../../../src/serve/node-api/server.ts";
import { openHouse } from "../house.ts";
import { makeAuthority } from "./authority.ts";

export type Answer = { readonly status: number; readonly text: string; readonly type: string | undefined };
/** How a request shows who makes it. */
export type Credential = {
  readonly token?: string;
  readonly certificate?: { readonly certificate: string; readonly key: string };
};
export type NodeHouse = Awaited<ReturnType<typeof openNodeHouse>>;

/** The node's own API on loopback, over a house and a cluster that are nothing but what a test puts into them. */
export async function openNodeHouse(
  changes: Partial<Pick<NodeApiOptions, "debugging">> & { readonly anonymous?: boolean } = {},
) {
  const house = await openHouse();
  const authority = makeAuthority("clients");
  const cluster = {
    users: new Map<string, User>(),
    /** Which questions are answered with yes. */
    allows: (_question: AccessQuestion): boolean => false,
    tokensAsked: 0,
    questions: [] as AccessQuestion[],
    isDown: false,
  };
  const files = { certFile: join(house.dir, "tls.crt"), keyFile: join(house.dir, "tls.key") };
  const clientCaFile = join(house.dir, "clients.crt");
  const renew = (): string => {
    const made = makeSelfSigned(["node1", "127.0.0.1"], Date.now());
    writeFileSync(files.certFile, made.certificate);
    writeFileSync(files.keyFile, made.key);
    return made.certificate;
  };
  renew();
  writeFileSync(clientCaFile, authority.certificate);
  const reviews = {
    async token(token: string) {
      cluster.tokensAsked += 1;
      if (cluster.isDown) throw new Error("down");
      return cluster.users.get(token);
    },
    async access(question: AccessQuestion) {
      cluster.questions.push(question);
      if (cluster.isDown) throw new Error("down");
      return cluster.allows(question);
    },
  };
  const api = await startNodeApi({
    ...house.sources,
    rootDir: house.dir,
    config: () => ({ kind: "KubeletConfiguration", maxPods: 250 }),
    debugging: changes.debugging ?? true,
    streamIdleMs: 0,
    secure: {
      address: "127.0.0.1",
      port: 0,
      tls: { files, clientCaFile, minVersion: "TLSv1.2", cipherSuites: [] },
      authentication: {
        certificates: true,
        tokens: { reviews, rememberMs: 60_000 },
        anonymous: changes.anonymous ?? false,
      },
      authorization: { mode: "Webhook", reviews, nodeName: "node1", allowedMs: 60_000, deniedMs: 60_000 },
    },
    readOnly: { address: "127.0.0.1", port: 0 },
  });

  const options = (path: string, method: string, { token, certificate }: Credential) => ({
    host: "127.0.0.1",
    port: api.ports.secure,
    path,
    method,
    agent: false as const,
    rejectUnauthorized: false,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
  });

  return {
    house,
    api,
    cluster,
    authority,
    files,
    clientCaFile,
    renew,
    options,
    ask: (path: string, credential: Credential = {}, method = "GET") =>
      answerOf(request(options(path, method, credential))),
    askReadOnly: (path: string, method = "GET") =>
      answerOf(plainRequest({ host: "127.0.0.1", port: api.ports.readOnly, path, method, agent: false })),
    /** Users by their tokens: `good` may do all, `weak` nothing. */
    admit() {
      cluster.users.set("good", { name: "admin", groups: ["system:masters"] });
      cluster.users.set("weak", { name: "nobody", groups: [] });
      cluster.allows = ({ user }) => user.name === "admin";
    },
    async close() {
      await api.close();
      await house.close();
    },
  };
}

/** Resolves when the connection is closed, whether or not it broke. */
export function closed(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function answerOf(asked: ReturnType<typeof plainRequest>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  asked.on("response", (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", reject);
    answer.on("end", () =>
      resolve({
        status: answer.statusCode ?? 0,
        text: Buffer.concat(chunks).toString(),
        type: answer.headers["content-type"],
      }),
    );
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}
