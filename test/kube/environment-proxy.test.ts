import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { byWayOf, type CredentialSource, type Credentials } from "../../src/kube/credentials.ts";
import { type Environment, environmentProxies } from "../../src/kube/environment-proxy.ts";
import { openDoors } from "../kit/api-server/door.ts";

const LIVE = new AbortController().signal;
const SERVER = "https://api.example.org:6443";
const PROXY = "http://proxy.example.org:3128/";

const wayTo = (server: string, environment: Environment): string | undefined =>
  environmentProxies(environment)(new URL(server))?.href;

it.each<[string, string, Environment, string | undefined]>([
  ["none is named", SERVER, {}, undefined],
  ["an empty one is none", SERVER, { HTTPS_PROXY: "", https_proxy: "" }, undefined],
  ["HTTPS_PROXY", SERVER, { HTTPS_PROXY: PROXY }, PROXY],
  ["https_proxy", SERVER, { https_proxy: PROXY }, PROXY],
  ["capitals count first", SERVER, { HTTPS_PROXY: PROXY, https_proxy: "http://other" }, PROXY],
  ["without http://", SERVER, { HTTPS_PROXY: "proxy.example.org:3128" }, PROXY],
  ["that of http:// is not that of https://", SERVER, { HTTP_PROXY: PROXY }, undefined],
  ["an http:// server has its own", "http://api.example.org", { HTTP_PROXY: PROXY }, PROXY],
  ["an http:// server does not take the other", "http://api.example.org", { HTTPS_PROXY: PROXY }, undefined],
  ["ALL_PROXY is no variable of these programs", SERVER, { ALL_PROXY: PROXY }, undefined],
  ["one that cannot be used is nothing to a server of the other kind", SERVER, { HTTP_PROXY: "socks5://x" }, undefined],
  ["nor to one that is excepted", SERVER, { HTTPS_PROXY: "socks5://x", NO_PROXY: "example.org" }, undefined],
  ["this host by name", "https://localhost:6443", { HTTPS_PROXY: PROXY }, undefined],
  ["this host by its address", "https://127.3.2.1:6443", { HTTPS_PROXY: PROXY }, undefined],
  ["this host by its IPv6 address", "https://[::1]:6443", { HTTPS_PROXY: PROXY }, undefined],
])("%s", (_, server, environment, expected) => {
  expect(wayTo(server, environment)).toBe(expected);
});

it.each<[string, string, boolean]>([
  ["*", SERVER, true],
  ["example.org", SERVER, true],
  [".example.org", SERVER, true],
  ["*.example.org", SERVER, true],
  ["api.example.org", SERVER, true],
  [".api.example.org", SERVER, false],
  ["ample.org", SERVER, false],
  ["API.Example.ORG", SERVER, true],
  [" other.org , example.org ,", SERVER, true],
  ["api.example.org:6443", SERVER, true],
  ["api.example.org:443", SERVER, false],
  ["api.example.org:443", "https://api.example.org", true],
  ["", SERVER, false],
  ["192.0.2.7", "https://192.0.2.7:6443", true],
  ["192.0.2.7:6443", "https://192.0.2.7:6443", true],
  ["192.0.2.7:443", "https://192.0.2.7:6443", false],
  ["192.0.2.0/24", "https://192.0.2.7:6443", true],
  ["192.0.3.0/24", "https://192.0.2.7:6443", false],
  ["192.0.2.0/33", "https://192.0.2.7:6443", false],
  ["0.0.0.0/0", SERVER, false],
  ["2001:db8::/32", "https://[2001:db8::7]:6443", true],
  ["2001:db8::7", "https://[2001:db8::7]:6443", true],
  ["[2001:db8::7]:6443", "https://[2001:db8::7]:6443", true],
  ["[2001:db8::7]:443", "https://[2001:db8::7]:6443", false],
  ["192.0.2.0/24", "https://[2001:db8::7]:6443", false],
])("NO_PROXY=%s excepts %s: %s", (exceptions, server, isExcepted) => {
  const expected = isExcepted ? undefined : PROXY;
  expect(wayTo(server, { HTTPS_PROXY: PROXY, NO_PROXY: exceptions })).toBe(expected);
  expect(wayTo(server, { https_proxy: PROXY, no_proxy: exceptions })).toBe(expected);
});

it.each([
  ["socks5://proxy.example.org", "HTTPS_PROXY in the environment begins with socks5:"],
  ["http://user:hush@:bad:", "HTTPS_PROXY in the environment is not a URL"],
  ["http://user:100%hush@proxy.example.org", "HTTPS_PROXY in the environment has a % that is none of its escapes"],
])("%s is refused at the start, and its password is not told", async (proxy, why) => {
  const folder = await mkdtemp(join(tmpdir(), "berth-"));
  try {
    const opened = openDoors(SERVER, join(folder, "kubeconfig"), {}, { HTTPS_PROXY: proxy });
    const error: Error = await opened.then(
      () => new Error("it was taken"),
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ code: "ConfigInvalid" });
    expect(error.message).toContain(why);
    expect(error.message).not.toContain("hush");
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("the kubeconfig's own proxy counts first", async () => {
  const own = new URL("http://own.example.org");
  const sourceOf = (more: Partial<Credentials>): CredentialSource => {
    const current = async (): Promise<Credentials> => ({ server: new URL(SERVER), tls: { insecure: false }, ...more });
    return { current, place: current, refused: () => {} };
  };
  const proxyFor = environmentProxies({ HTTPS_PROXY: PROXY });
  expect((await byWayOf(proxyFor, sourceOf({ proxy: own })).current(LIVE)).proxy).toBe(own);
  const broken = environmentProxies({ HTTPS_PROXY: "socks5://x" });
  expect((await byWayOf(broken, sourceOf({ proxy: own })).current(LIVE)).proxy).toBe(own);
  expect((await byWayOf(proxyFor, sourceOf({})).current(LIVE)).proxy?.href).toBe(PROXY);
  expect((await byWayOf(proxyFor, sourceOf({})).place(LIVE)).proxy?.href).toBe(PROXY);
  expect((await byWayOf(() => undefined, sourceOf({})).current(LIVE)).proxy).toBeUndefined();
});
