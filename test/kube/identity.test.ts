import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openCertificateStore } from "../../src/kube/certificate-store.ts";
import { openIdentity } from "../../src/kube/identity.ts";
import { selfSigned, type Wish } from "../kit/certificates.ts";

const LIVE = new AbortController().signal;
const ofNode = { commonName: "system:node:n1", organization: "system:nodes" };
const expired: Wish = { ...ofNode, notBeforeMs: Date.now() - 2_000_000, notAfterMs: Date.now() - 1_000_000 };
const AUTHORITY = "-----BEGIN CERTIFICATE-----\nsomebody's\n-----END CERTIFICATE-----\n";
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-identity-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);

async function writeConfig(
  name: string,
  user: object,
  server = "https://192.0.2.1:6443",
  more: object = {},
): Promise<void> {
  const cluster = { server, "certificate-authority-data": Buffer.from(AUTHORITY).toString("base64"), ...more };
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(path(name), JSON.stringify(config));
}

async function writeWithCertificate(name: string, wish: Wish): Promise<string> {
  const { certificate, key } = selfSigned(wish);
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  await writeConfig(name, { "client-certificate-data": base64(certificate), "client-key-data": base64(key) });
  return certificate;
}

const open = (bootstrap = "bootstrap") =>
  openIdentity(
    {
      kubeconfig: path("kubeconfig"),
      bootstrapKubeconfig: bootstrap === "" ? "" : path(bootstrap),
      certDirectory: path("pki"),
    },
    silentLog,
  );
const inStore = async (wish: Wish): Promise<string> => {
  const pair = selfSigned(wish);
  await (await openCertificateStore(path("pki"), silentLog)).keep(pair);
  return pair.certificate;
};

describe("a first certificate (node.md 1.2)", () => {
  it("is asked for as the bootstrap's user; until then the API is not called at all", async () => {
    await writeConfig("bootstrap", { token: "first.secret" });
    const { credentials, asking, certificates } = await open();
    expect((await asking.current(LIVE)).authorization).toBe("Bearer first.secret");
    await expect(credentials.current(LIVE)).rejects.toMatchObject({
      code: "ApiUnauthorized",
      message: "the node has no certificate for the API server yet",
    });
    expect(certificates.current()).toBeUndefined();
  });

  it("is asked for through the bootstrap's proxy, and used through it", async () => {
    const proxy = "http://u:p%40ss@192.0.2.3:3128/";
    await writeConfig("bootstrap", { token: "first.secret" }, undefined, { "proxy-url": proxy });
    const { credentials, asking } = await open();
    expect((await asking.current(LIVE)).proxy?.href).toBe(proxy);
    await inStore(ofNode);
    const again = await open();
    expect((await again.credentials.current(LIVE)).proxy?.href).toBe(proxy);
    expect((await again.asking.current(LIVE)).proxy?.href).toBe(proxy);
    expect((await credentials.place(LIVE)).proxy?.href).toBe(proxy);
  });

  it("leaves a kubeconfig that leads to it, with the bootstrap's server, and no token in it", async () => {
    await writeConfig("bootstrap", { token: "first.secret" });
    await open();
    const text = await readFile(path("kubeconfig"), "utf8");
    expect(text).not.toContain("secret");
    expect((await stat(path("kubeconfig"))).mode & 0o777).toBe(0o600);
    const pem = path("pki/kubelet-client-current.pem");
    expect(JSON.parse(text)).toMatchObject({
      clusters: [
        {
          name: "default-cluster",
          cluster: {
            server: "https://192.0.2.1:6443",
            "certificate-authority-data": Buffer.from(AUTHORITY).toString("base64"),
          },
        },
      ],
      users: [{ name: "default-auth", user: { "client-certificate": pem, "client-key": pem } }],
      contexts: [{ context: { cluster: "default-cluster", user: "default-auth", namespace: "default" } }],
      "current-context": "default-context",
    });
  });

  it("speaks for the node as soon as it is kept, and asks for the next one", async () => {
    await writeConfig("bootstrap", { token: "first.secret" });
    const { credentials, asking, certificates } = await open();
    const { request, keep } = await certificates.ask({
      commonName: ofNode.commonName,
      organization: "system:nodes",
      names: [],
    });
    expect(Buffer.from(request, "base64").toString()).toContain("BEGIN CERTIFICATE REQUEST");
    const anothers = Buffer.from(selfSigned(ofNode).certificate).toString("base64");
    await expect(keep(anothers)).rejects.toMatchObject({ code: "ApiBadAnswer" });
    const certificate = await inStore(ofNode);
    const again = await open();
    for (const source of [again.credentials, again.asking]) {
      const now = await source.current(LIVE);
      expect(now.tls).toMatchObject({ certificate, authority: AUTHORITY });
      expect(now.authorization).toBeUndefined();
    }
    expect(again.certificates.current()?.commonName).toBe("system:node:n1");
    await expect(credentials.current(LIVE)).rejects.toBeDefined();
    expect((await asking.current(LIVE)).authorization).toBeDefined();
  });

  it.each([
    ["expired", expired],
    ["expired in the store only", undefined],
  ])("is asked anew as the bootstrap's user when it has %s", async (_what, wish) => {
    await writeConfig("bootstrap", { token: "first.secret" });
    if (wish === undefined) {
      await open();
      await inStore(expired);
    } else await writeWithCertificate("kubeconfig", wish);
    const { asking } = await open();
    expect((await asking.current(LIVE)).authorization).toBe("Bearer first.secret");
    expect(await readFile(path("kubeconfig"), "utf8")).toContain("kubelet-client-current.pem");
  });

  it("is not asked as the bootstrap's user while the kubeconfig is good, though its file be gone", async () => {
    const certificate = await writeWithCertificate("kubeconfig", ofNode);
    const before = await readFile(path("kubeconfig"), "utf8");
    const { credentials, asking } = await open("removed");
    expect((await credentials.current(LIVE)).tls.certificate).toBe(certificate);
    expect((await asking.current(LIVE)).tls.certificate).toBe(certificate);
    expect(await readFile(path("kubeconfig"), "utf8")).toBe(before);
  });

  it("is asked anew when what is on disk is torn", async () => {
    await writeConfig("bootstrap", { token: "first.secret" });
    await open();
    await inStore(ofNode);
    await writeFile(path("pki/kubelet-client-current.pem"), "torn");
    const { asking, certificates } = await open();
    expect(certificates.current()).toBeUndefined();
    expect((await asking.current(LIVE)).authorization).toBe("Bearer first.secret");
  });

  it("cannot be asked for without anything", async () => {
    await expect(open("removed")).rejects.toMatchObject({ code: "ConfigInvalid" });
  });

  it("lets the bootstrap's user try when the server refused the one that there is", async () => {
    await writeConfig("bootstrap", { token: "first.secret" });
    await open();
    await inStore(ofNode);
    const { asking } = await open();
    asking.refused();
    expect((await asking.current(LIVE)).authorization).toBe("Bearer first.secret");
    asking.refused();
    expect((await asking.current(LIVE)).authorization).toBeUndefined();
  });
});

describe("a kubeconfig with rotation (node.md 1.2)", () => {
  it("with a token asks for a certificate, which is used alone from then on", async () => {
    await writeConfig("kubeconfig", { token: "t" });
    const first = await open("");
    expect((await first.credentials.current(LIVE)).authorization).toBe("Bearer t");
    expect((await first.asking.current(LIVE)).authorization).toBe("Bearer t");
    const certificate = await inStore(ofNode);
    const { credentials } = await open("");
    const now = await credentials.current(LIVE);
    expect(now.tls.certificate).toBe(certificate);
    expect(now.authorization).toBeUndefined();
  });

  it("asks no plugin once there is a certificate", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", "exit 1"] };
    await writeConfig("kubeconfig", { exec });
    const certificate = await inStore(ofNode);
    const { credentials } = await open("");
    expect((await credentials.current(LIVE)).tls.certificate).toBe(certificate);
  });

  it("shows an expired certificate rather than nothing: the host's clock may be wrong", async () => {
    const certificate = await writeWithCertificate("kubeconfig", expired);
    const { credentials, asking } = await open("");
    expect((await credentials.current(LIVE)).tls.certificate).toBe(certificate);
    expect((await asking.current(LIVE)).tls.certificate).toBe(certificate);
  });
});
