import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { readPlugins } from "../../src/cmd/credentials.ts";
import { makeCredentials } from "../../src/credential/credentials.ts";
import { makeNodeFiles } from "../../src/credential/node-files.ts";
import { askPlugin } from "../../src/credential/plugin.ts";
import { makePlugins } from "../../src/credential/plugins.ts";
import { handClock } from "../kit/clock.ts";

const SECRET = "hunter2:with:colons";
const IMAGE = "reg.example.com/team/app:1";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-credential-"));
  for (const name of ["root", "work", "home/.docker", "bin"]) mkdirSync(join(folder, name), { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

const auth = (user: string, password = SECRET): string => Buffer.from(`${user}:${password}`).toString("base64");
const auths = (entries: Record<string, object>): string => JSON.stringify({ auths: entries, credsStore: "x" });
const bytes = (text: string): Uint8Array => Buffer.from(text);

function bench(plugins: readonly object[] = []) {
  const clock = handClock();
  const told: string[] = [];
  const log = {
    ...silentLog,
    warn: (message: string, fields: object = {}) =>
      void told.push(
        `${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.message : value))}`,
      ),
  };
  const files = makeNodeFiles({
    rootDir: join(folder, "root"),
    workingDir: join(folder, "work"),
    homeDir: join(folder, "home"),
    clock,
    log,
  });
  const config = { kind: "CredentialProviderConfig", apiVersion: "kubelet.config.k8s.io/v1", providers: plugins };
  const read = plugins.length === 0 ? [] : readPlugins("providers.yaml", JSON.stringify(config));
  const credentials = makeCredentials(files, makePlugins({ plugins: read, binDir: join(folder, "bin"), clock, log }));
  return {
    clock,
    told,
    find: (image = IMAGE, secrets: Parameters<typeof credentials.find>[1] = []) => credentials.find(image, secrets),
  };
}

const secret = (text: string, type = "kubernetes.io/dockerconfigjson") => ({
  name: "pull",
  type,
  data: new Map([[type.endsWith("json") ? ".dockerconfigjson" : ".dockercfg", bytes(text)]]),
});

describe("a pull secret", () => {
  it.each([
    { what: "auth", entry: { auth: auth("jane"), username: "other" }, user: "jane" },
    { what: "auth without padding", entry: { auth: auth("jane").replaceAll("=", "") }, user: "jane" },
    { what: "user and password", entry: { username: "jane", password: SECRET }, user: "jane" },
  ])("with $what gives user and password", async ({ entry, user }) => {
    const found = await bench().find(IMAGE, [secret(auths({ "reg.example.com": entry }))]);
    expect(found).toEqual([{ username: user, password: SECRET }]);
  });

  it("of the old type has its entries at the top", async () => {
    const text = JSON.stringify({ "reg.example.com": { auth: auth("old") } });
    expect(await bench().find(IMAGE, [secret(text, "kubernetes.io/dockercfg")])).toMatchObject([{ username: "old" }]);
  });

  it("of another type, for another registry, or for a helper gives none", async () => {
    const secrets = [
      { ...secret("{}"), type: "Opaque" },
      secret(auths({ "other.example.com": { auth: auth("jane") } })),
      secret(auths({ "reg.example.com": {} })),
    ];
    expect(await bench().find(IMAGE, secrets)).toEqual([]);
  });

  it.each([
    `{"auths": {"reg.example.com": {"auth": "${Buffer.from(SECRET.replaceAll(":", "")).toString("base64")}"}}}`,
    `{"auths": ["${SECRET}"]}`,
    `{"auths": {"reg.example.com": "${SECRET}"}}`,
    `not JSON ${SECRET}`,
  ])("that is malformed fails, and its text is not told: %#", async (text) => {
    const failure = await bench()
      .find(IMAGE, [secret(text)])
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ImagePullFailed" });
    expect(String(failure)).not.toContain("hunter2");
    expect(String((failure as Error).cause)).not.toContain("hunter2");
  });
});

describe("Docker's files of the node", () => {
  it("the first that can be read counts; a malformed one is passed over and its text is not told", async () => {
    writeFileSync(join(folder, "root/config.json"), `{"auths": ${SECRET}`);
    writeFileSync(join(folder, "home/.docker/config.json"), auths({ "reg.example.com": { auth: auth("home") } }));
    writeFileSync(join(folder, "root/.dockercfg"), JSON.stringify({ "reg.example.com": { auth: auth("old") } }));
    const { find, told } = bench();
    expect(await find()).toMatchObject([{ username: "home" }]);
    expect(told.length).toBe(1);
    expect(told.join()).not.toContain("hunter2");
  });

  it("are read again after five minutes, and come after the pod's secrets", async () => {
    const { find, clock } = bench();
    expect(await find()).toEqual([]);
    writeFileSync(join(folder, "root/.dockercfg"), JSON.stringify({ "reg.example.com": { auth: auth("node") } }));
    expect(await find()).toEqual([]);
    await clock.advance(300_000);
    const found = await find(IMAGE, [secret(auths({ "reg.example.com": { auth: auth("pod") } }))]);
    expect(found).toMatchObject([{ username: "pod" }, { username: "node" }]);
  });
});

describe("a credential provider plugin", () => {
  const plugin = (more: object = {}) => ({
    name: "provider",
    matchImages: ["*.example.com"],
    defaultCacheDuration: "1m",
    apiVersion: "credentialprovider.kubelet.k8s.io/v1",
    args: ["--region", "eu"],
    env: [{ name: "TEAM", value: "blue" }],
    ...more,
  });
  const answer = (more: object = {}) => ({
    kind: "CredentialProviderResponse",
    apiVersion: "credentialprovider.kubelet.k8s.io/v1",
    cacheKeyType: "Registry",
    auth: { "*.example.com": { username: "plugin", password: SECRET } },
    ...more,
  });
  /** Notes what it is asked and gives this answer. */
  const install = (text: string, end = ""): void => {
    writeFileSync(join(folder, "answer"), text);
    const script = `#!/bin/sh\necho "$@ $TEAM $(cat)" >> ${folder}/asked\ncat ${folder}/answer\n${end}`;
    writeFileSync(join(folder, "bin/provider"), script);
    chmodSync(join(folder, "bin/provider"), 0o755);
  };
  const asked = (): string[] => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");

  it("is asked with its arguments and environment, once for several at a time", async () => {
    install(JSON.stringify(answer()));
    const { find } = bench([plugin()]);
    const found = await Promise.all([find(), find()]);
    expect(found[0]).toEqual([{ username: "plugin", password: SECRET }]);
    expect(found[1]).toEqual(found[0]);
    expect(asked().map((line) => line.replace(/^--region eu blue /, ""))).toEqual([
      '{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"reg.example.com/team/app"}',
    ]);
  });

  it.each([
    { what: "for its registry", more: {}, other: "reg.example.com/other", runs: [1, 1, 2] },
    { what: "for its image", more: { cacheKeyType: "Image" }, other: "reg.example.com/other", runs: [1, 2, 3] },
    { what: "for all", more: { cacheKeyType: "Global" }, other: "two.example.com/other", runs: [1, 1, 2] },
    { what: "not at all", more: { cacheDuration: "0s" }, other: "reg.example.com/other", runs: [1, 2, 3] },
    { what: "for its own time", more: { cacheDuration: "1h" }, other: "reg.example.com/other", runs: [1, 1, 1] },
  ])("is remembered $what", async ({ more, other, runs }) => {
    install(JSON.stringify(answer(more)));
    const { find, clock } = bench([plugin()]);
    const counted: number[] = [];
    await find();
    counted.push(asked().length);
    await find(other);
    counted.push(asked().length);
    await clock.advance(60_000);
    await find();
    counted.push(asked().length);
    expect(counted).toEqual(runs);
  });

  it("is not asked for images that it does not serve", async () => {
    expect(await bench([plugin()]).find("nginx")).toEqual([]);
  });

  it.each([
    { what: "fails", text: SECRET, end: "exit 3", why: "it ended with 3" },
    { what: "says nothing", text: "", end: "", why: "its answer is no CredentialProviderResponse" },
    { what: "prints no JSON", text: SECRET, end: "", why: "its answer is no CredentialProviderResponse" },
    { what: "names no key", text: JSON.stringify(answer({ cacheKeyType: "" })), end: "", why: "cacheKeyType" },
    { what: "has a bad entry", text: JSON.stringify(answer({ auth: { a: SECRET } })), end: "", why: "an entry in" },
  ])("that $what is passed over, and what it printed is not told", async ({ text, end, why }) => {
    install(text, end);
    const { find, told } = bench([plugin()]);
    expect(await find()).toEqual([]);
    expect(told.join()).toContain(why);
    expect(told.join()).not.toContain("hunter2");
  });

  it("that is missing is passed over", async () => {
    const { find, told } = bench([plugin({ name: "absent" })]);
    expect(await find()).toEqual([]);
    expect(told.join()).toContain("it cannot be run");
  });

  it.each([
    { place: "providers[0].name", more: { name: "../sh" } },
    { place: "providers[0].matchImages", more: { matchImages: [] } },
    { place: "providers[0].apiVersion", more: { apiVersion: "v1" } },
    { place: "providers[0].defaultCacheDuration", more: { defaultCacheDuration: "-1m" } },
    { place: "providers[0].tokenAttributes", more: { tokenAttributes: {} } },
    { place: "providers[0].args", more: { args: [1] } },
    { place: "providers[0].env", more: { env: [{ name: "A" }] } },
  ])("is refused with the place of the fault: $place", ({ place, more }) => {
    expect(() => bench([plugin(more)])).toThrow(`providers.yaml: ${place} must be`);
    expect(() => bench([plugin(), plugin()])).toThrow("providers must be of different names");
  });
});

it("a plugin that leaves another program behind, which holds its output open, is not waited for without end", async () => {
  const answer = `{"kind": "CredentialProviderResponse", "apiVersion": "v1", "cacheKeyType": "Image"}`;
  writeFileSync(join(folder, "bin/left"), `#!/bin/sh\nsleep 60 &\necho $! > ${folder}/left\necho '${answer}'\n`);
  chmodSync(join(folder, "bin/left"), 0o755);
  onTestFinished(() => {
    if (existsSync(join(folder, "left"))) process.kill(Number(readFileSync(join(folder, "left"), "utf8")));
  });
  const plugin = { name: "left", matchImages: ["*"], defaultCacheMs: 0, apiVersion: "v1", args: [], env: {} };
  // On a busy machine it may not even come to its answer; the point is that there is an end.
  const told = await askPlugin(join(folder, "bin"), plugin, IMAGE, 3000).catch(({ code }) => ({ code }));
  expect([{ cacheKey: "Image", cacheMs: 0, entries: [] }, { code: "ImagePullFailed" }]).toContainEqual(told);
});
