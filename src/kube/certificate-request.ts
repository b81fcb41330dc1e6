import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { alternativeNames } from "../base/alternative-names.ts";
import { DER, pem } from "../base/der.ts";
import type { CertificateSubject } from "../pod/cluster.ts";

/** A new key and the request that it be certified, both in PEM. The key never leaves the host. */
export type KeyWithRequest = { readonly key: string; readonly request: string };

const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
/** Under which a request says what extensions its certificate is to have (RFC 2985 5.4.2). */
const EXTENSIONS = "1.2.840.113549.1.9.14";

const makeKeyPair = promisify(generateKeyPair);

/** Makes a P-256 key and a request for a certificate of this name (PKCS #10; node.md 1.3). */
export async function newKeyWithRequest(subject: CertificateSubject): Promise<KeyWithRequest> {
  const { publicKey, privateKey } = await makeKeyPair("ec", { namedCurve: "P-256" });
  const name = DER.sequence(nameOf(ORGANIZATION, subject.organization), nameOf(COMMON_NAME, subject.commonName));
  const wish = DER.sequence(
    DER.integer(Buffer.of(0)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    attributesOf(subject),
  );
  const request = DER.sequence(wish, DER.sequence(DER.oid(ECDSA_WITH_SHA256)), DER.bits(signed(wish, privateKey)));
  return {
    key: privateKey.export({ type: "sec1", format: "pem" }).toString(),
    request: pem("CERTIFICATE REQUEST", request),
  };
}

/** A client asks for nothing beyond its name: an empty set. */
const attributesOf = ({ names }: CertificateSubject): Buffer =>
  names.length === 0
    ? DER.explicit(0)
    : DER.explicit(0, DER.sequence(DER.oid(EXTENSIONS), DER.set(DER.sequence(alternativeNames(names)))));
const nameOf = (what: string, value: string): Buffer => DER.set(DER.sequence(DER.oid(what), DER.text(value)));
const signed = (data: Buffer, key: KeyObject): Buffer => sign("sha256", data, { key, dsaEncoding: "der" });
