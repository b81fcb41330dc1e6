import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { alternativeNames } from "../../base/alternative-names.ts";
import { DER, pem } from "../../base/der.ts";
import { BerthError } from "../../base/errors.ts";

/** Files of a certificate and its key. */
export type CertificateFiles = { readonly certFile: string; readonly keyFile: string };

const HOUR_MS = 3_600_000;
/** Nobody can check such a certificate by its chain, so that its age protects nobody either. */
const LIFE_MS = 10 * 365 * 24 * HOUR_MS;
/** A certificate that is good from a little before now is good on machines whose clocks are a little late. */
const EARLY_MS = HOUR_MS;

/**
 * The certificate that the node makes for itself where none was given (node.md 1.4): made once, and used again until it
 * expires or does not name the host. Throws FileFailed.
 */
export async function ensureSelfSigned(directory: string, names: readonly string[]): Promise<CertificateFiles> {
  const files = { certFile: join(directory, "kubelet.crt"), keyFile: join(directory, "kubelet.key") };
  if (await isUsable(files, names)) return files;
  const made = makeSelfSigned(names, Date.now());
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await replace(files.keyFile, made.key);
    await replace(files.certFile, made.certificate);
  } catch (cause) {
    throw new BerthError("FileFailed", `writing the node's own certificate to ${directory}`, { cause });
  }
  return files;
}

async function isUsable({ certFile, keyFile }: CertificateFiles, names: readonly string[]): Promise<boolean> {
  try {
    const [text] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    const certificate = new X509Certificate(text);
    const isNamed = (name: string): boolean =>
      (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
    return Date.parse(certificate.validTo) > Date.now() && names.slice(0, 1).every(isNamed);
  } catch {
    return false;
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

const ECDSA_WITH_SHA256 = DER.sequence(DER.oid("1.2.840.10045.4.3.2"));
const COMMON_NAME = DER.oid("2.5.4.3");

/** A certificate of its own issuer for these names and addresses, with its key, in PEM. The first name is its common name. */
export function makeSelfSigned(names: readonly string[], nowMs: number): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const issuer = DER.sequence(DER.set(DER.sequence(COMMON_NAME, DER.text((names[0] ?? "node").slice(0, 64)))));
  const body = DER.sequence(
    DER.explicit(0, DER.integer(Buffer.of(2))), // version 3
    DER.integer(randomBytes(16)),
    ECDSA_WITH_SHA256,
    issuer,
    DER.sequence(DER.time(nowMs - EARLY_MS), DER.time(nowMs + LIFE_MS)),
    issuer,
    publicKey.export({ type: "spki", format: "der" }),
    DER.explicit(3, extensions(names)),
  );
  const signature = sign("sha256", body, privateKey);
  return {
    certificate: pem("CERTIFICATE", DER.sequence(body, ECDSA_WITH_SHA256, DER.bits(signature))),
    key: privateKey.export({ type: "sec1", format: "pem" }).toString(),
  };
}

function extensions(names: readonly string[]): Buffer {
  const critical = DER.boolean(true);
  return DER.sequence(
    DER.sequence(DER.oid("2.5.29.15"), critical, DER.octets(DER.bits(Buffer.of(0x84), 2))), // signs data and certificates
    DER.sequence(DER.oid("2.5.29.37"), DER.octets(DER.sequence(DER.oid("1.3.6.1.5.5.7.3.1")))), // for servers
    DER.sequence(DER.oid("2.5.29.19"), critical, DER.octets(DER.sequence(critical))), // its own authority
    alternativeNames(names),
  );
}
