import { constants } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import { BerthError } from "../../base/errors.ts";
import { fileMarks } from "../../base/file-marks.ts";
import type { Log } from "../../base/log.ts";
import { cipherList } from "./ciphers.ts";
import { NODE_LIMITS } from "./limits.ts";
import type { CertificateFiles } from "./self-signed.ts";

/** The TLS of the node's own API (node.md 6.1). */
export type TlsRules = {
  readonly files: CertificateFiles;
  /** The files may be missing still; until they are there, no handshake succeeds (node.md 1.4). */
  readonly isAwaited?: true;
  /** Authority of client certificates; absent: none is asked for. */
  readonly clientCaFile?: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** Names of Go's library; empty is the library's choice. */
  readonly cipherSuites: readonly string[];
};

/** A TLS handshake. @limit The connection is closed. */
const HANDSHAKE_MS = 10_000;
/** How often the files are looked at (node.md 1.4). */
const LOOK_MS = 10_000;
const AWAITED_LOOK_MS = 1000;

/** A server whose certificate and authority follow their files. */
export type SecureServer = {
  readonly server: Server;
  /** False for a connection whose client was checked against an authority that is no longer in effect. */
  isCurrent(socket: Socket): boolean;
  /** Looks at the files now. */
  look(): Promise<void>;
  /** Ends the looking. */
  stop(): void;
};

/** Throws ConfigInvalid when the files are unusable at first; later, what was read before stays in effect, with a warning. */
export async function makeSecureServer(rules: TlsRules, log: Log): Promise<SecureServer> {
  const paths = [rules.files.certFile, rules.files.keyFile, ...(rules.clientCaFile ? [rules.clientCaFile] : [])];
  let marks = await fileMarks(paths);
  let current = await readContext(rules);
  let age = 0;
  const ages = new WeakMap<object, number>();

  const server = createServer({
    ...NODE_LIMITS,
    ...current,
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: rules.clientCaFile !== undefined,
    rejectUnauthorized: false, // who shows no certificate may show a token
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    ages.set(socket, age);
    socket.on("error", () => socket.destroy());
  });

  const take = async (): Promise<void> => {
    const now = await fileMarks(paths);
    if (now === marks) return;
    const next = await readContext(rules);
    if (next.cert === undefined && current.cert !== undefined) throw new Error(`${rules.files.certFile} is gone`);
    marks = now;
    server.setSecureContext(next);
    if (String(next.ca) !== String(current.ca)) {
      age += 1;
      server.closeIdleConnections();
    }
    current = next;
    log.info("the certificates of the node's own API were read again", { files: paths });
  };
  let complained = "";
  const look = async (): Promise<void> => {
    try {
      await take();
      complained = "";
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== complained) log.warn("the node's own API keeps its earlier certificates", { error });
      complained = message;
    }
  };
  const isCurrent = (socket: Socket): boolean => ages.get(socket) === age;
  return {
    server,
    isCurrent,
    look,
    stop: lookOften(look, () => (current.cert === undefined ? AWAITED_LOOK_MS : LOOK_MS)),
  };
}

/** Looks again and again; the answer ends it. */
function lookOften(look: () => Promise<void>, pauseMs: () => number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const wait = (): void => {
    if (isOver) return;
    timer = setTimeout(() => void look().then(wait), pauseMs()).unref();
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Sessions are not resumed: each handshake checks the client's certificate against the authority in effect. */
async function readContext(rules: TlsRules): Promise<SecureContextOptions> {
  const { files, isAwaited, clientCaFile, minVersion, cipherSuites } = rules;
  const isMissing = isAwaited === true && !existsSync(files.certFile);
  const own = isMissing ? [undefined, undefined] : [files.certFile, files.keyFile];
  const [cert, key, ca] = await Promise.all(
    [...own, clientCaFile].map((path) => (path === undefined ? undefined : readPem(path))),
  );
  const options: SecureContextOptions = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(cipherSuites.length === 0 ? {} : { ciphers: cipherList(cipherSuites) }),
    minVersion,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const names = Object.values(files).join(", ");
    throw new BerthError("ConfigInvalid", `the certificate of the node's own API (${names}) is unusable: ${reason}`);
  }
  return options;
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new BerthError("ConfigInvalid", `cannot read ${path}, which the node's own API needs`, { cause });
  }
}
