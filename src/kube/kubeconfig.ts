import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { readWhole } from "../base/bounded-file.ts";
import { BerthError } from "../base/errors.ts";
import { type ExecPlugin, fitsHeader } from "./exec-plugin.ts";
import { readProxyUrl } from "./proxy-url.ts";

/** Bytes of a kubeconfig, and of each file that it names. @limit It is not usable. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** What a kubeconfig's current context says, with all files read (node.md 1.2). Contents of files are never logged. */
export type Access = {
  readonly server: URL;
  readonly tls: TlsAccess;
  /** Through which every connection to the server goes; its user and password are never shown. */
  readonly proxy?: URL;
  /** Value of the Authorization header; absent: the certificate or nothing speaks for the node. */
  readonly authorization?: string;
  readonly exec?: ExecPlugin;
  /** Every file that it came from: a change of one is a reason to read all of it again. */
  readonly files: readonly string[];
};

/** How the server is known, and how the node shows itself to it. */
export type TlsAccess = {
  /** Authorities in PEM; absent: those of the system. */
  readonly authority?: string;
  readonly insecure: boolean;
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: string;
};

type Named = { readonly name?: unknown };
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a kubeconfig. Throws ConfigInvalid, with the path and what is wrong, when it or a file that it names is unusable.
 * A client certificate that may come `later` is left out while its file is not there.
 */
export async function readKubeconfig(path: string, certified: "now" | "later" = "now"): Promise<Access> {
  const read = readerOf(path);
  const config = fieldsOf(parseText(path, await read.file(path)));
  const context = fieldsOf(pick(config.contexts, config["current-context"], "context", path));
  const cluster = fieldsOf(pick(config.clusters, context.cluster, "cluster", path));
  const user =
    context.user === undefined || context.user === "" ? {} : fieldsOf(pick(config.users, context.user, "user", path));
  const proxyUrl = text(cluster["proxy-url"]);
  const proxy = proxyUrl === undefined ? undefined : readProxyUrl(proxyUrl, (why) => broken(path, `proxy-url ${why}`));
  const authority = await read.pem(cluster, "certificate-authority");
  const own = certified === "now" ? read.pem : read.pemIfThere;
  const certificate = await own(user, "client-certificate");
  const key = await own(user, "client-key");
  if ((certificate === undefined) !== (key === undefined))
    throw broken(path, "client-certificate and client-key need each other");
  const serverName = text(cluster["tls-server-name"]);
  const authorization = await authorizationOf(user, read.file);
  if (authorization !== undefined && !fitsHeader(authorization))
    throw broken(path, "the token has characters that no token may have");
  return {
    server: serverOf(path, text(cluster.server)),
    tls: {
      insecure: cluster["insecure-skip-tls-verify"] === true,
      ...(authority === undefined ? {} : { authority }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    },
    ...(proxy === undefined ? {} : { proxy }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(user.exec === undefined ? {} : { exec: pluginOf(path, fieldsOf(user.exec)) }),
    files: read.files,
  };
}

/** Reads files whose paths are relative to the kubeconfig, and remembers which. */
function readerOf(kubeconfig: string): {
  file(path: string): Promise<string>;
  pem(fields: Fields, name: string): Promise<string | undefined>;
  pemIfThere(fields: Fields, name: string): Promise<string | undefined>;
  readonly files: readonly string[];
} {
  const files: string[] = [];
  const file = async (path: string): Promise<string> => {
    const whole = resolve(dirname(kubeconfig), path);
    files.push(whole);
    try {
      return await readWhole(whole, LARGEST_FILE_BYTES);
    } catch (cause) {
      throw new BerthError("ConfigInvalid", `cannot read ${whole}, which the kubeconfig names`, { cause });
    }
  };
  const pem = async (fields: Fields, name: string): Promise<string | undefined> => {
    const inline = text(fields[`${name}-data`]);
    const path = text(fields[name]);
    if (inline === undefined && path === undefined) return undefined;
    const found = inline === undefined ? await file(path ?? "") : Buffer.from(inline, "base64").toString("utf8");
    // TLS would take an empty authority for none, and trust those of the system.
    if (!found.includes("-----BEGIN ")) throw broken(kubeconfig, `${name} is not PEM`);
    return found;
  };
  return {
    files,
    file,
    pem,
    pemIfThere: (fields, name) =>
      pem(fields, name).catch((error: BerthError) => {
        // Missing, or torn: the one that comes takes its place.
        if (error.cause === undefined || (error.cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }),
  };
}

/** A token file wins over a token, as its content may be renewed. */
async function authorizationOf(user: Fields, file: (path: string) => Promise<string>): Promise<string | undefined> {
  const tokenFile = text(user.tokenFile);
  const token = tokenFile === undefined ? text(user.token) : (await file(tokenFile)).trim();
  if (token !== undefined && token !== "") return `Bearer ${token}`;
  const name = text(user.username);
  if (name === undefined) return undefined;
  return `Basic ${Buffer.from(`${name}:${text(user.password) ?? ""}`).toString("base64")}`;
}

function pluginOf(path: string, exec: Fields): ExecPlugin {
  const command = text(exec.command);
  const version = text(exec.apiVersion);
  if (command === undefined || version === undefined) throw broken(path, "exec needs command and apiVersion");
  const word = (value: unknown): string => {
    if (typeof value === "object" && value !== null) throw broken(path, "args and env of exec must be texts");
    return String(value ?? "");
  };
  const variables = list(exec.env).map(fieldsOf);
  return {
    // Only a path is relative to the kubeconfig; a bare name is looked up.
    command: command.includes("/") ? resolve(dirname(path), command) : command,
    args: list(exec.args).map(word),
    environment: Object.fromEntries(variables.map(({ name, value }) => [word(name), word(value)])),
    apiVersion: version,
  };
}

function serverOf(path: string, server: string | undefined): URL {
  if (server === undefined || !URL.canParse(server)) throw broken(path, "the cluster has no usable server");
  const url = new URL(server);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw broken(path, "the server must be an https URL");
  return url;
}

function pick(entries: unknown, name: unknown, what: "cluster" | "context" | "user", path: string): unknown {
  const found = list(entries).find((entry) => (fieldsOf(entry) as Named).name === name);
  if (found === undefined) throw broken(path, `there is no ${what} named ${JSON.stringify(text(name) ?? "")}`);
  return fieldsOf(found)[what];
}

function parseText(path: string, content: string): unknown {
  try {
    // Its warnings would go to the standard error output, with the lines that they are about.
    return parse(content, { logLevel: "error", prettyErrors: false });
  } catch {
    throw broken(path, "it is not YAML"); // the parser's words would show what stands in it
  }
}

const broken = (path: string, why: string): BerthError =>
  new BerthError("ConfigInvalid", `the kubeconfig ${path} is not usable: ${why}`);
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
