import { createPrivateKey, X509Certificate } from "node:crypto";
import { canonicalHost } from "../base/alternative-names.ts";
import type { CertificateFacts } from "../pod/cluster.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]+-----END ([A-Z]+ )?PRIVATE KEY-----/;

/** A certificate with what follows it in its chain, and its key; both in PEM. */
export type CertifiedKey = { readonly certificate: string; readonly key: string };

/** The certificates of a text in PEM, the node's own first. Throws the parser's error for a broken one. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
}

/** Certificates and key out of one file; undefined unless both are there, can be parsed and belong together. */
export function splitPem(pem: string): CertifiedKey | undefined {
  const certificate = (pem.match(CERTIFICATE) ?? []).join("\n");
  const key = PRIVATE_KEY.exec(pem)?.[0];
  if (certificate === "" || key === undefined || !belongTogether(certificate, key)) return undefined;
  return { certificate: `${certificate}\n`, key: `${key}\n` };
}

/** Whether the first certificate is that of this key. */
export function belongTogether(certificate: string, key: string): boolean {
  try {
    return certificatesIn(certificate)[0]?.checkPrivateKey(createPrivateKey(key)) ?? false;
  } catch {
    return false;
  }
}

/** What the first certificate says. Throws the parser's error when there is none. */
export function factsOf(certificate: string): CertificateFacts {
  const own = new X509Certificate(certificate);
  const subject = own.subject.split("\n").map((line) => line.split("="));
  const valuesOf = (name: string): string[] =>
    subject.flatMap(([key, ...value]) => (key === name ? [value.join("=")] : []));
  return {
    commonName: valuesOf("CN")[0] ?? "",
    organizations: valuesOf("O"),
    names: namesIn(own.subjectAltName ?? ""),
    notBeforeMs: own.validFromDate.getTime(),
    notAfterMs: own.validToDate.getTime(),
  };
}

/** As in `DNS:node1, IP Address:10.0.0.9`. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)].map(([, name = ""]) => canonicalHost(name));
