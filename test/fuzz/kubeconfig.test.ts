import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { BerthError } from "../../src/base/errors.ts";
import { runPlugin } from "../../src/kube/exec-plugin.ts";
import { type Access, readKubeconfig } from "../../src/kube/kubeconfig.ts";
import { startCpuTime } from "../kit/cpu-time.ts";
import { hold } from "./hold.ts";
import { blow, changedValue, editedText, spice, struck } from "./mutate.ts";

const LIVE = new AbortController().signal;
const SECRET = "hunter2-is-never-shown";
const PEM = `-----BEGIN CERTIFICATE-----\n${SECRET}\n-----END CERTIFICATE-----\n`;
const INLINE = Buffer.from(PEM).toString("base64");
const PLUGIN = { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/true", args: ["a", "b"] };
const whole = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: "https://192.0.2.1:6443/p", "certificate-authority-data": INLINE } }],
  users: [
    {
      name: "u",
      user: {
        token: SECRET,
        "client-certificate-data": INLINE,
        "client-key-data": INLINE,
        exec: { ...PLUGIN, env: [{ name: "A", value: SECRET }] },
      },
    },
  ],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  "current-context": "x",
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-fuzz-kubeconfig-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The code of what was thrown, which must be one of these and hold no secret. */
function refusal(thrown: unknown, ...codes: readonly string[]): void {
  if (!(thrown instanceof BerthError)) throw new Error(`untyped: ${String(thrown)}`);
  expect(codes).toContain(thrown.code);
  expect(thrown.message).not.toBe("");
  expect(thrown.message).not.toContain(SECRET);
}

async function readText(text: string): Promise<Access | undefined> {
  const path = join(folder, "kubeconfig");
  writeFileSync(path, text);
  const cpuMs = startCpuTime();
  try {
    const access = await readKubeconfig(path);
    expect(access.server).toBeInstanceOf(URL);
    if (access.authorization !== undefined) expect(access.authorization).toMatch(/^(Bearer|Basic) [\x20-\x7e]+$/);
    for (const pem of [access.tls.authority, access.tls.certificate, access.tls.key])
      if (pem !== undefined) expect(pem).toContain("-----BEGIN ");
    return access;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "AssertionError") throw thrown;
    refusal(thrown, "ConfigInvalid");
    return undefined;
  } finally {
    expect(cpuMs()).toBeLessThan(5000);
  }
}

describe("a kubeconfig gives an access or says why not, whatever it holds", () => {
  it("with values changed", () =>
    hold(400, changedValue(whole), async (value) => {
      await readText(JSON.stringify(value) ?? "");
    }));

  it("with edits", () =>
    hold(300, editedText([stringify(whole)]), async (text) => {
      await readText(text);
    }));

  it("of spices many times over", () =>
    hold(
      8,
      fc.tuple(spice, spice, fc.integer({ min: 1, max: 8_000 })).map(([one, two, count]) => (one + two).repeat(count)),
      async (text) => {
        await readText(text);
      },
    ));
});

describe("a credential plugin", () => {
  const answer = { apiVersion: PLUGIN.apiVersion, kind: "ExecCredential", status: { token: SECRET } };
  const dated = { ...answer, status: { ...answer.status, expirationTimestamp: "2030-01-01T00:00:00Z" } };

  async function hears(output: Uint8Array): Promise<void> {
    writeFileSync(join(folder, "answer"), output);
    const plugin = { apiVersion: "v1", command: "/bin/cat", args: [join(folder, "answer")], environment: {} };
    try {
      const { token, certificate, expiresWallMs } = await runPlugin(plugin, LIVE);
      expect(token ?? certificate).toBeTypeOf("string");
      if (token !== undefined) expect(`Bearer ${token}`).toMatch(/^[\x20-\x7e]+$/);
      if (expiresWallMs !== undefined) expect(expiresWallMs).not.toBeNaN();
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === "AssertionError") throw thrown;
      refusal(thrown, "ApiUnauthorized");
    }
  }

  it("may say anything", async () => {
    const text = Buffer.from(JSON.stringify(dated));
    await hold(
      40,
      fc.array(blow, { minLength: 1, maxLength: 4 }).map((blows) => struck(text, blows)),
      hears,
    );
    await hold(40, changedValue(dated), (value) => hears(Buffer.from(JSON.stringify(value) ?? "")));
  });

  it("may be asked for in any way", () => {
    const exec = { ...PLUGIN, env: [{ name: "A", value: SECRET }] };
    return hold(60, changedValue(exec, 4), async (changed) => {
      const user = { name: "u", user: { exec: changed } };
      const access = await readText(JSON.stringify({ ...whole, users: [user] }));
      // Only what ends by itself: a name is looked up on the path, and may be anything there.
      if (access?.exec === undefined || access.exec.command !== PLUGIN.command) return;
      await runPlugin(access.exec, LIVE).then(
        () => {},
        (thrown: unknown) => refusal(thrown, "ApiUnauthorized"),
      );
    });
  });
});
