import { constants } from "node:crypto";
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
  const beat = setInterval(() => void look(), LOOK_MS);
  beat.unref();
  return { server, isCurrent: (socket) => ages.get(socket) === age, look, stop: () => clearInterval(beat) };
}

/** Sessions are not resumed: each handshake checks the client's certificate against the authority in effect. */
async function readContext(rules: TlsRules): Promise<SecureContextOptions> {
  const { files, clientCaFile, minVersion, cipherSuites } = rules;
  const [cert, key, ca] = await Promise.all(
    [files.certFile, files.keyFile, clientCaFile].map((path) => (path === undefined ? undefined : readPem(path))),
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
