import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cipherList } from "../../../src/serve/node-api/ciphers.ts";
import { ensureSelfSigned, makeSelfSigned } from "../../../src/serve/node-api/self-signed.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("the node's own certificate", () => {
  it("names the host and its addresses, and is signed by its own key", () => {
    const nowMs = Date.parse("2026-01-02T03:04:05Z");
    const { certificate, key } = makeSelfSigned(["node1", "10.0.0.9", "fd00::1:2", "::1"], nowMs);
    const read = new X509Certificate(certificate);
    expect(read.subject).toBe("CN=node1");
    expect(read.subjectAltName).toBe(
      "DNS:node1, IP Address:10.0.0.9, IP Address:FD00:0:0:0:0:0:1:2, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(read.ca).toBe(true);
    expect([read.validFrom, read.validTo]).toEqual(["Jan  2 02:04:05 2026 GMT", "Dec 31 03:04:05 2035 GMT"]);
    expect(key).toContain("BEGIN EC PRIVATE KEY");
  });

  it("a year from 2050 on is told with four digits", () => {
    const { certificate } = makeSelfSigned(["n"], Date.parse("2048-01-02T03:04:05Z"));
    expect(new X509Certificate(certificate).validTo).toMatch(/2057 GMT$/);
  });

  it("is made once, for its owner alone, and again when it is broken or names another host", async () => {
    const { certFile, keyFile } = await ensureSelfSigned(join(dir, "pki"), ["node1"]);
    const first = readFileSync(certFile, "utf8");
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    await ensureSelfSigned(join(dir, "pki"), ["node1"]);
    expect(readFileSync(certFile, "utf8")).toBe(first);
    await ensureSelfSigned(join(dir, "pki"), ["node2"]);
    const second = readFileSync(certFile, "utf8");
    expect(new X509Certificate(second).subject).toBe("CN=node2");
    writeFileSync(certFile, "broken");
    await ensureSelfSigned(join(dir, "pki"), ["node2"]);
    expect(new X509Certificate(readFileSync(certFile)).subject).toBe("CN=node2");
  });
});

describe("cipher suites", () => {
  it.each([
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
    ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"],
    ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
    ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"],
    ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"],
    ["TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"],
    ["TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"],
  ])("%s is %s", (go, openssl) => {
    expect(cipherList([go])).toBe(openssl);
  });
});
