import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openCredentials } from "../../src/kube/credentials.ts";
import { readKubeconfig } from "../../src/kube/kubeconfig.ts";

const run = promisify(execFile);
const LIVE = new AbortController().signal;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-kubeconfig-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const EXEC = { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/true" };
const pem = (words: string): string => `-----BEGIN ${words}-----\n`;

async function write(user: object, cluster: object = {}, more: object = {}): Promise<string> {
  const path = join(folder, "kubeconfig");
  const config = {
    clusters: [
      { name: "other", cluster: { server: "https://192.0.2.9" } },
      { name: "c", cluster: { server: "https://192.0.2.1:6443/prefix", ...cluster } },
    ],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
    ...more,
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe("a kubeconfig (node.md 1.2)", () => {
  it("reads inline data and files beside it", async () => {
    await writeFile(join(folder, "ca.crt"), pem("AUTHORITY"));
    const inline = Buffer.from(pem("CERTIFICATE")).toString("base64");
    await writeFile(join(folder, "node.key"), pem("KEY"));
    const user = { "client-certificate-data": inline, "client-key": "node.key" };
    const access = await readKubeconfig(
      await write(user, { "certificate-authority": "ca.crt", "tls-server-name": "api" }),
    );
    expect(access.server.href).toBe("https://192.0.2.1:6443/prefix");
    expect(access.tls).toEqual({
      insecure: false,
      authority: pem("AUTHORITY"),
      serverName: "api",
      certificate: pem("CERTIFICATE"),
      key: pem("KEY"),
    });
    expect(access.authorization).toBeUndefined();
  });

  it("knows tokens, token files before tokens, and passwords", async () => {
    await writeFile(join(folder, "token"), "from-file\n");
    const told = async (user: object) => (await readKubeconfig(await write(user))).authorization;
    expect(await told({ token: "t" })).toBe("Bearer t");
    expect(await told({ token: "t", tokenFile: "token" })).toBe("Bearer from-file");
    expect(await told({ username: "u", password: "p" })).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
  });

  it.each([
    ["a context that is not there", {}, {}, { "current-context": "y" }, 'there is no context named "y"'],
    ["a server that is none", {}, { server: "nowhere" }, {}, "no usable server"],
    ["a certificate without its key", { "client-certificate-data": btoa(pem("X")) }, {}, {}, "need each other"],
    ["an authority that is none", {}, { "certificate-authority-data": "#" }, {}, "certificate-authority is not PEM"],
    ["a token that no header can carry", { token: "a\nb" }, {}, {}, "characters that no token may have"],
    ["a context named by a list", {}, {}, { "current-context": ["x"] }, 'there is no context named ""'],
    ["an argument that is no text", { exec: { ...EXEC, args: [{ toString: 1 }] } }, {}, {}, "must be texts"],
    ["a proxy that is no URL", {}, { "proxy-url": "//u:s3cret@192.0.2.3" }, {}, "proxy-url is not a URL"],
    [
      "a proxy of another kind",
      {},
      { "proxy-url": "socks5://u:s3cret@192.0.2.3" },
      {},
      "proxy-url begins with socks5:, and only http:// and https:// proxies are supported",
    ],
    ["a torn escape", {}, { "proxy-url": "http://u:s3cret%@192.0.2.3" }, {}, "has a % that is none of its escapes"],
  ])("refuses %s by name", async (_what, user, cluster, more, words) => {
    const error: unknown = await readKubeconfig(await write(user, cluster, more)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ConfigInvalid", message: expect.stringContaining(words) });
    expect(inspect(error)).not.toContain("s3cret");
  });

  it("warns nobody of what stands in it: warnings of the parser go to the standard error output", async () => {
    const warned = vi.spyOn(process, "emitWarning");
    const path = join(folder, "strange");
    await writeFile(path, `users: [{token: !x s3cret}]\n`);
    await readKubeconfig(path).catch(() => {});
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it("never shows what stands in a file that it cannot parse", async () => {
    const path = join(folder, "torn");
    await writeFile(path, 'users: [{token: "s3cret"');
    const error: unknown = await readKubeconfig(path).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("it is not YAML");
    expect(String(error)).not.toContain("s3cret");
  });
});

describe("sizes", () => {
  const LARGEST = 1024 * 1024;

  it("of a kubeconfig are bounded: at 1 MiB it is read, above it is refused", async () => {
    const path = await write({ token: "t" });
    const content = await readFile(path, "utf8");
    await writeFile(path, content.padEnd(LARGEST));
    expect((await readKubeconfig(path)).authorization).toBe("Bearer t");
    await writeFile(path, content.padEnd(LARGEST + 1));
    await expect(readKubeconfig(path)).rejects.toMatchObject({ code: "ConfigInvalid" });
  });

  it("of a file that it names are bounded, also where the file never ends", async () => {
    const path = await write({ tokenFile: "/dev/zero" });
    await expect(readKubeconfig(path)).rejects.toMatchObject({ code: "ConfigInvalid" });
  });
});

describe("credentials", () => {
  it("are read again after the server refused them, and stay when the file is broken", async () => {
    await writeFile(join(folder, "token"), "one");
    const path = await write({ tokenFile: "token" });
    const credentials = await openCredentials(path, silentLog);
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer one");
    await writeFile(join(folder, "token"), "second");
    credentials.refused();
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer second");
    await writeFile(path, "{");
    credentials.refused();
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer second");
  });

  it("come from a plugin, which is asked again when the server refused them", async () => {
    const count = join(folder, "count");
    const script = `echo x >> ${count}; echo "{\\"status\\":{\\"token\\":\\"t$(wc -l < ${count})\\"}}"`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", script] };
    const credentials = await openCredentials(await write({ exec }), silentLog);
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer t1");
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer t1");
    credentials.refused();
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer t2");
  });

  it("of a plugin have a life by a clock that may be wrong: it is not asked for each request", async () => {
    const count = join(folder, "over");
    const script = (expires: string): string =>
      `echo x >> ${count}; echo "{\\"status\\":{\\"token\\":\\"t$(wc -l < ${count})\\",\\"expirationTimestamp\\":\\"${expires}\\"}}"`;
    const asking = async (expires: string) => {
      const exec = { ...EXEC, command: "/bin/sh", args: ["-c", script(expires)] };
      const credentials = await openCredentials(await write({ exec }), silentLog);
      const token = async () => (await credentials.current(LIVE)).authorization;
      return { credentials, token };
    };
    const { credentials, token } = await asking("2001-01-01T00:00:00Z");
    expect([await token(), await token(), await token()]).toEqual(["Bearer t1", "Bearer t1", "Bearer t1"]);
    credentials.refused();
    expect(await token()).toBe("Bearer t2");
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: Date.now() });
    try {
      const doubtful = await asking("2001-01-01T00:00:00Z");
      expect(await doubtful.token()).toBe("Bearer t3");
      vi.advanceTimersByTime(59_000);
      expect(await doubtful.token()).toBe("Bearer t3");
      vi.advanceTimersByTime(2_000);
      expect(await doubtful.token()).toBe("Bearer t4");
      // One that was good when it came is renewed when it is over.
      const soon = await asking(new Date(Date.now() + 60_000).toISOString());
      expect([await soon.token(), await soon.token()]).toEqual(["Bearer t5", "Bearer t5"]);
      vi.advanceTimersByTime(51_000);
      expect(await soon.token()).toBe("Bearer t6");
    } finally {
      vi.useRealTimers();
    }
  });

  it("come to everyone who waits for a plugin, also when the one who asked first has gone", async () => {
    const [begun, go, count] = ["begun", "go", "runs"].map((name) => join(folder, name)) as [string, string, string];
    const script = `echo x >> ${count}; echo > ${begun}; read x < ${go}; echo '{"status":{"token":"t"}}'`;
    await run("mkfifo", [begun, go]);
    const plugin = { ...EXEC, command: "/bin/sh", args: ["-c", script] };
    const credentials = await openCredentials(await write({ exec: plugin }), silentLog);
    const first = new AbortController();
    const asked = credentials.current(first.signal);
    const other = credentials.current(LIVE);
    await readFile(begun);
    first.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    await writeFile(go, "\n");
    expect((await other).authorization).toBe("Bearer t");
    expect(await readFile(count, "utf8")).toBe("x\n");
  });

  it("are no longer looked for when nobody waits, also from a plugin that does not listen", async () => {
    const begun = join(folder, "deaf");
    await run("mkfifo", [begun]);
    const script = `trap "" TERM; echo $$ > ${begun}; exec sleep 600`;
    const plugin = { ...EXEC, command: "/bin/sh", args: ["-c", script] };
    const credentials = await openCredentials(await write({ exec: plugin }), silentLog);
    const asker = new AbortController();
    const asked = credentials.current(asker.signal);
    const pid = Number(await readFile(begun, "utf8"));
    asker.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), 20_000);
  });

  it("come from a plugin that reads what nobody says", async () => {
    const script = `cat > /dev/null; echo '{"status":{"token":"t"}}'`;
    const plugin = { ...EXEC, command: "/bin/sh", args: ["-c", script] };
    const credentials = await openCredentials(await write({ exec: plugin }), silentLog);
    expect((await credentials.current(LIVE)).authorization).toBe("Bearer t");
  });

  it("of a plugin that cannot be started are an error without its environment", async () => {
    const exec = { ...EXEC, env: [{ name: "A", value: "s3cret\0" }] };
    const credentials = await openCredentials(await write({ exec }), silentLog);
    const error: unknown = await credentials.current(LIVE).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ApiUnauthorized" });
    expect(String(error)).not.toContain("s3cret");
  });

  it("of a plugin that fails are an error without its output", async () => {
    const exec = { apiVersion: "v1", command: "/bin/sh", args: ["-c", "echo s3cret; exit 3"] };
    const credentials = await openCredentials(await write({ exec }), silentLog);
    const error: unknown = await credentials.current(LIVE).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ApiUnauthorized" });
    expect(String(error)).toContain("it ended with 3");
    expect(String(error)).not.toContain("s3cret");
  });
});
