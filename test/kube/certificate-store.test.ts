import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openCertificateStore } from "../../src/kube/certificate-store.ts";
import { selfSigned } from "../kit/certificates.ts";

let folder = "";
let directory = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-pki-"));
  directory = join(folder, "pki");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ofNode = { commonName: "system:node:n1", organization: "system:nodes" };
const open = () => openCertificateStore(directory, silentLog);

describe("the certificates on disk (node.md 1.4)", () => {
  it("is empty at first, and its directory is the owner's alone", async () => {
    const store = await open();
    expect(store.current()).toBeUndefined();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it("keeps certificate and key in one dated file of mode 0600 behind a link", async () => {
    const pair = selfSigned({ ...ofNode, notAfterMs: 1_900_000_000_000 });
    const facts = await (await open()).keep(pair);
    expect(facts).toMatchObject({
      commonName: "system:node:n1",
      organizations: ["system:nodes"],
      notAfterMs: 1_900_000_000_000,
    });
    const target = await readlink(join(directory, "kubelet-client-current.pem"));
    expect(target).toMatch(/^kubelet-client-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.pem$/);
    expect((await stat(join(directory, target))).mode & 0o777).toBe(0o600);
    const whole = await readFile(join(directory, "kubelet-client-current.pem"), "utf8");
    expect(whole.indexOf("BEGIN CERTIFICATE")).toBeLessThan(whole.indexOf("BEGIN EC PRIVATE KEY"));
    expect((await readdir(directory)).sort()).toEqual([target, "kubelet-client-current.pem"]);
  });

  it("is found again after a restart", async () => {
    const pair = selfSigned(ofNode);
    await (await open()).keep(pair);
    expect((await open()).current()).toMatchObject({ certificate: pair.certificate, key: pair.key });
  });

  it("goes on with a link that was made but not moved", async () => {
    await (await open()).keep(selfSigned(ofNode));
    const later = selfSigned({ ...ofNode, commonName: "system:node:later" });
    await writeFile(join(directory, "kubelet-client-2099-01-01-00-00-00.pem"), later.certificate + later.key);
    await symlink("kubelet-client-2099-01-01-00-00-00.pem", join(directory, "kubelet-client-updated.pem"));
    expect((await open()).current()?.facts.commonName).toBe("system:node:later");
    await expect(lstat(join(directory, "kubelet-client-updated.pem"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["torn", (pem: string) => pem.slice(0, 100)],
    ["without its key", (pem: string) => pem.slice(0, pem.indexOf("-----BEGIN EC"))],
    ["with another's key", (pem: string) => pem.slice(0, pem.indexOf("-----BEGIN EC")) + selfSigned(ofNode).key],
    ["empty", () => ""],
  ])("counts one that is %s as none", async (_how, spoil) => {
    const store = await open();
    await store.keep(selfSigned(ofNode));
    const path = await readlink(store.currentPath);
    await writeFile(join(directory, path), spoil(await readFile(store.currentPath, "utf8")));
    expect((await open()).current()).toBeUndefined();
  });

  it("refuses a certificate of another key, and keeps what it has", async () => {
    const store = await open();
    const first = selfSigned(ofNode);
    await store.keep(first);
    const strange = { certificate: selfSigned(ofNode).certificate, key: first.key };
    await expect(store.keep(strange)).rejects.toMatchObject({ code: "ApiBadAnswer" });
    expect(store.current()?.certificate).toBe(first.certificate);
  });

  it("refuses a current certificate that is a file", async () => {
    await open();
    await writeFile(join(directory, "kubelet-client-current.pem"), "");
    await expect(open()).rejects.toMatchObject({ code: "ConfigInvalid" });
  });

  it("the certificates of the two uses leave each other alone", async () => {
    const [client, serving] = [selfSigned(ofNode), selfSigned(ofNode)];
    await (await open()).keep(client);
    const store = await openCertificateStore(directory, silentLog, "serving");
    expect(store.current()).toBeUndefined();
    await store.keep(serving);
    expect(store.currentPath).toBe(join(directory, "kubelet-server-current.pem"));
    expect((await stat(store.currentPath)).mode & 0o777).toBe(0o600);
    expect((await open()).current()?.certificate).toBe(client.certificate);
    const again = await openCertificateStore(directory, silentLog, "serving");
    expect(again.current()?.certificate).toBe(serving.certificate);
  });

  it("keeps three, and nothing that is not its own is removed", async () => {
    const store = await open();
    await writeFile(join(directory, "kubelet.crt"), "");
    for (const year of [2001, 2002, 2003, 2004])
      await writeFile(join(directory, `kubelet-client-${year}-01-01-00-00-00.pem`), "");
    await store.keep(selfSigned(ofNode));
    const names = await readdir(directory);
    expect(names.filter((name) => name.startsWith("kubelet-client-20")).length).toBe(3);
    expect(names).toContain("kubelet-client-2004-01-01-00-00-00.pem");
    expect(names).toContain("kubelet.crt");
  });

  it("keeps both of two that come in one second", async () => {
    const store = await open();
    const [first, second] = [selfSigned(ofNode), selfSigned({ ...ofNode, commonName: "system:node:later" })];
    await store.keep(first);
    await store.keep(second);
    const dated = (await readdir(directory)).filter((name) => name.startsWith("kubelet-client-20")).sort();
    const texts = await Promise.all(dated.map((name) => readFile(join(directory, name), "utf8")));
    expect(texts.map((text) => text.slice(text.indexOf("-----BEGIN EC")))).toEqual([first.key, second.key]);
    expect(await readlink(join(directory, "kubelet-client-current.pem"))).toBe(dated[1]);
  });

  it("never removes the current one, whatever dates the others bear", async () => {
    const store = await open();
    for (const year of [2097, 2098, 2099])
      await writeFile(join(directory, `kubelet-client-${year}-01-01-00-00-00.pem`), "");
    await store.keep(selfSigned(ofNode));
    expect((await open()).current()?.facts.commonName).toBe("system:node:n1");
    expect((await readdir(directory)).length).toBe(4);
  });
});
