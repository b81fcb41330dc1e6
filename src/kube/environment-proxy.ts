import { BlockList, isIP } from "node:net";
import { BerthError } from "../base/errors.ts";
import { readProxyUrl } from "./proxy-url.ts";

/** Variables of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a server: `HTTPS_PROXY`, for an http:// server `HTTP_PROXY`, unless `NO_PROXY`
 * excepts it. The rules are those that the kubelet and kubectl have from Go (golang.org/x/net/http/httpproxy). What it hands
 * back throws ConfigInvalid when the proxy of that server cannot be used; one that nobody needs is not looked at.
 */
export function environmentProxies(environment: Environment): (server: URL) => URL | undefined {
  const exceptions = exceptionsOf(variableOf(environment, "NO_PROXY")?.value ?? "");
  return (server) =>
    isExcepted(server, exceptions)
      ? undefined
      : proxyIn(environment, server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
}

/** In capitals first, then in small letters; an empty one is none. */
function variableOf(environment: Environment, name: string): { name: string; value: string } | undefined {
  return [name, name.toLowerCase()]
    .map((each) => ({ name: each, value: environment[each] ?? "" }))
    .find(({ value }) => value !== "");
}

function proxyIn(environment: Environment, wanted: string): URL | undefined {
  const found = variableOf(environment, wanted);
  if (found === undefined) return undefined;
  const { name, value } = found;
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  return readProxyUrl(url, (why) => new BerthError("ConfigInvalid", `${name} in the environment ${why}`));
}

/** One part of NO_PROXY; a port counts for that port alone. */
type Exception =
  | { readonly kind: "all" }
  | { readonly kind: "addresses"; readonly list: BlockList; readonly port: string }
  /** `suffix` begins with a dot; `itself`: the name without the dot is meant as well. */
  | { readonly kind: "name"; readonly suffix: string; readonly itself: boolean; readonly port: string };

function exceptionsOf(list: string): readonly Exception[] {
  return list
    .toLowerCase()
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .flatMap((part) => exceptionOf(part) ?? []);
}

function exceptionOf(part: string): Exception | undefined {
  if (part === "*") return { kind: "all" };
  const [, network = "", bits = ""] = /^(.+)\/(\d{1,3})$/.exec(part) ?? [];
  if (isIP(network) !== 0) return subnet(network, Number(bits));
  // An IPv6 address has a port only behind brackets.
  const [, bracketed, named, port = ""] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(part) ?? [];
  const host = (bracketed ?? named ?? part).replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) {
    const list = new BlockList();
    list.addAddress(host, familyOf(host));
    return { kind: "addresses", list, port };
  }
  const name = host.replace(/^\*\./, ".");
  const itself = !name.startsWith(".");
  return { kind: "name", suffix: itself ? `.${name}` : name, itself, port };
}

function subnet(network: string, bits: number): Exception | undefined {
  const family = familyOf(network);
  if (bits > (family === "ipv4" ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return { kind: "addresses", list, port: "" };
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 4 ? "ipv4" : "ipv6");

/** What leads back to this host never goes by a proxy. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

function isExcepted(server: URL, exceptions: readonly Exception[]): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  const isAddress = isIP(host) !== 0;
  if (host === "localhost" || (isAddress && LOOPBACK.check(host, familyOf(host)))) return true;
  return exceptions.some((exception) => {
    if (exception.kind === "all") return true;
    if (exception.port !== "" && exception.port !== port) return false;
    if (exception.kind === "addresses") return isAddress && exception.list.check(host, familyOf(host));
    return host.endsWith(exception.suffix) || (exception.itself && `.${host}` === exception.suffix);
  });
}
